"""Readers join by their own will; a form tells nobody who is on the list."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from issues.languages import words
from newsletter.config import Settings
from newsletter.notices.models import Notice
from subscribers import groups, suppression, topics
from subscribers.leaving import leave
from subscribers.models import SignUp, State, Subscriber
from subscribers.retention import erase_left
from subscribers.tokens import Purpose, make, read
from tests.journals import journal
from tests.web.caught import Mailbox, links_in, text_of
from tests.web.conftest import ADDRESS, Web
from tests.web.joining import OWN, fill, heading, made, path_of, statements
from tests.web.stage import on_stage

EMBEDDED = {"Sec-Fetch-Site": "cross-site", "Origin": "https://www.example.com"}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQL is tested in the rooms: one kind is enough."""
    return f"sqlite:///{tmp_path / 'newsletter.db'}"


def test_a_person_joins_by_the_link_in_their_mail(web: Web, mailbox: Mailbox) -> None:
    assert heading(fill(web)) == "Mire en su correo."
    for kept in Path(str(web.database.engine.url.database)).parent.glob("newsletter.db*"):
        assert b"ana@" not in kept.read_bytes().lower()
    (mail,) = mailbox.fetch()
    assert (mail["To"], mail["Content-Language"]) == (ADDRESS, "es")
    (link,) = links_in(mail)
    page = web.client().get(path_of(link))
    assert (page.status_code, page.text.count("<button")) == (200, 1)
    with web.database.read() as session:
        assert session.scalar(select(Subscriber.id)) is None, "looking changes nothing"
    first, again = (web.client().post(path_of(link)) for _ in range(2))
    assert heading(first) == heading(again) == "Está en la lista."
    assert ("/preferences/" in first.text, "/preferences/" in again.text) == (True, False), "it works once"
    held = web.held()
    assert (held.state, held.languages) == (State.SUBSCRIBED, "en")
    (agreed,) = held.consents
    assert agreed.wording.startswith("Quiero recibir por correo electrónico el boletín de Border & Rights Network")
    assert mailbox.fetch() == []


def _known(web: Web) -> None:
    web.join()


def _left(web: Web) -> None:
    token = web.join()
    with web.database.write() as session:
        leave(session, journal(), read(web.vault, Purpose.LEAVE, token) or 0, web.now)


def _bounced(web: Web) -> None:
    web.join()
    with web.database.write() as session:
        suppression.bounced(session, select(Subscriber.id), web.now.date())


def _erased(web: Web) -> None:
    _left(web)
    with web.database.write() as session:
        erase_left(session, web.now + timedelta(days=2))


def _waiting(web: Web) -> None:
    fill(web)


def test_the_form_does_the_same_for_every_address(web: Web) -> None:
    """Same bytes, same statements, same row in the outbox: what the list knows is not even looked up."""
    seen = []
    with web.database.write() as session:
        groups.make(session, "Press", "news")
    for form in ("/subscribe", "/subscribe/news", "/preferences"):
        for prepare in (lambda _: None, _known, _bounced, _left, _erased, _waiting):
            empty(web)
            prepare(web)
            stamp = made(web, form)
            with statements(web) as said:
                answer = web.client(**OWN).post(form, data={"address": ADDRESS, "lang": "es", "made": stamp})
            with web.database.read() as session:
                notice = session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1)).one()
            kept = notice.template, notice.language, len(notice.sealed_values), len(notice.sealed_address)
            seen.append((form, answer.status_code, answer.headers.items(), answer.content, tuple(said), kept))
        assert all(one == seen[-1] for one in seen[-6:])
        assert "INSERT INTO notice" in "".join(seen[-1][4])
        assert not any(
            table in "".join(seen[-1][4]) for table in ("subscriber", "suppression", "consent ", "mailed_day")
        )


def test_who_confirms_at_a_groups_own_page_lands_in_that_group(web: Web, mailbox: Mailbox) -> None:
    with web.database.write() as session:
        press = groups.make(session, "Press", "news").id
        groups.make(session, "Funders", "friends")
    page = web.client().get("/subscribe/news?lang=es")
    assert (page.content, "Press" in page.text) == (web.client().get("/subscribe?lang=es").content, False)
    assert heading(fill(web, path="/subscribe/news")) == "Mire en su correo."
    with web.database.read() as session:
        assert groups.counts(session) == {}, "not before"
    (mail,) = mailbox.fetch()
    web.client().post(path_of(links_in(mail)[0]))
    with web.database.read() as session:
        assert groups.counts(session) == {press: 1}
    for nowhere in ("/subscribe/nowhere", "/subscribe/%00", "/subscribe/NEWS"):
        assert web.client().get(nowhere).status_code == web.client().post(nowhere).status_code == 404


