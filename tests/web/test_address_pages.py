"""A reader changes their address where both mailboxes say so; the form tells nobody who is on the list."""

import re
from datetime import timedelta
from email.message import EmailMessage

import httpx2
import pytest
from sqlalchemy import delete, select

from newsletter.notices.models import Notice
from subscribers import address_change, groups, joining, retention, roll
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.errors import NotFound
from subscribers.journal import known
from subscribers.journal_file import Kind
from subscribers.leaving import leave
from subscribers.models import AddressChange, MailedDay, State, Subscriber
from subscribers.tokens import Purpose, make_timed, read
from tests.journals import journal
from tests.web.caught import Mailbox, links_in, text_of
from tests.web.conftest import ADDRESS, Web
from tests.web.joining import OWN, heading, path_of, statements

NEW = "ana@new.example.com"


def own(web: Web, address: str = ADDRESS) -> str:
    """The path behind a fresh link."""
    with web.database.read() as session:
        (reader,) = session.scalars(select(Subscriber.id).where(Subscriber.address_hash == hash_of(web, address)))
    return f"/preferences/{make_timed(web.vault, Purpose.PREFERENCES, reader, web.now)}"


def hash_of(web: Web, address: str) -> bytes:
    return web.vault.hash(normal(address))


def ask(web: Web, address: str = NEW, path: str = "", **fields: str) -> httpx2.Response:
    path = f"{path or own(web)}/address"
    found = re.search('name="made" value="([^"]+)"', web.client().get(path).text)
    assert found is not None
    web.now += timedelta(seconds=9)
    return web.client(**OWN).post(path, data={"address": address, "lang": "es", "made": found[1]} | fields)


def by_address(mails: list[EmailMessage]) -> dict[str, EmailMessage]:
    assert len({mail["To"] for mail in mails}) == len(mails)
    return {mail["To"]: mail for mail in mails}


def press(web: Web, mail: EmailMessage) -> str:
    (link,) = links_in(mail)
    return heading(web.client().post(path_of(link)))


@pytest.mark.parametrize("first", [ADDRESS, NEW])
def test_an_address_changes_once_both_mailboxes_said_yes(web: Web, mailbox: Mailbox, first: str) -> None:
    token = web.join()
    with web.database.write() as session:
        groups.put_in(session, groups.make(session, "Press").id, [read(web.vault, Purpose.LEAVE, token) or 0])
    assert heading(ask(web)) == "Mire en los dos buzones."
    mails = by_address(mailbox.fetch())
    assert mails.keys() == {ADDRESS, NEW}
    for mail, other in ((mails[ADDRESS], "new.example"), (mails[NEW], ADDRESS)):
        (link,) = links_in(mail)
        page = web.client().get(path_of(link))
        assert (page.status_code, page.text.count("<button"), heading(page)) == (200, 1, "¿Otra dirección?")
        assert other not in text_of(mail) + page.text
    second = NEW if first == ADDRESS else ADDRESS
    assert [press(web, mails[first]) for _ in range(2)] == ["La mitad ya está."] * 2
    assert web.held().address == ADDRESS
    assert [press(web, mails[second]) for _ in range(2)] == ["Su dirección ha cambiado."] * 2
    assert press(web, mails[first]) == "Su dirección ha cambiado."
    held = web.held(NEW)
    assert (held.address, held.name, held.languages, held.state) == (NEW, "Ana", "es", State.SUBSCRIBED)
    assert (len(held.consents), held.groups, held.suppressed) == (1, ("Press",), "")
    with pytest.raises(NotFound):
        web.held()
    web.client().post(f"/u/{token}")
    assert web.held(NEW).state is State.LEFT, "old links keep working"


def test_of_the_old_address_nothing_is_left_in_the_database(web: Web, mailbox: Mailbox) -> None:
    web.join()
    web.client(**OWN).post("/subscribe", data={"address": ADDRESS, "made": _stamp(web)})
    ask(web)
    for mail in [mail for mail in mailbox.fetch() if "/address/" in text_of(mail)]:
        press(web, mail)
    assert web.held(NEW).address == NEW
    mark = hash_of(web, ADDRESS).hex()
    with web.database.engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump()).lower()  # type: ignore[union-attr]
    assert mark not in dump
    assert hash_of(web, NEW).hex() in dump
    with web.database.read() as session:
        (file,) = known(session, journal()).values()
    deeds = [(line.kind, line.mark.hex()) for line in file.read() if line][-2:]
    assert deeds == [(Kind.MOVED, mark), (Kind.BACK, hash_of(web, NEW).hex())]


def _stamp(web: Web) -> str:
    (made,) = re.findall('name="made" value="([^"]+)"', web.client().get("/subscribe").text)
    web.now += timedelta(seconds=9)
    return str(made)


def _nobody(_web: Web) -> None:
    pass


def _reader(web: Web) -> None:
    web.join(address=NEW)


def _left(web: Web) -> None:
    token = web.join(address=NEW)
    with web.database.write() as session:
        leave(session, journal(), read(web.vault, Purpose.LEAVE, token) or 0, web.now)


