"""What servers say against a person, against us, or for now: each is told apart over real SMTP."""

import pytest
from sqlalchemy import func, select, update

from newsletter.delivery import control, planning, reasons
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.models import Delivery, MailingState, State, WaitingDomain
from newsletter.delivery.waiting import WaitingDomains
from newsletter.mail import Reply
from subscribers import suppression
from subscribers.audience import reachable
from subscribers.models import Suppression
from tests.newsletter.conftest import NOW, Newsroom
from tests.newsletter.smtp_server import Script, serving
from tests.newsletter.test_ledger import sender
from tests.subscribers.importer import Importer

POLICY = "550 5.7.1 blocked by policy"
THREE_DOMAINS = ("ana@one.example", "ben@two.example", "cam@three.example")


def standing(newsroom: Newsroom, mailing: int) -> tuple[MailingState, str]:
    with newsroom.office.database.read() as session:
        found = control.find(session, mailing)
        return found.state, found.note


def suppressed(newsroom: Newsroom) -> list[str]:
    with newsroom.office.database.read() as session:
        return list(session.scalars(select(Suppression.reason)))


def waiting_domains(newsroom: Newsroom) -> int:
    with newsroom.office.database.read() as session:
        return session.scalars(select(func.count()).select_from(WaitingDomain)).one()


def opened(newsroom: Newsroom) -> int:
    """A mailing whose people wait."""
    mailing = newsroom.schedule()
    with newsroom.office.database.write() as session:
        planning.open_due(session, NOW)
    return mailing


def turned_away(books: Ledger, delivery: int) -> None:
    books.barrier([], [delivery])
    books.barrier([Reply(delivery, 550, POLICY[4:], complete=True)], [])


def resume(newsroom: Newsroom, mailing: int) -> None:
    with newsroom.office.database.write() as session:
        control.resume(session, mailing, newsroom.clock())


def test_nobody_there_is_refused_and_never_written_to_again(newsroom: Newsroom) -> None:
    ana, ben = newsroom.add("ana", "ben")
    mailing, next_month = newsroom.schedule(), newsroom.schedule("2021-12")
    with serving(Script({"rcpt": ["550 5.1.1 no such user"]})) as (_, port):
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.REFUSED, State.ACCEPTED]
    assert newsroom.states(next_month) == [State.SKIPPED, State.ACCEPTED], "it was open already"
    assert suppressed(newsroom) == ["bounced"]
    assert Importer(newsroom.office.database, newsroom.office.vault).take("email\nana@example.org\n").counts == {
        "away": 1
    }
    with newsroom.office.database.write() as session:
        assert [row.id for row in session.execute(reachable())] == [ben]
        assert suppression.lift(session, ana)
        assert not suppression.lift(session, ana)
        assert [row.id for row in session.execute(reachable())] == [ana, ben]


def test_a_domain_that_turns_us_away_waits_and_the_others_get_theirs(newsroom: Newsroom) -> None:
    newsroom.add("ana@strict.example", "ben@strict.example", "cam@strict.example", "dee", "eva")
    mailing = newsroom.schedule()
    script = Script(to={"strict.example": POLICY})
    with serving(script) as (server, port):
        newsroom.send_to(port)
        assert newsroom.states(mailing) == [State.PENDING] * 3 + [State.ACCEPTED] * 2
        assert (standing(newsroom, mailing), suppressed(newsroom)) == ((MailingState.SENDING, ""), [])
        script.to.clear()
        newsroom.later(seconds=30)
        newsroom.send_to(port)
        assert len(server.recipients) == 2, "within the wait nobody there is asked"
        newsroom.later(minutes=5)
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.ACCEPTED] * 5
    assert (standing(newsroom, mailing), waiting_domains(newsroom)) == ((MailingState.FINISHED, ""), 0)


