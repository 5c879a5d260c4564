"""A file of any making goes in as far as it is good; notes name lines, never people."""

import importlib
import io
import random
from datetime import timedelta

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import delete, func, select, update

from subscribers import groups, importing, joining, preferences
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.errors import BadFile, SubscriberError
from subscribers.importing import Columns, keeping, merging, staging
from subscribers.importing.csv_files import LONGEST_LINE
from subscribers.leaving import leave
from subscribers.models import (
    Consent,
    GroupMember,
    ImportBatch,
    ImportPiece,
    ImportState,
    SignUp,
    State,
    Subscriber,
    Suppression,
)
from subscribers.people import show
from subscribers.retention import erase_left
from tests.journals import journal
from tests.subscribers.importer import NOW, TOLD, Importer


def counts(one: object) -> dict[str, int]:
    return {name: count for name, count in one.counts.items() if count}  # type: ignore[attr-defined]


def test_a_file_goes_in_with_consent_and_languages(importer: Importer) -> None:
    done = importer.take(
        'email,name,language,confirmed at\nana@example.org,"Ruiz, Ana",es,2020-02-29 10:00\n'
        'bo@example.org,,"vi, English",\n'
    )
    assert (done.state, counts(done)) == (ImportState.DONE, {"added": 2})
    with importer.database.read() as session:
        held = show(session, importer.vault, "bo@example.org")
        assert (held.name, held.languages, held.state) == ("", "vi,en", State.SUBSCRIBED)
        assert [(agreed.came_by, agreed.wording) for agreed in held.consents] == [("import", TOLD.text)]
        ana = show(session, importer.vault, "ana@example.org")
        assert ana.name == "Ruiz, Ana"
        assert [str(held.consents[0].confirmed_on) for held in (ana, held)] == ["2020-02-29", "2026-05-01"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("\n\n \n", "is empty"),
        ("phone,name\n123,Ana\n", '"phone", "name"'),
        ("ana@example.org,Ana\n", "holds an address, but should name the columns"),
        ("email,Email\na@example.org,\n", 'Two columns are called "email"'),
        ('"email\n', "cannot be read"),
        (b"PK\x03\x04\x14\x00", "cut off or broken"),
        (b"\xd0\xcf\x11\xe0", "of an old kind"),
        ("<!doctype html><html>", "No column holds addresses"),
        ("email,status\na@example.org,odd\n", "of whom the file says “odd”"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_is_no_list_is_refused_whole_and_not_kept(
    importer: Importer, content: str | bytes, says: str
) -> None:
    with pytest.raises(SubscriberError, match=says) as error:
        importer.take(content)
    assert "ana@" not in str(error.value)
    with importer.database.read() as session:
        assert session.scalars(select(func.count()).select_from(ImportPiece)).one() == 0


def test_one_person_in_two_spellings_is_counted_once(importer: Importer) -> None:
    content = "email,name\nAna@Example.org,Ana\nana@example.org,Anna\n jose\u0301@example.org,J\njosé@EXAMPLE.ORG,J\n"
    first = importer.take(content)
    assert counts(first) == {"added": 2, "twice": 2}
    assert importer.notes(first.id) == [
        (2, "The address is in the file 2 times with another name or other languages: the first row counts.")
    ]
    again = importer.take(content.replace("Ana,", "Zoe,", 1).replace("example.org,Ana\n", "example.org,Zoe\n"))
    assert counts(again) == {"there": 2, "twice": 2}
    assert importer.names()["Ana@example.org"] == "Ana"
    with importer.database.read() as session:
        assert len(session.scalars(select(Consent)).all()) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_of_one_persons_rows_the_first_in_the_file_counts_however_far_apart(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "CHUNK", 3)
    others = [f"p{n}@example.org,P" for n in range(7)]
    done = importer.take("\n".join(["email,name", *others, "ana@example.org,First", "ana@example.org,Second", *others]))
    assert counts(done) == {"added": 8, "twice": 8}
    assert importer.names()["ana@example.org"] == "First"
    assert [line for line, _ in importer.notes(done.id)] == [9]


def test_who_left_or_bounced_stays_out_and_is_named_by_line(importer: Importer) -> None:
    importer.take("email\nleft@example.org\nerased@example.org\n")
    with importer.database.write() as session:
        first, second = session.scalars(select(Subscriber.id).order_by(Subscriber.id))
        leave(session, journal(), second, NOW - timedelta(days=3))
        erase_left(session, NOW)
        leave(session, journal(), first, NOW)
        address_hash = importer.vault.hash(normal("bounced@example.org"))
        session.add(Suppression(address_hash=address_hash, reason="bounced", day=NOW.date()))
    done = importer.take("email\nleft@example.org\nerased@example.org\nbounced@example.org\nnew@example.org\n")
    assert counts(done) == {"added": 1, "away": 3}
    assert [line for line, _ in importer.notes(done.id, "conflict")] == [2, 3, 4]


def test_the_safer_standing_counts_and_is_said(importer: Importer) -> None:
    importer.take("email,name,languages\nhere@example.org,Ana,es\nsame@example.org,Bo,\n")
    done = importer.take(
        "email,name,languages,status\n"
        "here@example.org,Anna,en,unsubscribed\nsame@example.org,Bob,vi,subscribed\n"
        "two@example.org,,,subscribed\ntwo@example.org,,,bounced\nasked@example.org,,,pending\n"
    )
    assert counts(done) == {"there": 1, "twice": 1, "left": 1, "off": 1, "bounced": 1, "unconfirmed": 1}
    assert importer.notes(done.id) == [
        (2, "This person is on the list, but had left there: they get nothing any more."),
        (3, "This person is on the list with another name and other languages: what the list says stays."),
        (4, "The address is in the file 2 times and stands differently: “bounced” counts."),
    ]
    assert importer.suppressed("here@example.org", "two@example.org", "same@example.org", "asked@example.org") == {
        "here@example.org": "imported left",
        "two@example.org": "imported bounced",
    }
    assert importer.names() == {"here@example.org": "Ana", "same@example.org": "Bo"}


def test_who_left_elsewhere_is_off_the_list_and_erased_a_day_later(importer: Importer) -> None:
    people = ("left", "bounced", "complained", "stays")
    before = importer.take("email\n" + "".join(f"{who}@example.org\n" for who in people))
    bounce = Suppression(address_hash=importer.vault.hash(normal("left@example.org")), reason="bounced", day=NOW.date())
    with importer.database.write() as session:
        session.add(bounce)
    rows = "".join(f"{who}@example.org,{who}\n" for who in people[:3])
    importer.take(f"email,status\n{rows}stays@example.org,active\nnew@example.org,left\n")
    with importer.database.read() as session:
        held = show(session, importer.vault, "complained@example.org")
        assert (held.state, held.left_at, held.suppressed) == (State.LEFT, NOW, "imported complained")
        assert held.consents[0].withdrawn_on == NOW.date()
    importer.undo(before.id)
    with importer.database.write() as session:
        assert erase_left(session, NOW + timedelta(hours=23)) == 0, "whoever looks sees what became of them"
        assert erase_left(session, NOW + timedelta(days=1)) == 2
    assert set(importer.names()) == {"bounced@example.org"}
    assert importer.suppressed("left@example.org", "new@example.org") == {
        "left@example.org": "bounced",
        "new@example.org": "imported left",
    }


BROKEN = b"""email,name
ana@example.org,Ana
not an address,Bo
"bo@example.org,Bo
cy@example.org,Cy\x00
cy@example.org,Cy,more,cells
di@example.org,"Di ana" x
"el@example.org
",El
"fay@example.org","Fay
of the Two Lines"

,
gus@example.org,Gus,,
,Nobody
email,name
=1+1,Sum
ok@example.org,=cmd()
"""


def test_broken_rows_are_named_by_line_and_take_no_other_with_them(importer: Importer) -> None:
    done = importer.take(BROKEN)
    assert importer.names() == {
        "ana@example.org": "Ana",
        "fay@example.org": "Fay of the Two Lines",
        "gus@example.org": "Gus",
    }
    notes = importer.notes(done.id)
    assert [line for line, _ in notes] == [3, 4, 5, 6, 7, 8, 15, 16, 17, 18]
    assert done.counts["refused"] == 10
    said = dict(notes)
    assert "NUL" in said[5]
    assert "quotation marks" in said[4]
    assert "names the columns once more" in said[16]
    assert "formula" in said[17]
    assert "example.org" not in repr(notes)


def test_a_thousand_bad_rows_among_good_ones_are_each_listed(importer: Importer) -> None:
    rows = [f"p{n}@example.org" if n % 2 else f"p{n}" for n in range(2000)]
    done = importer.take("email\n" + "\n".join(rows))
    assert counts(done) == {"added": 1000, "refused": 1000}
    assert [line for line, _ in importer.notes(done.id)] == list(range(2, 2002, 2))


def test_staged_people_are_sealed_and_gone_after_the_merge(importer: Importer) -> None:
    looked = importer.look("email,name\nana@example.org,Ana\n")
    assert (looked.state, counts(looked), importer.names()) == (ImportState.READ, {"added": 1}, {})
    with importer.database.read() as session:
        kept = [*session.scalars(select(ImportBatch.sealed_people)), *session.scalars(select(ImportPiece.sealed_piece))]
    assert len(kept) == 2
    assert not any(b"ana" in sealed.lower() for sealed in kept)
    importer.merge(looked.id)
    with importer.database.read() as session:
        assert not session.scalars(select(ImportBatch)).all() + session.scalars(select(ImportPiece)).all()  # type: ignore[operator]


def test_a_file_whose_people_are_merged_goes_piece_by_piece(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PIECE", 10)
    looked = importer.look("email\nana@example.org\nbo@example.org\n")
    with importer.database.write() as session:
        importing.begin_merge(session, looked.id, NOW)
    left = []
    for _ in importing.go_on(importer.tools, looked.id):
        with importer.database.read() as session:
            left.append(session.scalars(select(func.count()).select_from(ImportPiece)).one())
    assert left == [4, 3, 2, 1, 0]
    assert importer.found(looked.id).state is ImportState.DONE


def test_columns_can_be_chosen_anew_until_the_merge(importer: Importer) -> None:
    content = "First,Second,State of it\nana@example.org,one@example.org,yes\nbo@example.org,two@example.org,off\n"
    with pytest.raises(BadFile, match="No column holds addresses"):
        importer.look(content)
    with pytest.raises(SubscriberError, match="“yes”, “off”"):
        importer.look(content, columns=Columns(address="first", standings=("state of it",)))
    words = {"yes": "subscribed", "off": "left"}
    looked = importer.look(content, columns=Columns(address="first", standings=("state of it",), words=words))
    assert counts(looked) == {"added": 1, "left": 1}
    with importer.database.write() as session:
        importing.choose_again(session, looked.id)
    importing.choose(importer.tools, looked.id, Columns(address="second"), importing.Agreed(TOLD, NOW.date()))
    importer.go_on(looked.id)
    importer.merge(looked.id)
    assert set(importer.names()) == {"one@example.org", "two@example.org"}


def test_a_step_that_is_past_is_refused(importer: Importer) -> None:
    done = importer.take("email\nana@example.org\n")
    for step in (importing.give_up, importing.choose_again):
        with pytest.raises(SubscriberError), importer.database.write() as session:
            step(session, done.id)
    with pytest.raises(SubscriberError, match="Say what these people agreed to"):
        importing.take_in(
            importer.tools,
            io.BytesIO(b"email\na@example.org\n"),
            "",
            importing.Agreed(Wording("en", " "), NOW.date()),
        )


def test_an_undo_takes_back_whom_it_added_and_who_did_nothing_since(importer: Importer) -> None:
    importer.take("email\nthere@example.org\n")
    with importer.database.write() as session:
        group = groups.make(session, "Press").id
    people = ("quiet", "left", "chose", "confirmed", "there")
    looked = importer.look(
        "email,status\n"
        + "".join(f"{name}@example.org,active\n" for name in people)
        + "gone@example.org,unsubscribed\n",
        group=group,
    )
    done = importer.merge(looked.id)
    numbers = {address.partition("@")[0]: number for address, number in importer.numbers().items()}
    with importer.database.write() as session:
        assert len(session.scalars(select(GroupMember)).all()) == 5
        leave(session, journal(), numbers["left"], NOW)
        preferences.change(session, numbers["chose"], languages="vi", plain_text=False, pause=None, now=NOW)
        joining.ask(session, importer.vault, address="confirmed@example.org", languages="es", wording=TOLD, now=NOW)
        assert joining.confirm(session, session.scalars(select(SignUp.id)).one(), NOW)
        assert importing.brought(session, done.id) == 1
    importer.now = NOW + timedelta(days=29)
    undone = importer.undo(done.id)
    assert (undone.state, undone.counts["removed"]) == (ImportState.UNDONE, 1)
    assert {name.partition("@")[0] for name in importer.names()} == {"there", "left", "chose", "confirmed"}
    assert importer.suppressed("gone@example.org") == {"gone@example.org": "imported left"}
    with importer.database.read() as session:
        inside = set(session.scalars(select(GroupMember.subscriber_id)))
    assert numbers["there"] not in inside


def test_an_undo_comes_too_late_after_a_month(importer: Importer) -> None:
    done = importer.take("email\nana@example.org\n")
    importer.now = NOW + timedelta(days=31)
    with pytest.raises(SubscriberError, match="30 days"):
        importer.undo(done.id)
    with importer.database.write() as session:
        importing.forget(session, importer.now)
    assert importer.notes(done.id) == []


def test_a_file_that_waits_is_forgotten_after_a_week(importer: Importer) -> None:
    looked = importer.look("email\nana@example.org\n")
    with importer.database.write() as session:
        assert importing.forget(session, NOW + timedelta(days=6)) == 0
        assert importing.forget(session, NOW + timedelta(days=7)) == 1
        assert not session.scalars(select(ImportBatch)).all()
    assert importer.found(looked.id).state is ImportState.GIVEN_UP


def test_many_go_in_by_chunks_whoever_does_them(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is abandoned after a transaction and begun anew, and a second worker meddles."""
    monkeypatch.setattr(staging, "CHUNK", 200)
    monkeypatch.setattr(merging, "AT_ONCE", 100)
    good = [f"p{n}@example.org" for n in range(990)]
    rows = good + good[:5] + ["bad"] * 5
    random.Random(5).shuffle(rows)
    number = importing.keep(importer.tools, io.BytesIO(("email\n" + "\n".join(rows)).encode()), "x")
    importing.choose(importer.tools, number, Columns(address="email"), importing.Agreed(TOLD, NOW.date()))
    other = importing.go_on(importer.tools, number)
    steps, _ = 1, next(other)
    while importer.found(number).state is not ImportState.DONE:
        steps += 1
        next(importing.go_on(importer.tools, number), None)
        if steps == 3:
            assert list(other) == [], "somebody else read on"
            assert importer.found(number).state is ImportState.READING
        if importer.found(number).state is ImportState.READ:
            with importer.database.write() as session:
                importing.begin_merge(session, number, NOW)
    assert steps > 8
    assert counts(importer.found(number)) == {"added": 990, "twice": 5, "refused": 5}
    assert set(importer.names()) == set(good)


def test_who_signs_up_while_they_are_imported_keeps_what_they_chose(importer: Importer) -> None:
    looked = importer.look("email,name\nana@example.org,Ana\n")
    importer.take("email,name\nana@example.org,Anna\n")
    assert counts(importer.merge(looked.id)) == {"there": 1}
    assert importer.names() == {"ana@example.org": "Anna"}
    with importer.database.write() as session:
        session.execute(delete(Subscriber))


def test_a_line_just_as_long_as_allowed_is_read_and_a_huge_cell_costs_its_own_line_alone(importer: Importer) -> None:
    start = "ana@example.org,Ana,"
    line = start + "x" * (LONGEST_LINE - len(start) - 1)
    huge = "x" * 10_000_000
    done = importer.take(f"email,name,notes\n{line}\nbo@example.org,{huge}\n{huge}\ncy@example.org,Cy\n")
    assert counts(done) == {"added": 2, "refused": 2}
    assert [line for line, _ in importer.notes(done.id)] == [3, 4]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_was_staged_by_an_older_program_is_read_once_more(importer: Importer) -> None:
    looked = importer.look("email\nana@example.org\nnobody\n")
    with importer.database.write() as session:
        session.execute(update(ImportBatch).values(sealed_people=b"of another form"))
        with Operations.context(MigrationContext.configure(session.connection())):
            importlib.import_module("newsletter.migrations.versions.0025_staged_as_lines").upgrade()
    importer.go_on(looked.id)
    assert counts(importer.found(looked.id)) == {"added": 1, "refused": 1}
    assert counts(importer.merge(looked.id)) == {"added": 1, "refused": 1}