def _erased(web: Web) -> None:
    _left(web)
    with web.database.write() as session:
        retention.erase_left(session, web.now + timedelta(days=2))


def _waiting(web: Web) -> None:
    with web.database.write() as session:
        told = Wording("es", "Quiero recibir el boletín.")
        joining.ask(session, web.vault, address=NEW, languages="es", wording=told, now=web.now)


KNOWN = {
    _reader: "Ya está en la lista",
    _left: "Antes se quitó de la lista",
    _erased: "Antes se quitó de la lista",
    _waiting: "Hasta que se pulse, usted no está en ninguna lista",
}


def test_the_form_does_the_same_for_every_new_address(web: Web) -> None:
    """Same bytes, same statements, same rows in the outbox: what the list knows of it is not even looked up."""
    web.join()
    seen = []
    for prepare in (_nobody, *KNOWN):
        with web.database.write() as session:
            session.execute(delete(Notice))
            session.execute(delete(AddressChange))
            retention.erase_address(session, journal(), hash_of(web, NEW), web.now)
            roll.lift(session, hash_of(web, NEW))
        prepare(web)
        path = f"{own(web)}/address"
        stamp = re.findall('name="made" value="([^"]+)"', web.client().get(path).text)[0]
        web.now += timedelta(seconds=9)
        with statements(web) as said:
            answer = web.client(**OWN).post(path, data={"address": NEW, "lang": "es", "made": stamp})
        with web.database.read() as session:
            notices = session.scalars(select(Notice).order_by(Notice.id)).all()
        kept = [(each.template, each.language, len(each.sealed_values)) for each in notices]
        seen.append((answer.status_code, answer.headers.items(), answer.content, tuple(said), kept))
    assert all(one == seen[0] for one in seen)
    assert [template for template, *_ in seen[0][-1]] == ["change_old", "change_new"]


@pytest.mark.parametrize("prepare", KNOWN, ids=lambda prepare: prepare.__name__[1:])
def test_who_is_known_at_the_new_address_is_told_so_and_nothing_changes(
    web: Web, mailbox: Mailbox, prepare: object
) -> None:
    web.join()
    prepare(web)  # type: ignore[operator] # one of KNOWN
    ask(web)
    mails = by_address(mailbox.fetch())
    assert KNOWN[prepare] in " ".join(text_of(mails[NEW]).split())  # type: ignore[index]
    assert "/address/" not in text_of(mails[NEW])
    assert press(web, mails[ADDRESS]) == "La mitad ya está."
    assert web.held().address == ADDRESS


@pytest.mark.parametrize("prepare", [_reader, _erased])
def test_who_became_known_there_before_both_said_yes_is_not_touched(
    web: Web, mailbox: Mailbox, prepare: object
) -> None:
    web.join()
    ask(web)
    mails = by_address(mailbox.fetch())
    press(web, mails[NEW])
    prepare(web)  # type: ignore[operator] # it is a function of ours
    state = web.held(NEW).state
    assert press(web, mails[ADDRESS]) == "Este enlace ya no hace nada."
    assert (web.held().address, web.held(NEW).state) == (ADDRESS, state)


def test_a_link_agrees_to_its_own_change_alone_and_for_two_days(web: Web, mailbox: Mailbox) -> None:
    web.join()
    ask(web)
    early = by_address(mailbox.fetch())
    ask(web, "ana@other.example.com")
    assert press(web, early[ADDRESS]) == "Este enlace ya no hace nada."
    late = by_address(mailbox.fetch())
    web.now += timedelta(days=2)
    assert press(web, late[ADDRESS]) == "Este enlace ya no hace nada."
    with web.database.write() as session:
        address_change.forget(session, web.now)
        assert session.scalar(select(AddressChange.id)) is None


def test_asked_again_the_first_mail_still_holds_and_the_new_address_gets_no_second_today(
    web: Web, mailbox: Mailbox
) -> None:
    web.join()
    ask(web)
    first = by_address(mailbox.fetch())
    ask(web)
    assert [mail["To"] for mail in mailbox.fetch()] == [ADDRESS]
    assert [press(web, mail) for mail in first.values()] == ["La mitad ya está.", "Su dirección ha cambiado."]
    with web.database.read() as session:
        assert set(session.scalars(select(MailedDay.kind))) == {"change_new"}


def test_what_is_wrong_is_said_at_the_form_and_strangers_get_no_form(web: Web, mailbox: Mailbox) -> None:
    token = web.join()
    wrong = ask(web, "ana")
    assert (wrong.status_code, "A la dirección le falta la @." in wrong.text) == (422, True)
    assert heading(ask(web, website="https://example.com")) == "Mire en los dos buzones."
    assert mailbox.fetch() == []
    link = own(web)
    for path in (f"/preferences/{token}/address", "/preferences/x/address", f"/address/{token}", "/address/%00"):
        assert web.client().get(path).status_code == web.client().post(path).status_code == 404
    web.client().post(f"/u/{token}")
    assert web.client().get(f"{link}/address").status_code == 404, "who left changes nothing"
