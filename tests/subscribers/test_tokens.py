"""A token names one person for one purpose; nobody else can make one."""

import threading
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.keys import Keys
from subscribers.tokens import Purpose, make, read
from subscribers.vault import Vault

KEYS = Keys.fresh()
VAULT = Vault(KEYS)


@given(st.integers(1, 2**63 - 1))
def test_a_token_reads_back_as_its_person(person: int) -> None:
    token = make(VAULT, Purpose.LEAVE, person)
    assert len(token) == 22
    assert token.isascii()
    assert read(VAULT, Purpose.LEAVE, token) == person


@given(st.text(max_size=30) | st.text("AQgwxyz_-09", min_size=22, max_size=22))
def test_a_made_up_token_reads_as_nobody(token: str) -> None:
    assert read(VAULT, Purpose.LEAVE, token) is None


@given(st.integers(0, 21), st.characters())
def test_a_token_with_another_sign_reads_as_nobody(place: int, sign: str) -> None:
    token = make(VAULT, Purpose.LEAVE, 7)
    changed = token[:place] + sign + token[place + 1 :]
    assert (read(VAULT, Purpose.LEAVE, changed) == 7) == (changed == token)


@pytest.mark.parametrize("spoil", ["{}=", "{}==", " {}", "{}\n", "{}A"])
def test_a_token_has_one_spelling(spoil: str) -> None:
    assert read(VAULT, Purpose.LEAVE, spoil.format(make(VAULT, Purpose.LEAVE, 7))) is None


def test_a_token_for_another_purpose_reads_as_nobody() -> None:
    block = VAULT.token_blocks[-1].encrypt((7).to_bytes(8, "big") + b"\x09" + bytes(7))
    assert read(VAULT, Purpose.LEAVE, urlsafe_b64encode(block)[:22].decode()) is None


def test_links_stay_good_when_a_token_key_is_added() -> None:
    old = make(VAULT, Purpose.LEAVE, 7)
    newer = Vault(Keys(KEYS.addresses, KEYS.current, KEYS.lookup, (*KEYS.tokens, b"n" * 32)))
    assert read(newer, Purpose.LEAVE, old) == 7
    assert make(newer, Purpose.LEAVE, 7) != old
    assert read(VAULT, Purpose.LEAVE, make(newer, Purpose.LEAVE, 7)) is None


def test_many_threads_can_use_one_vault() -> None:
    wrong: list[int] = []

    def work(start: int) -> None:
        wrong.extend(
            person
            for person in range(start, start + 2000)
            if read(VAULT, Purpose.LEAVE, make(VAULT, Purpose.LEAVE, person)) != person
        )

    threads = [threading.Thread(target=work, args=(start,)) for start in (1, 10_000, 20_000, 30_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
