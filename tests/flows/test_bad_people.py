"""What people get wrong about people, keys, disks and homes: each is one sentence naming the place."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.flows.person import CONSENT, Person


@pytest.mark.parametrize(
    ("address", "why"),
    [("a@example.org\nBcc: b@example.org", "line break"), ("nobody", "has no @"), ("a b@example.org", "address")],
)
def test_an_address_that_is_none_is_not_repeated(person: Person, address: str, why: str) -> None:
    sentence = person.is_told("subscribers", "add", *CONSENT, "--address", address)
    assert why in sentence
    assert "example.org" not in sentence


def test_consent_names_its_words_and_their_language(person: Person) -> None:
    add = ("subscribers", "add", "--address", "ana@example.org")
    assert "nobody is written to without consent" in person.is_told(*add, "--consent", " ")
    assert "language" in person.is_told(*add, *CONSENT, "--consent-language", "no tag")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"foo,bar\nana@example.org,x\n", 'line 1 names "foo", "bar"'),
        (b"ana@example.org,x\n", "Line 1 holds an address"),
        (b"", "empty"),
        (b"PK\x03\x04", "spreadsheet or ZIP archive is cut off"),
        (bytes(range(256)), "cannot be read"),
    ],
)
def test_a_file_that_is_no_list(person: Person, content: bytes, why: str) -> None:
    file = person.folder / "people.csv"
    file.write_bytes(content)
    sentence = person.is_told("subscribers", "import", str(file), *CONSENT)
    assert why in sentence
    assert "ana@" not in sentence


def test_what_is_good_in_a_list_is_taken(person: Person) -> None:
    file = person.folder / "people.csv"
    lines = [
        "email,name",
        "jose@Example.ORG,José",
        " jose@example.org ,J",
        "x\0y@example.org,N",
        '"a@b.org\nBcc: c@d.org",',
    ]
    file.write_bytes("\n".join(lines).encode("utf-16"))
    looked = json.loads(person.does("subscribers", "import", str(file), *CONSENT, "--json"))
    assert looked["counts"] == {"added": 1, "twice": 1, "refused": 2}
    assert "@" not in json.dumps(looked["notes"])
    assert "Nobody on the list" in person.is_told("subscribers", "show", "--address", "jose@example.org")
    done = json.loads(person.does("subscribers", "imports", "continue", "1", "--yes", "--json"))
    assert (done["stands"], done["counts"]) == ("done", looked["counts"])


def test_what_the_file_does_not_say_is_said_by_hand(person: Person) -> None:
    file = person.folder / "people.csv"
    file.write_text("E-Mail,E-Mail,Well\nana@example.org,other@example.org,gone\n")
    command = ("subscribers", "import", str(file), *CONSENT, "--yes")
    assert 'Two columns are called "e mail"' in person.is_told(*command)
    assert "--map takes address" in person.is_told(*command, "--map", "address=Post")
    columns = ("--map", "address=E-Mail", "--map", "standing=Well")
    assert "of whom the file says “gone”" in person.is_told(*command, *columns)
    assert "one of subscribed" in person.is_told(*command, *columns, "--status", "gone=away")
    told = person.does(*command, *columns, "--status", "gone=left")
    assert "1 had left there" in told
    silent = "Nothing in this file tells who left"
    assert silent not in told
    assert silent in person.does(*command, *columns[:2])


def test_missing_keys_stop_the_job_at_its_start(person: Person) -> None:
    person.subscribes()
    keys = person.folder / "keys.json"
    safe = keys.rename(person.folder / "safe.json")
    assert "cannot be read" in person.is_told("subscribers", "show", "--address", "ana@example.org")
    assert person.works() == 2
    assert "has people, but their key file is not at" in person.is_told("init")
    assert not keys.exists()
    safe.rename(keys)
    assert "ana@example.org" in person.does("subscribers", "show", "--address", "ana@example.org")


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file can grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_half_done(person: Person) -> None:
    file = person.folder / "people.csv"
    file.write_text("email\n" + "".join(f"reader-{number}@example.org\n" for number in range(2000)))
    command = ("subscribers", "import", str(file), *CONSENT, "--yes", "--json")
    with full_disk(300_000):
        assert "look whether its disk is full" in person.is_told(*command, code=1)
    assert "Nobody on the list" in person.is_told("subscribers", "show", "--address", "reader-1@example.org")
    assert json.loads(person.does(*command))["counts"] == {"added": 2000}


def test_a_folder_without_a_newsletter_gets_no_database(person: Person) -> None:
    elsewhere = person.folder / "elsewhere"
    elsewhere.mkdir()
    person.environment.chdir(elsewhere)
    for home in ("", str(elsewhere)):
        person.set(HOME=home)
        assert "`newsletter init` makes one" in person.is_told("issues", "list")
    assert list(elsewhere.iterdir()) == []


def test_init_twice_keeps_settings_and_keys(person: Person) -> None:
    kept = (person.folder / "keys.json").read_bytes()
    settings = person.folder / "home" / "newsletter.toml"
    settings.write_text('brand = "Ours"\n')
    person.does("init")
    assert (person.folder / "keys.json").read_bytes() == kept
    assert settings.read_text() == 'brand = "Ours"\n'


def test_a_desk_where_nobody_works_has_nobody_to_help(person: Person) -> None:
    assert "There are none." in person.does("people", "list")
    assert "Nobody with the number 9" in person.is_told("people", "link", "9")


def test_erasing_at_a_terminal_is_asked_for_and_done_once(person: Person) -> None:
    person.subscribes()
    erase = ("subscribers", "erase", "--address", "ana@example.org", "--yes")
    assert person.does(*erase) == "Erased.\n"
    assert "Nobody on the list has this address." in person.is_told(*erase)
    assert "told of 0 people since" in person.does("restored")
