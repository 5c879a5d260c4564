"""The desk's first page, from an empty desk to a month that went."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update

from issues import composing, editions
from issues.models import Fallback, Issue, Source, SourceKind
from newsletter import journaling
from newsletter.delivery import planning
from newsletter.delivery.models import Delivery, MailingState, State
from newsletter.desk.models import Role
from newsletter.web.month import following
from subscribers.journal import known
from subscribers.models import JournalPlace, Subscriber, Suppression
from subscribers.models import State as Standing
from tests.issues.drafted import resource
from tests.issues.sample import BRAND
from tests.journals import journal
from tests.web.conftest import Web, on_both_databases
from tests.web.desk import desk_client

LANGUAGES = ["en", "es"]


@pytest.fixture
def month(web: Web) -> Web:
    """November 2026 in the making, and two resources that came after its draft."""
    with web.database.write() as session:
        for number, days in ((1, 9), (2, 8), (3, 2), (4, 1)):
            made = resource(session, number, "report", {"en": f"Text <{number}>", "es": f"Texto {number}"})
            made.published_at = web.now - timedelta(days=days)
        draft(web, session)
    return web


def draft(web: Web, session) -> Issue:  # type: ignore[no-untyped-def] # a session, as everywhere
    return composing.draft(
        session,
        slug="2026-11",
        month=date(2026, 11, 1),
        languages=LANGUAGES,
        fallback=Fallback.LABEL,
        now=web.now - timedelta(days=5),
    )


def test_a_newcomer_is_told_what_to_do_first(web: Web) -> None:
    page = desk_client(web).client.get("/desk").text
    assert "<h1>Welcome. Here begins your first issue.</h1>" in page
    assert page.count("<li>") >= 3
    assert "Add a source" in page
    assert "Nothing new is waiting." in page


def test_what_the_issue_lacks_is_said_in_shapes_and_words(month: Web) -> None:
    with month.database.write() as session:
        issue = session.scalars(select(Issue)).one()
        composing.approve(session, issue, keys=["1"], language="en", by="Ana", now=month.now)
    month.join("es")
    page = desk_client(month).client.get("/desk").text
    assert "<h1>November is being written, with nine texts still to come.</h1>" in page
    assert 'aria-label="Spanish: 5 drafts"' in page
    assert 'aria-label="English: 1 approved, 4 drafts"' in page
    assert ">1</strong> reader: " in page
    assert "1 in Spanish" in page
    assert "Text &lt;4&gt;" in page


@on_both_databases
def test_new_resources_become_the_next_month_with_one_button(month: Web) -> None:
    page = desk_client(month).client.get("/desk").text
    assert '<span class="numeral num">2</span> new resources are waiting.' in page
    assert "Two speak more than one language." in page
    if "draft_issue" in page:
        assert 'name="month" value="2026-12"' in page


@on_both_databases
def test_a_mailing_that_went_is_accounted_for(month: Web) -> None:
    with month.database.write() as session:
        issue = session.scalars(select(Issue)).one()
        frozen = {tag: edition.id for tag, edition in editions.freeze(session, issue, BRAND, month.now).items()}
        mailing = planning.schedule(session, issue=issue.id, editions=frozen, due_at=month.now, zone="Europe/Berlin")
        mailing.state, mailing.opened_at = MailingState.FINISHED, month.now
        mailing.finished_at = month.now + timedelta(minutes=6)
        ends = [State.ACCEPTED] * 5 + [State.REFUSED, State.IN_DOUBT]
        session.add_all(Delivery(mailing_id=mailing.id, edition_id=frozen["en"], state=end) for end in ends)
    page = desk_client(month).client.get("/desk").text
    assert "<h1>December can begin.</h1>" in page
    assert "It went to seven people on Saturday, 21 November, in about six minutes." in page
    assert "one is in doubt" in page
    assert '<strong class="num">2</strong> were not, one mark each' in page
    assert '<td role="cell" class="n" data-label="People">7</td>' in page


def test_a_mailing_that_waits_says_when_it_goes(month: Web) -> None:
    with month.database.write() as session:
        issue = session.scalars(select(Issue)).one()
        frozen = {tag: edition.id for tag, edition in editions.freeze(session, issue, BRAND, month.now).items()}
        due = month.now + timedelta(days=3)
        planning.schedule(session, issue=issue.id, editions=frozen, due_at=due, zone="America/New_York")
    page = desk_client(month).client.get("/desk").text
    assert "<h1>November goes on Tuesday, 24 November, at" in page
    assert "Tuesday, 24 November, at 07:00 in New York" in page


def test_a_failing_source_is_named(month: Web) -> None:
    with month.database.write() as session:
        session.add(
            Source(kind=SourceKind.RSS, url="https://wire.example.org/feed?key=secret", failure="It did not answer.")
        )
    page = desk_client(month, Role.LIST_KEEPER).client.get("/desk").text
    assert "wire.example.org" in page
    assert "secret" not in page


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, (2026, 11)),
        (date(2026, 11, 1), (2026, 12)),
        (date(2026, 12, 1), (2027, 1)),
        (date(2021, 11, 1), (2026, 11)),
    ],
)
def test_the_next_month_follows_the_last_and_is_never_past(last: date | None, expected: tuple[int, int]) -> None:
    assert following(last, date(2026, 11, 21)) == date(*expected, 1)


def test_a_database_that_was_put_back_is_said_and_its_owner_lets_it_catch_up(web: Web) -> None:
    token = web.join()
    site = journal()
    journaling.beat(web.database, site, web.now)
    assert web.client().post(f"/u/{token}").status_code == 200
    assert "Nothing goes out." not in desk_client(web).client.get("/desk").text
    journaling.beat(web.database, site, web.now)
    with web.database.write() as session:  # as it was before both
        session.execute(update(JournalPlace).values(lines=2, beat=1))
        session.execute(update(Subscriber).values(state="subscribed", left_at=None))
        session.execute(delete(Suppression))
    editor, owner = desk_client(web, Role.EDITOR).client, desk_client(web).client
    assert "put back from a backup" in editor.get("/desk").text
    assert "/desk/restored" not in editor.get("/desk").text
    assert editor.post("/desk/restored").status_code == 403
    assert '<form method="post" action="/desk/restored">' in owner.get("/desk").text
    back = owner.post("/desk/restored")
    assert back.headers["location"] == "/desk?caught_up=1"
    page = owner.get("/desk?caught_up=1").text
    assert "The journal told of one person since the backup" in page
    assert "Nothing goes out." not in page
    assert web.held().state is Standing.LEFT


def test_a_journal_that_is_missing_is_named_and_no_button_promises_to_help(web: Web) -> None:
    journaling.beat(web.database, journal(), web.now)
    with web.database.read() as session:
        (file,) = known(session, journal()).values()
    file.path.rename(file.path.with_suffix(".away"))
    page = desk_client(web).client.get("/desk").text
    assert file.path.name in page
    assert "/desk/restored" not in page
