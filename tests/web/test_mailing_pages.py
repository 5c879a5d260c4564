"""The desk sends: a calendar, a moment to think, the way out, the report; and test mails before it."""

import html
import json
import re
from copy import deepcopy
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from newsletter.config import Settings
from newsletter.delivery import account
from newsletter.delivery.models import Mailing, MailingState
from newsletter.desk import habits
from newsletter.desk.models import Role
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from subscribers import groups, leaving, topics
from subscribers.models import Subscriber
from tests.journals import journal
from tests.newsletter.smtp_server import DROP, Script, serving
from tests.web.a_month import SLUG, draft, send, subscribe
from tests.web.conftest import Web, on_both_databases
from tests.web.desk import desk_client
from tests.web.stage import on_stage

SCHEDULE = f"/desk/issues/{SLUG}/schedule"
PROOF = f"/desk/issues/{SLUG}/proof"


@pytest.fixture
def month(web: Web) -> Web:
    draft(web)
    subscribe(web, "ana", "ben", "cho")
    subscribe(web, "dan", languages="es")
    return web


def wired_to(web: Web, port: int) -> None:
    """The same pages, with a mail server."""
    settings = Settings(
        home=Path("/nonexistent"),
        base_url="https://news.example.org",
        sender="The Network <news@example.org>",
        postal_address="PO Box 1, Oakland",
        transport=f"smtp://127.0.0.1:{port}?tls=none",
    )
    web.app = on_stage(web.database, web.vault, settings, clock=lambda: web.now)


def settings_for(web: Web, **more: str) -> None:
    settings = Settings(
        home=Path("/nonexistent"),
        base_url="https://news.example.org",
        sender="The Network <news@example.org>",
        postal_address="PO Box 1, Oakland",
        timezone="America/New_York",
        **more,  # type: ignore[arg-type] # pydantic reads them
    )
    web.app = on_stage(web.database, web.vault, settings, clock=lambda: web.now)


def mailings(web: Web) -> list[Mailing]:
    with web.database.read() as session:
        return list(session.query(Mailing).order_by(Mailing.id))


def words(answer: Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def now_please(client: TestClient) -> Response:
    return client.post(SCHEDULE, data={"day": "now"})


def test_a_chosen_hour_is_followed_by_the_time_to_think(month: Web) -> None:
    settings_for(month)
    client = desk_client(month, Role.EDITOR).client
    page = client.get(SCHEDULE)
    assert "When should November go?" in page.text
    assert "New York (Eastern Time)" in page.text
    assert re.search(r"All 4\b", words(page))
    answer = client.post(SCHEDULE, data={"day": "2026-11-24", "at": "10:00", "late": "14:00"})
    assert answer.status_code == 303, words(answer)
    (mailing,) = mailings(month)
    assert f"{mailing.due_at:%d %H:%M}" == "24 15:15"  # UTC
    assert f"{mailing.not_later_than:%d %H:%M}" == "24 19:00"
    assert "November goes on Tuesday, 24 November, at 10:15." in words(client.get(answer.headers["location"]))
    assert client.get(SCHEDULE).headers["location"].endswith(f"/desk/mailings/{mailing.id}")


def test_an_hour_before_the_start_is_after_midnight(month: Web) -> None:
    settings_for(month)
    form = {"day": "2026-11-24", "at": "23:50", "late": "00:30"}
    assert desk_client(month).client.post(SCHEDULE, data=form).status_code == 303
    (mailing,) = mailings(month)
    assert f"{mailing.not_later_than:%d %H:%M}" == "25 05:30"  # UTC


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"day": "2026-11-20", "at": "10:00"}, "has passed"),
        ({"day": "2026-11-24", "at": "10:00", "late": "10:05"}, "must be later"),
        ({"day": "2026-11-24", "at": "half past"}, "an hour like 10:00"),
        ({"day": "<script>", "at": "10:00"}, "Choose a day"),
        ({}, "Choose a day"),
    ],
)
def test_a_time_that_cannot_be_is_said_beside_it(month: Web, form: dict[str, str], said: str) -> None:
    settings_for(month)
    answer = desk_client(month).client.post(SCHEDULE, data=form)
    assert answer.status_code == 422
    assert said in words(answer)
    assert mailings(month) == []


def test_above_a_number_the_number_is_typed(month: Web) -> None:
    settings_for(month)
    with month.database.write() as session:
        habits.keep(session, {"confirm_above": "3"})
    client = desk_client(month).client
    assert "type that number" in words(now_please(client))
    assert client.post(SCHEDULE, data={"day": "now", "readers": "4"}).status_code == 303


