"""Passkeys: only the right key, on the right site, for a challenge of ours, once."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from newsletter.db import Database
from newsletter.desk import members, passkeys
from newsletter.desk.errors import NotSignedIn, OnlyKey
from newsletter.desk.models import Member
from newsletter.desk.passkeys import GOOD_FOR, MOST, Challenges, Place
from subscribers.vault import Vault
from tests.desk.authenticator import PRESENT, Authenticator
from tests.desk.conftest import NOW, first, invited

PLACE = Place("news.example.org", "https://news.example.org", "Our network")


def _add(database: Database, member: Member, key: Authenticator, name: str = "My phone") -> None:
    challenges = Challenges()
    with database.write() as session:
        options = passkeys.adding(session, member, "handle", PLACE, challenges.make(NOW, member.id))
        answer = key.create(options)
        passkeys.add(session, member, PLACE, challenges.use(answer, NOW, member.id), answer, name, NOW)


def _sign_in(database: Database, key: Authenticator) -> Member:
    challenges = Challenges()
    answer = key.get(passkeys.signing_in(PLACE, challenges.make(NOW)))
    with database.write() as session:
        return passkeys.prove(session, PLACE, challenges.use(answer, NOW), answer)


def _key() -> Authenticator:
    return Authenticator(PLACE.origin, PLACE.host)


def test_a_key_signs_its_owner_in(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    eva, key = invited(database, vault, rosa, "Eva"), _key()
    _add(database, eva, key, "  My \n phone ")
    assert [_sign_in(database, key).name for _ in range(2)] == ["Eva", "Eva"]
    with database.read() as session:
        (kept,) = passkeys.of(session, eva.id)
    assert (kept.name, kept.signatures) == ("My phone", 2)


def test_a_key_is_added_once(database: Database, vault: Vault) -> None:
    rosa, key = first(database, vault), _key()
    _add(database, rosa, key)
    with pytest.raises(NotSignedIn, match="added before"):
        _add(database, rosa, key)


def test_the_options_want_a_discoverable_verified_key_and_say_nothing_of_an_address(
    database: Database, vault: Vault
) -> None:
    rosa, key = first(database, vault), _key()
    _add(database, rosa, key)
    with database.read() as session:
        options = passkeys.adding(session, rosa, "handle", PLACE, b"challenge")
    asked = json.loads(options)
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["rp"]["id"] == "news.example.org"
    assert len(asked["excludeCredentials"]) == 1
    assert "rosa@" not in options
    assert json.loads(passkeys.signing_in(PLACE, b"challenge"))["allowCredentials"] == []


def test_what_is_not_the_right_key_in_the_right_place_is_refused(database: Database, vault: Vault) -> None:
    rosa, key = first(database, vault), _key()
    _add(database, rosa, key)
    copied, elsewhere, unverified, stranger = _key(), _key(), _key(), _key()
    copied.credential = key.credential  # another private half
    for wrong in (elsewhere, unverified):
        wrong.credential, wrong._key = key.credential, key._key
    elsewhere.origin = "https://news.example.com"
    unverified.flags = PRESENT
    for wrong in (copied, elsewhere, unverified, stranger):
        with pytest.raises(NotSignedIn, match="This passkey does not open the desk"):
            _sign_in(database, wrong)
    assert _sign_in(database, key)


def test_a_counter_that_stands_still_or_goes_back_was_copied(database: Database, vault: Vault) -> None:
    rosa, key = first(database, vault), _key()
    _add(database, rosa, key)
    for _ in range(3):
        _sign_in(database, key)
    key.counter -= 1
    with pytest.raises(NotSignedIn):
        _sign_in(database, key)
    key.counter -= 2
    with pytest.raises(NotSignedIn):
        _sign_in(database, key)


def test_a_key_of_who_left_opens_nothing(database: Database, vault: Vault) -> None:
    rosa, key = first(database, vault), _key()
    eva = invited(database, vault, rosa, "Eva")
    _add(database, eva, key)
    with database.write() as session:
        members.end(session, rosa, members.of(session, eva.id), NOW)
    with pytest.raises(NotSignedIn):
        _sign_in(database, key)


def test_the_only_way_in_cannot_be_removed(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    _add(database, rosa, _key())
    with database.write() as session:
        member = members.of(session, rosa.id)
        (key,) = passkeys.of(session, rosa.id)
        member.password = None
        with pytest.raises(OnlyKey):
            passkeys.remove(session, member, key.id, NOW)
        member.password = "a hash"
        passkeys.remove(session, member, key.id, NOW)
        assert passkeys.of(session, rosa.id) == []


def test_a_challenge_is_good_once_for_a_while_and_for_whom_it_was_made() -> None:
    challenges, key = Challenges(), _key()
    good = key.get(passkeys.signing_in(PLACE, challenges.make(NOW)))
    assert challenges.use(good, NOW)
    late = key.get(passkeys.signing_in(PLACE, challenges.make(NOW)))
    mine = key.get(passkeys.signing_in(PLACE, challenges.make(NOW, member=1)))
    unasked = key.get(passkeys.signing_in(PLACE, b"never asked"))
    for answer, now, member in ((good, NOW, 0), (late, NOW + GOOD_FOR, 0), (mine, NOW, 2), (unasked, NOW, 0)):
        with pytest.raises(NotSignedIn):
            challenges.use(answer, now, member)
    with pytest.raises(NotSignedIn):
        challenges.use(mine, NOW, 1)  # the wrong try used it up


def test_asking_again_and_again_fills_no_memory() -> None:
    challenges = Challenges()
    for number in range(2 * MOST):
        challenges.make(NOW + timedelta(seconds=number))
    assert len(challenges._waiting) == MOST


@settings(max_examples=60, deadline=None)
@given(
    some.one_of(
        some.text(),
        some.recursive(some.none() | some.text() | some.integers(), lambda inner: some.lists(inner)).map(json.dumps),
        some.dictionaries(some.sampled_from(["rawId", "id", "response", "type"]), some.text()).map(json.dumps),
        some.text().map(lambda junk: json.dumps({"rawId": junk, "response": {"clientDataJSON": junk}})),
    )
)
def test_junk_is_no_passkey(junk: str) -> None:
    with pytest.raises(NotSignedIn):
        Challenges().use(junk, NOW)


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("https://news.example.org", "https://news.example.org"),
        ("https://news.example.org:443/desk", "https://news.example.org"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_the_place_is_the_host_of_the_newsletters_address(base_url: str, origin: str) -> None:
    place = Place.of(base_url, "Our network")
    assert (place.origin, place.host) == (origin, origin.partition("//")[2].partition(":")[0])