def empty(web: Web) -> None:
    tables = ("notice", "sign_up", "mailed_day", "consent", "subscriber", "suppression")
    with web.database.engine.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names of our own
        web.database.engine.dispose()


def test_only_the_mail_tells_who_reads_already(web: Web, mailbox: Mailbox) -> None:
    web.join()
    fill(web)
    (mail,) = mailbox.fetch()
    assert mail["Subject"] == "Ya recibe el boletín de Border & Rights Network"
    preferences, leave_link = links_in(mail)
    assert heading(web.client().get(path_of(preferences))) == "Cómo le llega el boletín"
    assert heading(web.client().get(path_of(leave_link))) == "¿Dejar el boletín?"
    fill(web)
    assert mailbox.fetch() == [], "once a day, for readers too"
    with web.database.read() as session:
        assert session.scalar(select(SignUp.id)) is None, "a reader's address is kept once"


def test_who_left_is_asked_whether_to_come_back(web: Web, mailbox: Mailbox) -> None:
    _erased(web)
    fill(web)
    (mail,) = mailbox.fetch()
    assert "solo usted" in text_of(mail)
    assert web.held().suppressed == "left"
    web.client().post(path_of(links_in(mail)[0]))
    assert (web.held().state, web.held().suppressed) == (State.SUBSCRIBED, "")


def test_an_address_gets_one_mail_a_day_and_three_a_month(web: Web, mailbox: Mailbox) -> None:
    came = []
    for _day in range(6):
        for _again in range(2):
            fill(web)
        came.append(len(mailbox.fetch()))
        web.now += timedelta(days=1)
    assert came == [1, 1, 1, 0, 0, 0]


def test_a_mailbox_is_filled_by_no_other_spelling_of_its_address(web: Web, mailbox: Mailbox) -> None:
    for address in ("ana+1@gmail.com", "a.na+2@gmail.com", "ana@googlemail.com", "bo@gmail.com"):
        assert heading(fill(web, address)) == "Mire en su correo."
    assert [mail["To"] for mail in mailbox.fetch()] == ["ana+1@gmail.com", "bo@gmail.com"]


def test_a_form_on_another_site_leads_to_ours_and_does_nothing_by_itself(web: Web, mailbox: Mailbox) -> None:
    foreign = web.client(**EMBEDDED).post("/subscribe", files={"address": (None, ADDRESS), "lang": (None, "ar")})
    assert (foreign.status_code, '<html lang="ar" dir="rtl">' in foreign.text) == (200, True)
    assert f'value="{ADDRESS}"' in foreign.text
    assert mailbox.fetch() == []
    stamp = re.findall('name="made" value="([^"]+)"', foreign.text)[0]
    web.now += timedelta(seconds=3)
    answer = web.client(**OWN).post("/subscribe", data={"address": ADDRESS, "lang": "ar", "made": stamp})
    assert heading(answer) == "انظر في بريدك."
    assert len(mailbox.fetch()) == 1


def test_what_a_program_filled_in_is_thanked_and_forgotten(web: Web, mailbox: Mailbox) -> None:
    person = fill(web)
    assert len(mailbox.fetch()) == 1
    assert fill(web, "bo@example.org", website="https://example.com").content == person.content
    quick = web.client(**OWN).post("/subscribe", data={"address": "bo@example.org", "made": made_now(web)})
    assert "One more step" in quick.text
    stamp = made(web)
    web.now += timedelta(days=1)
    old = web.client(**OWN).post("/subscribe", data={"address": "bo@example.org", "made": stamp})
    assert "One more step" in old.text
    assert stamp not in old.text, "it got a new one"
    assert mailbox.fetch() == []