def test_an_audience_is_chosen_counted_and_said_from_then_on(month: Web) -> None:
    settings_for(month)
    subscribe(month, *(f"reader{number}" for number in range(6)))
    with month.database.write() as session:
        habits.keep(session, {"confirm_above": "3"})
        groups.make(session, "Press & radio")
        groups.put_in(session, 1, select(Subscriber.id).where(Subscriber.languages == "en"))
        topics.make(session, {"en": "Housing"})
    client = desk_client(month, Role.EDITOR).client
    assert "Press &amp; radio" in client.get(SCHEDULE).text
    part = client.get(f"{SCHEDULE}/who", params={"group": "1", "language": "en"})
    everyone = client.get(f"{SCHEDULE}/who")
    assert ("<html" in part.text, re.search(r"All (\d+)", words(part))[1]) == (False, "9")  # type: ignore[index]
    assert "For readers of English who are in the group “Press &amp; radio”." in words(part)
    assert re.search(r"All 10\b", words(everyone))
    chosen = {"group": "1", "day": "2026-11-24", "at": "10:00"}
    counted = client.post(SCHEDULE, data=chosen | {"what": "count"})
    assert (counted.status_code, 'value="1" checked' in counted.text, 'value="10:00"' in counted.text) == (
        200,
        True,
        True,
    )
    assert "9 people will get it: type that number." in words(client.post(SCHEDULE, data=chosen))
    assert client.post(SCHEDULE, data=chosen | {"readers": "10"}).status_code == 422
    answer = client.post(SCHEDULE, data=chosen | {"readers": "9"})
    (mailing,) = mailings(month)
    assert mailing.audience == "group 1"
    said = "readers who are in the group “Press & radio”"
    for page in (answer.headers["location"], "/desk", f"/desk/issues/{SLUG}"):
        assert said in html.unescape(words(client.get(page))), page
    gone = desk_client(month).client.post("/desk/readers/groups/1/remove")
    assert (gone.status_code, "goes to it" in words(gone)) == (422, True)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"language": "es"}, "All fewer than 5"),
        ({"language": "es"}, "Very few would get it."),
        ({"joined_before": "2020-01-01"}, "Nobody would get it now."),
        ({"group": "9"}, "one that is gone"),
        ({"joined_after": "yesterday"}, "is followed by a day"),
    ],
)
def test_an_audience_that_is_small_or_none_is_said_to_be(month: Web, chosen: dict[str, str], said: str) -> None:
    settings_for(month)
    client = desk_client(month, Role.EDITOR).client
    assert said in words(client.post(SCHEDULE, data=chosen | {"what": "count", "day": "now"}))


@pytest.mark.parametrize("chosen", [{"group": "9"}, {"language": "vi"}, {"not_got": "2020-01"}, {"topic": "x"}])
def test_an_audience_that_cannot_be_is_not_scheduled(month: Web, chosen: dict[str, str]) -> None:
    settings_for(month)
    assert desk_client(month).client.post(SCHEDULE, data=chosen | {"day": "now"}).status_code == 422
    assert mailings(month) == []


def test_what_blocks_is_listed_and_waived_by_name(web: Web) -> None:
    draft(web, ready=False)
    settings_for(web)
    client = desk_client(web, Role.EDITOR).client
    page = client.get(SCHEDULE)
    assert "It cannot go yet." in page.text
    assert now_please(client).status_code == 422
    for check, language in set(
        re.findall(r'name="check" value="([^"]+)".*?name="language" value="([^"]*)"', page.text)
    ):
        form = {"check": check, "language": language, "reason": "The Spanish page is not there yet."}
        assert client.post(f"{SCHEDULE}/waive", data=form).status_code == 303
    assert now_please(client).status_code == 303


@on_both_databases
def test_one_button_stops_everything_and_another_time_can_be_chosen(month: Web) -> None:
    settings_for(month)
    client = desk_client(month, Role.EDITOR).client
    place = now_please(client).headers["location"]
    assert "November goes in 15 minutes." in words(client.get(place))
    assert client.post(f"{place}/cancel").status_code == 303
    stopped = client.get(place)
    assert "nobody was written to" in words(stopped)
    assert 'aria-current="step">Wait a moment' in stopped.text, "nothing went out, so there is no report"
    assert now_please(client).status_code == 303
    assert [mailing.state for mailing in mailings(month)] == [MailingState.CANCELLED, MailingState.SCHEDULED]


