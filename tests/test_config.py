"""Settings that cannot be are one sentence naming the setting, and never showing its value."""

import resource
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from newsletter import config, wiring
from newsletter.config import Settings, SettingsError
from newsletter.delivery.generation import living

SECRET = "s3cret"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that the environment names, with an empty settings file."""
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    (tmp_path / config.FILE).touch()
    return tmp_path


def refusal() -> str:
    with pytest.raises(SettingsError) as error:
        config.load()
    sentence = str(error.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert SECRET not in sentence
    return sentence


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("TIMEZONE", "Mars/Olympus", "a zone is named like"),
        ("PROXY", "127.0.0.1, proxy.example.org", "named by its IP address"),
        ("TIMEZONE", "../../etc/passwd", "a zone is named like"),
        ("BASE_URL", "news.example.org", "an address like https://"),
        ("BASE_URL", "http://[::1", "written like https://"),
        ("BASE_URL", "https://example.org:99999", "written like https://"),
        ("BASE_URL", "https://example.org/a b", "written like https://"),
        ("BASE_URL", f"https://ana:{SECRET}@example.org", "an address like https://"),
        ("TRANSPORT", f"ftp://{SECRET}@example.org", "begins with smtp://"),
        ("TRANSPORT", f"smtp://ana:{SECRET}@example.org:99999", "written like smtp://"),
        ("TRANSPORT", f"smtp://ana:{SECRET}/x@example.org:25", "/ is %2F"),
        ("TRANSPORT", f"smtp://ana:{SECRET}@[::1", "written like smtp://"),
        ("TRANSPORT", "maildir:", "names no folder"),
        ("DATABASE_URL", f"mysql://ana:{SECRET}@example.org/x", "begins with postgresql://"),
        ("DATABASE_URL", f"postgresql://ana:{SECRET}@example.org:port/x", "written like postgresql://"),
        ("DATABASE_URL", SECRET, "begins with postgresql://"),
        ("FROM", "nobody", "written Name <address>"),
        ("FROM", "Smith, Ann <ann@example.org>", "in quotation marks"),
        ("FROM", "Ann <ann@example.org> <bo@example.org>", "written Name <address>"),
        ("FROM", "Ann\nBcc: bo@example.org <ann@example.org>", "one line"),
        ("REPLY_TO", "nobody", "written Name <address>"),
        ("LIST_ID", "our list", "a domain of yours"),
        ("LANGUAGES", "english", "tags like en"),
        ("LANGUAGES", ",", "tags like en"),
        ("BRAND_COLOR", "red", "like #1d2b4f"),
        ("ALLOW_LOOPBACK", "perhaps", "boolean"),
        ("RATE", "14 a second", "written like 14/second"),
        ("RATE", "14/second, 15/second", "at most once"),
        ("RATE", "0/day", "written like 14/second"),
        ("WARM_UP", "50", "the first day and its number"),
        ("WARM_UP", "2021-02-30 50", "day is out of range"),
        ("QUIET_HOURS", "9pm-8am", "like 21:00-08:00"),
        ("QUIET_HOURS", "21:00-21:00", "like 21:00-08:00"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str) -> None:
    monkeypatch.setenv(f"NEWSLETTER_{name}", value)
    sentence = refusal()
    assert sentence.startswith(f"NEWSLETTER_{name} cannot be so: ")
    assert why in sentence


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        (b'brnd = "Ours"', "There is no setting brnd"),
        (b"[mail]\nfrom = 1", "There is no setting mail"),
        (b'from = "nobody"', "NEWSLETTER_FROM cannot be so"),
        (b"brand = 3", "NEWSLETTER_BRAND cannot be so"),
        (b'languages = ["en", 3]', "NEWSLETTER_LANGUAGES cannot be so"),
        (b"brand = \n", "newsletter.toml in the home cannot be read: Invalid value (at line 1, column 9)"),
        (b'transport = "smtp://ana:s3cret@example.org', "cannot be read: "),
        (b'brand = "\xff"', "not in UTF-8 (at byte 9)"),
        (b'home = "/elsewhere"', "set NEWSLETTER_HOME instead"),
    ],
)
def test_a_wrong_line_in_the_settings_file_is_named(home: Path, toml: bytes, why: str) -> None:
    (home / config.FILE).write_bytes(toml)
    assert why in refusal()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FROM", '"Smith, Ann" <ann@example.org>'),
        ("FROM", "ann@example.org"),
        ("FROM", "Mạng lưới <tin@example.org>"),
        ("DATABASE_URL", "postgresql://postgres:@/postgres?host=/run/postgres"),
        ("TRANSPORT", "smtp://ana:p%2Fw%40d@[::1]:587"),
        ("TRANSPORT", "maildir:out box"),
        ("BASE_URL", "https://example.org/news/"),
        ("LANGUAGES", "en, pt-br"),
        ("BRAND", ""),
        ("RATE", "50000/day,14/second"),
        ("WARM_UP", "2021-11-01 50"),
        ("QUIET_HOURS", "21:00-08:00"),
    ],
)
def test_what_is_right_passes(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"NEWSLETTER_{name}", value)
    config.load()


def test_a_variable_set_to_nothing_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "KEYS", "DATABASE_URL", "TRANSPORT"):
        monkeypatch.setenv(f"NEWSLETTER_{name}", "")
    assert config.load() == Settings()


def test_keys_in_the_home_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    home = tmp_path / "new"
    with pytest.raises(SettingsError, match="lies in the home"):
        wiring.make_home(Settings(home=home, keys=home / "keys.json"), "")
    assert not home.exists()


def test_a_way_out_that_cannot_be_read_is_said_at_the_start(home: Path) -> None:
    for url in ("smtp://", "smtp://example.org?tls=maybe"):
        with pytest.raises(SettingsError, match="NEWSLETTER_TRANSPORT cannot be so"):
            wiring.build(Settings(home=home, keys=home.parent / "keys.json", transport=url))


def test_keys_that_cannot_be_kept_are_said_with_the_setting_that_moves_them(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(SettingsError, match="name a file in NEWSLETTER_KEYS"):
        wiring.make_home(Settings(home=tmp_path / "home", keys=blocked / "keys.json"), "")


def test_a_queue_for_several_machines_needs_postgresql(home: Path) -> None:
    with pytest.raises(SettingsError, match="needs PostgreSQL: name it in NEWSLETTER_DATABASE_URL"):
        wiring.build(Settings(home=home, keys=home.parent / "keys.json", runner="procrastinate"))


def test_two_homes_over_one_sqlite_file_see_that_each_others_sender_lives(tmp_path: Path) -> None:
    shared: dict[str, Any] = {"keys": tmp_path / "keys.json", "database_url": f"sqlite:///{tmp_path / 'shared.db'}"}
    homes = [wiring.make_home(Settings(home=tmp_path / name, **shared), "") for name in ("one", "two")]
    with ExitStack() as lives:
        for home in homes:
            office = home.office
            lease = lives.enter_context(living(home.database.engine, office.lock_folder, office.clock()))
        assert list(lease.others_that_died()) == []
    for home in homes:
        home.close()


def test_a_program_that_holds_the_keys_leaves_no_core_dump(home: Path) -> None:
    newsletter = wiring.make_home(Settings(home=home, keys=home.parent / "keys.json"), "")
    assert newsletter.vault
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    newsletter.close()
