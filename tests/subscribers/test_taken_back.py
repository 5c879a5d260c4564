"""An import that took people off the list is taken back: they come on again, but nobody who left by themselves."""

from collections.abc import Iterable

from sqlalchemy import select

from subscribers import importing, joining, preferences, suppression
from subscribers.addresses import normal
from subscribers.journal_file import Kind
from subscribers.leaving import leave
from subscribers.models import Consent, JournalPlace, SignUp, State, Subscriber
from subscribers.retention import erase_now
from tests.journals import journal
from tests.subscribers.importer import NOW, TOLD, Importer


def lines(names: Iterable[str], *more: str) -> str:
    return "".join(",".join((f"{name}@example.org", *more)) + "\n" for name in names)


def test_an_undo_brings_back_whom_it_took_off_but_nobody_who_left_by_themselves(importer: Importer) -> None:
    people = ("back", "paused", "bounced", "gone", "twice", "again", "came", "erased")
    before = importer.take(f"email\n{lines(people)}")
    number = {address.partition("@")[0]: person for address, person in importer.numbers().items()}
    with importer.database.write() as session:
        preferences.change(session, number["paused"], languages="", plain_text=False, pause=2, now=NOW)
        suppression.bounced(session, select(Subscriber.id).filter_by(id=number["bounced"]), NOW.date())
        leave(session, journal(), number["gone"], NOW)
    wrong = importer.take(f"email,status\n{lines(people, 'left')}new@example.org,left\n")
    other = importer.take(f"email,status\n{lines(['twice'], 'complained')}")
    with importer.database.write() as session:
        leave(session, journal(), number["again"], NOW)
        joining.ask(session, importer.vault, address="came@example.org", languages="", wording=TOLD, now=NOW)
        leave(session, journal(), joining.confirm(session, session.scalars(select(SignUp.id)).one(), NOW) or 0, NOW)
        erase_now(session, journal(), number["erased"], NOW)
        assert importing.taken_off(session, wrong.id) == 3
        (place,) = session.scalars(select(JournalPlace))
        file, known = journal().file(place.id), place.lines
    assert importer.undo(wrong.id).counts["returned"] == 3
    assert "returned" not in importer.undo(other.id).counts
    with importer.database.read() as session:
        states = dict(session.execute(select(Subscriber.id, Subscriber.state)).all())
        ended = set(session.scalars(select(Consent.subscriber_id).where(Consent.withdrawn_on.is_not(None))))
    on_list = {name: states[number[name]] for name in people[:3]}
    assert on_list == {"back": State.SUBSCRIBED, "paused": State.PAUSED, "bounced": State.SUBSCRIBED}
    assert {states[number[name]] for name in ("gone", "twice", "again", "came")} == {State.LEFT}
    assert not ended & {number[name] for name in on_list}
    assert importer.suppressed(*(f"{name}@example.org" for name in (*on_list, "new"))) == {
        "bounced@example.org": "bounced",
        "new@example.org": "imported left",
    }
    back = {importer.vault.hash(normal(f"{name}@example.org")) for name in on_list}
    assert {line.mark for line in file.read(known) if line and line.kind is Kind.BACK} == back
    importer.undo(before.id)
    assert set(importer.numbers()) & {"back@example.org", "paused@example.org"} == {"paused@example.org"}, "who chose"
