"""Keys are made once and never shown; what they seal opens only where it belongs."""

import contextlib
import json
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.addresses import for_lookup, normal
from subscribers.errors import KeysMissing, SubscriberError
from subscribers.keys import Keys
from subscribers.vault import Vault

VAULT = Vault(Keys.fresh())
HASH = VAULT.hash(normal("ana@example.org"))


def test_new_keys_are_private_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "configuration" / "newsletter" / "keys.json"
    made = Keys.create(path)
    assert Keys.load(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_keys_are_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = Keys.create(path)
    with pytest.raises(SubscriberError, match="already"):
        Keys.create(path)
    assert Keys.load(path) == made
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_who_make_keys_at_once_one_wins(tmp_path: Path) -> None:
    made: list[Keys] = []

    def make() -> None:
        with contextlib.suppress(SubscriberError):
            made.append(Keys.create(tmp_path / "keys.json"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [Keys.load(tmp_path / "keys.json")]


def test_missing_keys_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match=r"keys\.json cannot be read"):
        Keys.load(tmp_path / "keys.json")


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held.pop("lookup"),
        lambda held: held.update(current=2),
        lambda held: held.update(tokens=[]),
        lambda held: held.update(tokens="x"),
        lambda held: held.update(lookup="c2hvcnQ="),
        lambda held: held.update(addresses={"256": held["lookup"]}),
        lambda held: held.update(addresses=[]),
    ],
)
def test_damaged_keys_are_refused_without_being_quoted(tmp_path: Path, change: object) -> None:
    path = tmp_path / "keys.json"
    Keys.create(path)
    held = json.loads(path.read_text())
    assert callable(change)
    change(held)
    path.write_text(json.dumps(held))
    with pytest.raises(KeysMissing, match="damaged") as error:
        Keys.load(path)
    assert error.value.__suppress_context__


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00"])
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    with pytest.raises(KeysMissing):
        Keys.load(path)


def test_no_repr_shows_a_key() -> None:
    keys = Keys({1: b"K" * 32}, 1, b"L" * 32, (b"T" * 32,))
    for shown in (repr(keys), repr(Vault(keys)), str(vars(Vault(keys)).get("token_blocks"))):
        assert not any(letters in shown for letters in ("KKK", "LLL", "TTT"))


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_what_is_sealed_opens_again(text: str) -> None:
    assert VAULT.open_name(VAULT.seal_name(text, HASH), HASH) == text
    assert VAULT.open_address(VAULT.seal_address(text, HASH), HASH) == text


def test_the_same_address_is_sealed_differently_each_time_and_no_length_shows() -> None:
    short, again, longer = (
        VAULT.seal_address(text, HASH) for text in ("a@example.org", "a@example.org", "ana.maria@example.org")
    )
    assert short != again
    assert len(short) == len(longer)


def test_a_value_moved_to_another_person_or_field_does_not_open() -> None:
    sealed = VAULT.seal_address("ana@example.org", HASH)
    with pytest.raises(SubscriberError):
        VAULT.open_address(sealed, VAULT.hash(normal("bo@example.org")))
    with pytest.raises(SubscriberError):
        VAULT.open_name(sealed, HASH)


@given(st.binary(max_size=80))
def test_a_made_up_value_does_not_open(value: bytes) -> None:
    with pytest.raises(SubscriberError):
        VAULT.open_address(value, HASH)


def test_each_changed_byte_is_noticed_and_nothing_is_quoted() -> None:
    sealed = VAULT.seal_address("ana@example.org", HASH)
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SubscriberError) as error:
            VAULT.open_address(changed, HASH)
        assert "ana" not in str(error.value)


def test_values_of_an_older_address_key_still_open() -> None:
    old = Keys.fresh()
    sealed = Vault(old).seal_name("Ana", HASH)
    new = Keys({**old.addresses, 2: b"n" * 32}, 2, old.lookup, old.tokens)
    assert Vault(new).open_name(sealed, HASH) == "Ana"
    assert Vault(new).seal_name("Ana", HASH)[0] == 2


def test_of_threads_that_need_a_newer_key_at_once_none_goes_without_it() -> None:
    old = Keys.fresh()
    new = old.renewed(datetime(2026, 11, 21, tzinfo=UTC))
    sealed = Vault(new).seal_name("Ana", HASH)
    reads = [new]

    def renewed(_at_once: bool) -> Keys | None:
        if not reads:
            return None
        found = reads.pop()
        time.sleep(0.05)  # as long as a slow disk takes
        return found

    vault = Vault(old, renewed)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: vault.open_name(sealed, HASH), range(3))) == ["Ana"] * 3


def test_the_hash_needs_the_key() -> None:
    ana = normal("ana@example.org")
    assert VAULT.hash(normal("ANA@example.ORG")) == VAULT.hash(ana)
    assert Vault(Keys.fresh()).hash(ana) != VAULT.hash(ana)


def test_row_marks_differ_by_purpose_and_row_and_stay() -> None:
    marks = {VAULT.row_mark(purpose, row) for purpose in ("message", "feedback") for row in range(1, 50)}
    assert len(marks) == 98
    assert {len(mark) for mark in marks} == {22}
    assert VAULT.row_mark("message", 1) == VAULT.row_mark("message", 1)


def test_many_at_once_are_hashed_and_sealed_as_each_alone(vault: Vault) -> None:
    people = [("ana@example.org", "Ana"), ("niño@bücher.example.com", "")]
    marks = [vault.hash(normal(address)) for address, _ in people]
    assert vault.hash_all([for_lookup(normal(address)) for address, _ in people]) == marks
    sealed = vault.seal_all(marks, *zip(*people, strict=True))
    for mark, (address, name), sealed_address, sealed_name in zip(marks, people, *sealed, strict=True):
        assert vault.open_address(sealed_address, mark) == address
        assert (vault.open_name(sealed_name, mark) if sealed_name else "") == name
    piece = "añ".encode("utf-16") + b"\0\0"
    assert vault.open_piece(vault.seal_piece(piece, b"mark"), b"mark") == piece