@on_both_databases
def test_a_mailing_goes_out_and_reports_everyone_once(month: Web, tmp_path: Path) -> None:
    settings_for(month)
    editor, keeper = desk_client(month, Role.EDITOR).client, desk_client(month, Role.LIST_KEEPER).client
    place = now_please(editor).headers["location"]
    month.now += timedelta(minutes=16)
    script = Script({"rcpt": ["250 fine", "550 5.1.1 no such user"], "after": ["250 kept", DROP]}, echo=True)
    with serving(script) as (_, port):
        send(month, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), tmp_path)
    report = editor.get(place)
    said = words(report)
    assert "November went." in said
    assert "Of four people 2 were accepted. One person waits for your decision." in said
    assert "1 no such address" in said
    assert "Not counted, ever: who opened it and who clicked." in said
    assert "@example.com" not in report.text
    assert keeper.get(place).text.count("@example.com") == 2
    assert "Send again to 1" in report.text
    assert "Send again" not in keeper.get(place).text  # who may not decide sees no button
    with month.database.write() as session:
        (doubt,) = account.doubts(session, 1)
        leaving.leave(session, journal(), doubt.subscriber or 0, month.now)
    gone = words(editor.get(place))
    assert "One person must not be written to any more, and can only be left." in gone
    assert "Send again" not in gone
    assert editor.post(f"{place}/doubts", data={"choice": "leave"}).status_code == 303
    assert "in doubt." not in words(editor.get(place))


@on_both_databases
def test_who_is_in_doubt_is_written_to_again_where_somebody_says_so(month: Web, tmp_path: Path) -> None:
    settings_for(month)
    client = desk_client(month).client
    place = now_please(client).headers["location"]
    month.now += timedelta(minutes=16)
    with serving(Script({"after": [DROP]})) as (server, port):
        transport = SmtpTransport(SmtpServer("127.0.0.1", port, "none"))
        send(month, transport, tmp_path)
        assert client.post(f"{place}/doubts", data={"choice": "again"}).status_code == 303
        assert "November is going out." in words(client.get(place))
        send(month, transport, tmp_path)
    assert "Of four people 4 were accepted." in words(client.get(place))
    assert len(server.recipients) == 5


def test_who_was_given_up_is_tried_for_another_day_where_somebody_says_so(month: Web, tmp_path: Path) -> None:
    settings_for(month)
    client = desk_client(month).client
    place = now_please(client).headers["location"]
    month.now += timedelta(minutes=16)
    with serving(Script(to={"example.com": "451 later"})) as (server, port):
        transport = SmtpTransport(SmtpServer("127.0.0.1", port, "none"))
        send(month, transport, tmp_path)
        month.now += timedelta(hours=25)
        send(month, transport, tmp_path)
        report = words(client.get(place))
        assert "given up after two tries: their server kept saying “later”" in report
        assert "Try the 4 given up for another day" in report
        assert client.post(f"{place}/given-up").status_code == 303
        assert "November is going out." in words(client.get(place))
        server.script.to.clear()
        month.now += timedelta(minutes=1)
        send(month, transport, tmp_path)
    assert "Of four people 4 were accepted." in words(client.get(place))


def test_the_keeper_reads_what_happened_to_a_reader_and_lifts_a_bounce(month: Web, tmp_path: Path) -> None:
    settings_for(month)
    now_please(desk_client(month, Role.EDITOR).client)
    keeper = desk_client(month, Role.LIST_KEEPER).client
    ana = {"address": "ana@example.com"}
    assert "Waits" not in words(keeper.post("/desk/readers/find", data=ana))
    month.now += timedelta(minutes=16)
    script = Script({"rcpt": ["451 4.2.0 greylisted"]})
    with serving(script) as (server, port):
        transport = SmtpTransport(SmtpServer("127.0.0.1", port, "none", connections=1))
        send(month, transport, tmp_path)
        assert "Tried again today at" in words(keeper.post("/desk/readers/find", data=ana))
        month.now += timedelta(minutes=2)
        server.script.replies["rcpt"] = ["550 5.1.1 no such user"]
        send(month, transport, tmp_path)
    found = words(keeper.post("/desk/readers/find", data=ana))
    assert "2026-11 , in English : refused after two tries" in found
    assert "Tried (New York time)" in found
    assert "today at 07:16 451 4.2.0 greylisted today at 07:18 550 5.1.1 no such user" in found
    assert "their mail server said that nobody is there" in found
    assert "ana@example.com Look" in words(keeper.get("/desk/readers"))
    assert desk_client(month, Role.EDITOR).client.post("/desk/readers/lift", data=ana).status_code == 403
    assert "This reader is written to again." in words(keeper.post("/desk/readers/lift", data=ana))
    assert "ana@example.com" not in keeper.get("/desk/readers").text