def test_who_was_not_tried_goes_first_and_two_processes_know_the_same(newsroom: Newsroom) -> None:
    newsroom.add("ana@strict.example", "ben@strict.example", "cam@strict.example")
    mailing = opened(newsroom)
    strict = newsroom.office.vault.hash_domain("strict.example")
    with sender(newsroom, mailing) as books, sender(newsroom, mailing) as others:
        ana, ben = books.claim(2)
        assert books.may_go(ana.delivery, strict)
        turned_away(books, ana.delivery)
        assert not books.may_go(ben.delivery, strict)
        (cam,) = others.claim(2)
        assert not others.may_go(cam.delivery, strict)
        assert others.claim(2) == books.claim(2) == []
        newsroom.later(minutes=1)
        assert [claim.delivery for claim in books.claim(3)] == [ben.delivery, cam.delivery]
        assert books.may_go(ben.delivery, strict)


def test_a_domain_that_takes_our_mail_again_begins_anew(newsroom: Newsroom) -> None:
    newsroom.add("ana@strict.example", "ben@strict.example")
    mailing = opened(newsroom)
    strict = newsroom.office.vault.hash_domain("strict.example")
    with sender(newsroom, mailing) as books:
        ana, ben = books.claim(2)
        for claim in (ana, ben):
            assert books.may_go(claim.delivery, strict)
            books.barrier([], [claim.delivery])
        books.barrier([Reply(ana.delivery, 550, POLICY[4:], complete=True)], [])
        books.barrier([Reply(ben.delivery, 250, "kept", complete=True)], [])
        assert waiting_domains(newsroom) == 1, "what was on its way says nothing"
        newsroom.later(minutes=5)
        (ana,) = books.claim(2)
        assert books.may_go(ana.delivery, strict)
        books.barrier([], [ana.delivery])
        books.barrier([Reply(ana.delivery, 250, "kept", complete=True)], [])
    assert waiting_domains(newsroom) == 0


@pytest.mark.parametrize(
    ("people", "turned", "paused"), [(20, 1, False), (6, 5, True), (300, 5, False), (250, 5, True)]
)
def test_one_in_fifty_pauses_but_few_people_never_do(
    newsroom: Newsroom, people: int, turned: int, paused: bool
) -> None:
    newsroom.add("ana@strict.example")
    mailing = opened(newsroom)
    with newsroom.office.database.write() as session:
        (first,) = session.scalars(select(Delivery))
        row = {"mailing_id": mailing, "edition_id": first.edition_id, "tries": 0}
        session.add_all(Delivery(**row, state=State.PENDING) for _ in range(turned - 1))
        session.add_all(Delivery(**row, state=State.ACCEPTED) for _ in range(people - turned))
    strict = newsroom.office.vault.hash_domain("strict.example")
    with newsroom.office.database.engine.begin() as connection:
        domains = WaitingDomains(connection, mailing)
        for number in range(turned):
            domains.learn(number, strict)
        domains.hear(dict.fromkeys(range(turned), True), set(), NOW)
    with newsroom.office.database.engine.connect() as connection:
        assert WaitingDomains(connection, mailing).pause_if_many("550 5.7.1") is paused
    assert (standing(newsroom, mailing)[0] is MailingState.PAUSED) is paused


@pytest.mark.parametrize("reply", [POLICY, "421 4.7.28 unusual rate of mail"])
def test_where_everybody_turns_us_away_the_mailing_pauses_and_nobody_loses(newsroom: Newsroom, reply: str) -> None:
    newsroom.add(*THREE_DOMAINS, "dee@one.example", "eva@two.example")
    mailing = newsroom.schedule()
    script = Script(to={"": reply})
    with serving(script) as (server, port):
        newsroom.send_to(port)
        state, note = standing(newsroom, mailing)
        assert state is MailingState.PAUSED
        assert "3 mail domains" in note
        assert "resume" in note
        assert "example" not in note
        assert newsroom.states(mailing) == [State.PENDING] * 5
        assert suppressed(newsroom) == []
        script.to.clear()
        resume(newsroom, mailing)
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.ACCEPTED] * 5
    assert len(server.recipients) == 5


