"""Passwords: what is taken, and that a missing one costs as much as a wrong one."""

import pytest

from newsletter.desk import passwords, sessions
from newsletter.desk.errors import WeakPassword


@pytest.mark.parametrize(
    "password", ["four kites go", "pässwörter sind länglich", "x Y z 1 2 3 4 !", "鳥が飛ぶ海の上の小さな船と灯台"]
)
def test_any_twelve_signs_will_do(password: str) -> None:
    kept = passwords.hashed(password)
    assert kept.startswith("$argon2id$")
    assert password not in kept
    assert passwords.matches(password, kept)
    assert not passwords.matches(password + "!", kept)


@pytest.mark.parametrize(
    "password", ["", "eleven sign", "x" * 257, "aaaaaaaaaaaaaaa", "PasswordPassword", "abababababab"]
)
def test_short_and_worst_ones_are_refused_without_repeating_them(password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        passwords.hashed(password)
    assert not password or password not in str(refused.value)


def test_keyboards_that_write_the_same_sign_otherwise_open_the_same_door() -> None:
    assert passwords.matches("pa\u0308sse sind la\u0308nglich", passwords.hashed("pässe sind länglich"))


def test_nobody_has_the_password_of_nobody() -> None:
    assert not passwords.matches("nobody has this password", None)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Linux"),
        ("<script>alert(1)</script>" * 100, "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_known_again_and_no_more_is_kept(agent: str, name: str) -> None:
    assert sessions.browser_name(agent) == name