def test_while_it_goes_it_can_be_paused_resumed_and_cancelled(month: Web, tmp_path: Path) -> None:
    settings_for(month)
    client = desk_client(month, Role.EDITOR).client
    place = now_please(client).headers["location"]
    month.now += timedelta(minutes=16)
    with serving(Script({"rcpt": ["451 later"] * 4})) as (_, port):
        send(month, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), tmp_path)
    page = client.get(place)
    assert "November is going out." in page.text
    assert 'role="progressbar"' in page.text
    assert "Who waits is tried again from" in words(page)
    assert '<noscript><meta http-equiv="refresh"' in page.text
    settings_for(month, quiet_hours="00:00-23:59")
    waiting = words(client.get(place))
    assert "November goes on today at 23:59." in waiting
    assert "These are the quiet hours; it goes on by itself on " in waiting
    assert client.post(f"{place}/pause").status_code == 303
    assert "Paused by Ana" in words(client.get(place))
    too_late = client.post(f"{place}/pause")
    assert too_late.status_code == 409
    assert "is paused already" in words(too_late)
    assert client.post(f"{place}/resume").status_code == 303
    assert "This cannot be undone" in words(client.get(f"{place}/cancel"))
    assert client.post(f"{place}/cancel").status_code == 303
    assert "November was stopped on the way." in words(client.get(place))


def test_events_say_what_the_page_says_and_end_with_the_mailing(month: Web, tmp_path: Path) -> None:
    settings_for(month)
    client = desk_client(month).client
    place = now_please(client).headers["location"]
    month.now += timedelta(minutes=16)
    with serving() as (_, port):
        send(month, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), tmp_path)
    events = client.get(f"{place}/events")
    assert events.headers["content-type"].startswith("text/event-stream")
    (data,) = re.findall(r"^data: (.*)$", events.text, re.MULTILINE)
    assert json.loads(data)["state"] == "finished"


def test_a_mailing_that_is_not_there_is_a_kind_page(web: Web) -> None:
    client = desk_client(web).client
    for place in ("/desk/mailings/7", "/desk/mailings/7/events", "/desk/mailings/7/cancel", SCHEDULE, PROOF):
        assert client.get(place).status_code == 404
    assert client.get("/desk/mailings/99999999999999").status_code in (404, 422)


def test_a_test_goes_to_anybody_marked_and_is_kept_nowhere(month: Web) -> None:
    with serving() as (server, port):
        wired_to(month, port)
        client = desk_client(month, Role.EDITOR).client
        answer = client.post(PROOF, data={"address": "board@example.net", "edition": "each", "name": "Rosa"})
    assert answer.status_code == 303, words(answer)
    assert "board" not in answer.headers["location"]
    assert server.recipients == ["board@example.net"] * 4
    mails = [message_from_bytes(data, policy=policy.default) for _, data in server.accepted]
    assert all(mail["subject"].startswith("[Test] ") for mail in mails)
    sent = sorted((mail["content-language"], mail["to"].addresses[0].display_name) for mail in mails)
    assert sent == [("en", ""), ("en", "Rosa"), ("es", ""), ("es", "Rosa")]  # over several lines, in any order
    assert "Four test mails on the way." in words(client.get(answer.headers["location"]))


@pytest.mark.parametrize(
    ("script", "address", "said"),
    [
        (Script(), "board", "The address has no @."),
        (Script({"rcpt": ["550 5.7.1 not for you"]}, echo=True), "board@example.net", "did not take 1 of 1 test mails"),
        (Script({"banner": ["554 go away"]}), "board@example.net", "The mail server does not answer."),
    ],
)
def test_a_test_that_cannot_go_says_why(month: Web, script: Script, address: str, said: str) -> None:
    with serving(deepcopy(script)) as (_, port):  # a script is used up, and this one serves both databases
        wired_to(month, port)
        answer = desk_client(month).client.post(PROOF, data={"address": address, "edition": "es"})
    assert answer.status_code == 422
    assert said in words(answer)
    assert answer.text.count("board") == 1  # in the field, to be mended
