"""The list leaves as a file that holds all that is kept and runs nothing; a part of an address finds readers."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from newsletter.db import Database
from subscribers import address_change, exporting, finding, groups, suppression, topics
from subscribers.audience import reachable
from subscribers.consent import Wording, wording_id
from subscribers.errors import SubscriberError
from subscribers.formulas import bare, guarded
from subscribers.joining import ask
from subscribers.keys import Keys
from subscribers.leaving import leave
from subscribers.models import State, Subscriber, Suppression, UnwantedTopic
from subscribers.people import enrol, sealed
from subscribers.retention import erase_now
from subscribers.vault import Vault
from tests.journals import journal
from tests.subscribers.importer import Importer

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOLD = Wording("en", "One mail a month; leave whenever you want.")


@pytest.fixture
def list_(database: Database, vault: Vault) -> Database:
    """Ana in a group, without a topic, about to move; somebody whose name is a formula; one who left; one who waits."""
    with database.write() as session:
        named = {"ana@example.org": "Ana Núñez", "+1@example.org": "=HYPERLINK(1)", "gone@example.com": ""}
        rows = [sealed(vault, address=address, name=name, languages="es,en") for address, name in named.items()]
        enrol(session, rows, wording=wording_id(session, TOLD), came_by="added", now=NOW)
        press = groups.make(session, "Press").id
        groups.put_in(session, press, [1])
        session.add(UnwantedTopic(topic_id=topics.make(session, {"en": "Events"}).id, subscriber_id=1))
        erase_now(session, journal(), 3, NOW)
        ask(session, vault, address="bo@example.org", languages="vi", wording=TOLD, now=NOW, group=press)
        assert address_change.ask(session, vault, 1, address="ana@example.com", now=NOW)
    return database


def test_everything_is_in_the_json(list_: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_CHUNK", 1)
    with list_.read() as session:
        kept = json.loads("".join(exporting.as_json(session, vault)))
    ana, _ = kept["readers"]
    assert ana == {
        "address": "ana@example.org",
        "name": "Ana Núñez",
        "languages": ["es", "en"],
        "state": "subscribed",
        "suppressed": None,
        "suppressed_on": None,
        "plain_text": False,
        "paused_until": None,
        "left_on": None,
        "groups": ["Press"],
        "unwanted_topics": ["Events"],
        "consents": [
            {
                "came_by": "added",
                "language": "en",
                "wording": TOLD.text,
                "asked_on": None,
                "confirmed_on": "2026-11-21",
                "withdrawn_on": None,
            }
        ],
    }
    (waiting,) = kept["waiting"]
    assert (waiting["address"], waiting["languages"], waiting["asked_on"]) == ("bo@example.org", ["vi"], "2026-11-21")
    assert (waiting["language"], waiting["wording"], waiting["group"]) == ("en", TOLD.text, "Press")
    (change,) = kept["changes_of_address"]
    assert (change["address"], change["new_address"]) == ("ana@example.org", "ana@example.com")
    (kept_off,) = kept["suppressed"]
    assert (kept_off["reason"], kept_off["day"]) == ("left", str(date(2026, 11, 21)))


@pytest.mark.parametrize(("raw", "quote"), [(False, "'"), (True, "")])
def test_no_cell_of_the_table_runs_unless_it_is_asked_for_raw(
    list_: Database, vault: Vault, raw: bool, quote: str
) -> None:
    with list_.read() as session:
        text = "".join(exporting.as_csv(session, vault, raw=raw))
    ana, odd = csv.DictReader(io.StringIO(text, newline=""))
    assert (ana["address"], ana["languages"], ana["groups"], ana["plain_text"], ana["confirmed_on"]) == (
        *("ana@example.org", "es, en", "Press", "no"),
        "2026-11-21",
    )
    assert (odd["address"], odd["name"]) == (f"{quote}+1@example.org", f"{quote}=HYPERLINK(1)")


PEOPLE = {
    **dict.fromkeys(("-here@example.org", "'-here@example.org", "=here@example.org", "paused@example.org"), ""),
    "bounced@example.org": "bounced",
    "left@example.org": "left",
    **{f"{reason}.there@example.org": f"imported {reason}" for reason in ("bounced", "left", "complained")},
    "put.back@example.org": "imported",
}
"""Everybody on a list, and why they are not written to; `imported` is what the journal brings back."""


def fill(database: Database, vault: Vault, people: dict[str, str]) -> None:
    """These people on the list, by the same ways that brought them where they stand."""
    with database.write() as session:
        rows = {address: sealed(vault, address=address, name="=Ana", languages="es,en") for address in people}
        agreed = datetime(2026, 5, 1, tzinfo=UTC)
        enrol(session, [*rows.values()], wording=wording_id(session, TOLD), came_by="added", now=agreed)
        numbers = dict(zip(people, session.scalars(select(Subscriber.id).order_by(Subscriber.id)), strict=True))
        leave(session, journal(), numbers["left@example.org"], NOW)
        suppression.bounced(session, select(Subscriber.id).filter_by(id=numbers["bounced@example.org"]), NOW.date())
        paused = update(Subscriber).where(Subscriber.id == numbers["paused@example.org"])
        session.execute(paused.values(state=State.PAUSED, paused_until=date(2026, 12, 24)))
        for address, reason in people.items():
            if reason.startswith("imported"):
                session.add(Suppression(address_hash=rows[address]["address_hash"], reason=reason, day=NOW.date()))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("raw", [False, True])
def test_who_is_exported_and_imported_elsewhere_stands_as_before(database: Database, vault: Vault, raw: bool) -> None:
    people = {address: why for address, why in PEOPLE.items() if not (raw and address.startswith("'"))}
    fill(database, vault, people)
    with database.write() as session:
        text = "".join(exporting.as_csv(session, vault, raw=raw))
        session.execute(delete(Subscriber))
        session.execute(delete(Suppression))
    elsewhere = Importer(database, Vault(Keys.fresh()))
    elsewhere.take(text)
    away = {address: f"imported {why.split()[-1]}" for address, why in people.items() if why}
    away["put.back@example.org"] = "imported left"
    assert elsewhere.suppressed(*people) == away
    assert elsewhere.names() == {address: "=Ana" for address in people if address not in away}
    with database.read() as session:
        assert len(session.execute(reachable()).all()) == len(people) - len(away)
        agreed = {(one.languages, str(one.consents[0].confirmed_on)) for one in session.scalars(select(Subscriber))}
    assert agreed == {("es,en", "2026-05-01")}


@given(st.text(alphabet="'=+-@;＝\t\r\na", max_size=6))
def test_a_guarded_cell_does_not_run_and_loses_nothing(cell: str) -> None:
    """Nor does what a spreadsheet of a country with decimal commas takes for a cell."""
    began = re.split("[;\t\r\n]", guarded(cell))
    assert not any(part.startswith(("=", "+", "-", "@", "＝")) for part in began)
    assert bare(guarded(cell)) == cell


def test_a_part_of_an_address_finds_whoever_has_it(list_: Database, vault: Vault) -> None:
    with list_.read() as session:
        assert finding.holding(session, vault, " NA@ex", 10) == ["ana@example.org"]
        assert len(finding.holding(session, vault, "example.org", 1)) == 1
        assert finding.holding(session, vault, "bo@example.org", 10) == []
        with pytest.raises(SubscriberError):
            finding.holding(session, vault, "na", 10)