def made_now(web: Web) -> str:
    stamp = made(web)
    web.now -= timedelta(seconds=8)
    return stamp


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("", 422, "La dirección está vacía."),
        ("ana", 422, "A la dirección le falta la @."),
        ("ana@example", 422, "busque un error"),
        (f"{'a' * 300}@example.org", 422, "254"),
        ("ana@example.org\r\nBcc: bo@example.org", 422, "invisible"),
        ("ana@gmial.com", 200, "¿Quería decir gmail.com?"),
        ("ana@yopmail.com", 200, "no duran"),
    ],
)
def test_what_is_wrong_or_odd_is_said_and_nothing_is_lost(web: Web, address: str, status: int, says: str) -> None:
    answer = fill(web, address)
    assert (answer.status_code, says in answer.text) == (status, True)
    assert 'autofocus aria-describedby="said">' in answer.text, "one is led to it, by eye and by ear"
    assert "<form" in answer.text
    with web.database.read() as session:
        assert session.scalar(select(Notice.id)) is None


def test_the_reader_may_insist_on_an_odd_address(web: Web, mailbox: Mailbox) -> None:
    asked = fill(web, "ana@gmial.com")
    fields = dict(re.findall('name="(made|sure)" value="([^"]*)"', asked.text))
    assert heading(web.client(**OWN).post("/subscribe", data={"address": "ana@gmial.com", "lang": "es"} | fields))
    assert [mail["To"] for mail in mailbox.fetch()] == ["ana@gmial.com"]


def test_a_name_typed_into_the_form_stands_in_no_mail(web: Web, mailbox: Mailbox) -> None:
    fill(web, name="Buy now", brand="Buy now")
    (mail,) = mailbox.fetch()
    assert "Buy now" not in mail.as_string() + text_of(mail)


def test_a_reader_changes_how_it_comes_by_a_link_that_holds_a_day(web: Web, mailbox: Mailbox) -> None:
    web.join("es")
    assert heading(fill(web, path="/preferences")) == "Mire en su correo."
    (mail,) = mailbox.fetch()
    link = path_of(links_in(mail)[0])
    page = web.client().get(link)
    assert ADDRESS not in page.text
    assert "Ana" not in page.text
    saved = web.client().post(link, data={"language": ["en", "es", "xx"], "form": "text", "pause": "2"})
    assert "21 de enero de 2027" in saved.text
    held = web.held()
    assert (held.state, held.languages) == (State.PAUSED, "en,es")
    with web.database.read() as session:
        reader = session.scalars(select(Subscriber)).one()
        assert (reader.plain_text, reader.paused_until) == (True, date(2027, 1, 21))
    web.client().post(link, data={"language": "es", "form": "html", "pause": "0"})
    assert web.held().state is State.SUBSCRIBED
    for hostile in ({"pause": "7"}, {"pause": "-1"}, {"language": ["es"] * 99}, {"pause": "²"}):
        assert web.client().post(link, data=hostile).status_code in (200, 422)
    assert web.held().state is State.SUBSCRIBED
    web.now += timedelta(days=1)
    assert web.client().get(link).status_code == web.client().post(link, data={"pause": "1"}).status_code == 404


def test_what_a_form_is_answered_with_can_be_read_in_another_language(web: Web, mailbox: Mailbox) -> None:
    client = web.client()
    for path, said in (("/subscribe", "Look in your mail."), ("/preferences", "Look in your mail.")):
        (link,) = re.findall('href="([^"]*)" lang="ar"', fill(web, path=path).text)
        assert (heading(client.get(link)), link[:6]) == (words("ar").gettext(said), "/sent/")
    link = path_of(links_in(mailbox.fetch()[0])[0])
    assert 'href="?lang=ar"' in client.post(link).text
    arabic = client.get(f"{link}?lang=ar")
    assert heading(arabic) == words("ar").gettext("You are on the list.")
    assert 'href="/preferences?lang=ar"' in arabic.text, "by the form, as whoever has the mail now may look"
    assert client.get("/sent/elsewhere").status_code == 404