def test_domains_that_somebody_resumed_in_spite_of_pause_nothing_again(newsroom: Newsroom) -> None:
    newsroom.add(*THREE_DOMAINS, "dee")
    mailing = newsroom.schedule()
    with serving(Script(to=dict.fromkeys([name.partition("@")[2] for name in THREE_DOMAINS], POLICY))) as (_, port):
        newsroom.send_to(port)
        assert standing(newsroom, mailing)[0] is MailingState.PAUSED
        resume(newsroom, mailing)
        newsroom.send_to(port)
        assert standing(newsroom, mailing) == (MailingState.SENDING, "")
        assert newsroom.states(mailing)[3] is State.ACCEPTED
        newsroom.later(hours=25)
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.GIVEN_UP] * 3 + [State.ACCEPTED]
    assert standing(newsroom, mailing)[0] is MailingState.FINISHED


def test_greylisting_is_about_the_moment_and_one_person(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben", "cam")
    mailing = newsroom.schedule()
    said = ["450 4.2.0 greylisted", "451 4.7.1 greylisting, come back later"]
    with serving(Script({"rcpt": list(said)})) as (_, port):
        newsroom.send_to(port)
        assert newsroom.states(mailing) == [State.PENDING, State.PENDING, State.ACCEPTED]
        assert waiting_domains(newsroom) == 0
        newsroom.later(minutes=5)
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.ACCEPTED] * 3


def test_who_is_behind_a_closed_domain_is_given_up_with_it(newsroom: Newsroom) -> None:
    newsroom.add("ana@strict.example", "ben@strict.example")
    mailing = newsroom.schedule()
    with serving(Script(to={"strict.example": POLICY})) as (_, port):
        newsroom.send_to(port)
        newsroom.later(hours=25)
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.GIVEN_UP] * 2
    with newsroom.office.database.read() as session:
        assert [reason.kind for reason in reasons.reasons(session, mailing)] == [reasons.FILTER]
    assert (standing(newsroom, mailing)[0], waiting_domains(newsroom)) == (MailingState.FINISHED, 0)


def test_a_mailing_that_is_cancelled_keeps_nothing_of_domains(newsroom: Newsroom) -> None:
    newsroom.add("ana@strict.example")
    mailing = newsroom.schedule()
    with serving(Script(to={"strict.example": POLICY})) as (_, port):
        newsroom.send_to(port)
    assert waiting_domains(newsroom) == 1
    with newsroom.office.database.write() as session:
        control.cancel(session, mailing, NOW)
    assert waiting_domains(newsroom) == 0


def test_who_was_given_up_is_tried_for_another_day_where_somebody_says_so(newsroom: Newsroom) -> None:
    newsroom.add("ana@slow.example", "ben", "cam@slow.example")
    mailing = newsroom.schedule()
    database = newsroom.office.database

    def again() -> int:
        with database.write() as session:
            return control.retry_given_up(session, mailing, newsroom.clock())

    script = Script(to={"slow.example": "450 later"})
    with serving(script) as (_, port):
        newsroom.send_to(port)
        newsroom.later(hours=25)
        newsroom.send_to(port)
        assert newsroom.states(mailing) == [State.GIVEN_UP, State.ACCEPTED, State.GIVEN_UP]
        assert standing(newsroom, mailing)[0] is MailingState.FINISHED
        assert (again(), again()) == (2, 0)
        newsroom.send_to(port)
        assert newsroom.states(mailing) == [State.PENDING, State.ACCEPTED, State.PENDING], "for another day"
        script.to.clear()
        newsroom.later(hours=1)
        newsroom.send_to(port)
    assert standing(newsroom, mailing)[0] is MailingState.FINISHED
    assert newsroom.account(mailing).sentence.startswith("3 accepted + 0 refused + 0 given up")


def test_who_was_forgotten_or_cancelled_stays_given_up(newsroom: Newsroom) -> None:
    (ana, _) = newsroom.add("ana", "ben")
    mailing = opened(newsroom)
    with newsroom.office.database.write() as session:
        session.execute(update(Delivery).values(state=State.GIVEN_UP))
        session.execute(update(Delivery).where(Delivery.subscriber_id == ana).values(subscriber_id=None))
        assert control.retry_given_up(session, mailing, NOW) == 1
        control.cancel(session, mailing, NOW)
        with pytest.raises(control.MailingError, match="cancelled"):
            control.retry_given_up(session, mailing, NOW)
    assert newsroom.states(mailing) == [State.GIVEN_UP, State.SKIPPED]