def test_a_reader_does_without_topics_in_their_own_language(web: Web, mailbox: Mailbox) -> None:
    web.join("es")
    fill(web, path="/preferences")
    link = path_of(links_in(mailbox.fetch()[0])[0])
    assert "Temas" not in web.client().get(link).text, "a newsletter without topics says nothing of them"
    with web.database.write() as session:
        (reader,) = session.scalars(select(Subscriber.id))
        housing = topics.make(session, {"en": "Housing", "es": "Vivienda"}).id
        courts = topics.make(session, {"en": "Courts"}).id
    page = web.client().get(link).text
    assert ('dir="auto">Vivienda<' in page, '<span lang="en" dir="auto">Courts<' in page) == (True, True)
    assert page.count(" checked") == 3, "who chose nothing gets everything"
    with web.database.write() as session:
        topics.make(session, {"en": "Youth"})
    saved = web.client().post(link, data={"form": "html", "offered": [housing, courts, 99], "topic": [courts]})
    assert re.findall('name="topic" value="(.)" checked', saved.text) == ["2", "3"], "what came meanwhile is wanted"
    with web.database.read() as session:
        assert topics.unwanted(session, reader) == {housing}
    for hostile in ({"topic": "x"}, {"offered": "-1"}, {"offered": str(2**31)}):
        assert web.client().post(link, data=hostile).status_code == 422


def test_who_is_on_no_list_gets_no_link(web: Web, mailbox: Mailbox) -> None:
    fill(web, path="/preferences")
    assert mailbox.fetch() == []
    with web.database.read() as session:
        assert session.scalar(select(Notice.id)) is None, "and it does not wait for ever"


def test_links_that_do_nothing_more_all_say_the_same(web: Web, mailbox: Mailbox) -> None:
    token = web.join()
    fill(web, "bo@example.org")
    confirm = path_of(links_in(mailbox.fetch()[0])[0])
    paths = [f"/confirm/{token}", f"/preferences/{token}", "/confirm/x", "/preferences/%00", confirm[:-1]]
    paths.append(confirm.replace("confirm", "preferences"))
    web.now += timedelta(days=7)
    answers = {
        (a.status_code, a.text) for path in [*paths, confirm] for a in (web.client().get(path), web.client().post(path))
    }
    assert [status for status, _ in answers] == [404]


def test_pages_for_readers_are_small_and_load_nothing_else(web: Web, mailbox: Mailbox) -> None:
    web.join()
    fill(web)
    preferences, _ = links_in(mailbox.fetch()[0])
    style = len(web.client().get("/site.css").content)
    for path in ("/subscribe?lang=vi", "/preferences?lang=ar", path_of(preferences)):
        page = web.client().get(path)
        assert len(page.content) + style < 30_000
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert page.headers["Referrer-Policy"] == "no-referrer"
        for link in re.findall(r'(?:href|src|action)="([^"]+)"', page.text):
            assert link.startswith(("/", "?"))


SAID = {
    "en": ("after 3 days without an answer", "2 days later", "It holds for 3 days.", "undo it for 2 days"),
    "es": ("tras 3 días sin respuesta", "2 días después", "Sirve durante 3 días.", "durante 2 días"),
    "vi": ("sau 3 ngày không trả lời", "Sau 2 ngày", "dùng được trong 3 ngày", "có 2 ngày để hoàn tác"),
    "ar": ("وبعد 3 أيام بلا جواب", "وبعد يومين", "صالح لمدة 3 أيام", "خلال يومين"),
}


@pytest.mark.parametrize("language", SAID)
def test_pages_and_mails_promise_the_days_that_are_set(web: Web, mailbox: Mailbox, language: str) -> None:
    home = Path(str(web.database.engine.url.database)).parent
    settings = Settings(home=home, sign_up_days=3, undo_days=2, base_url="https://news.example.org")
    web.app = on_stage(web.database, web.vault, settings, clock=lambda: web.now)
    forgotten, erased, holds, undo = SAID[language]
    form = web.client().get(f"/subscribe?lang={language}").text
    assert forgotten in form
    assert erased in form
    fill(web, lang=language)
    (mail,) = mailbox.fetch()
    assert holds in " ".join(text_of(mail).split())
    web.now += timedelta(days=3, seconds=-1)
    page = web.client().post(path_of(links_in(mail)[0]))
    assert page.status_code == 200
    token = make(web.vault, Purpose.LEAVE, 1)
    assert undo in web.client().get(f"/u/{token}?lang={language}").text
    web.client().post(f"/u/{token}")
    web.now += timedelta(days=2, seconds=-1)
    assert web.client(**OWN).post(f"/u/{token}/undo").status_code == 200
    web.now += timedelta(days=1)
    assert heading(web.client().get(path_of(links_in(mail)[0]))) == heading(web.client().get("/confirm/x"))
