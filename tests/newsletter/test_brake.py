"""Where servers refuse nearly everybody it is about us: the mailing pauses, and nobody loses by it."""

import pytest

from newsletter.delivery.brake import FEWEST
from newsletter.delivery.models import MailingState, State
from tests.newsletter.conftest import Newsroom
from tests.newsletter.smtp_server import Script, serving
from tests.newsletter.test_failure_sense import resume, standing, suppressed

ACCEPTED, REFUSED, PENDING = State.ACCEPTED, State.REFUSED, State.PENDING
NOBODY = "550 No such user here"


def people(newsroom: Newsroom, count: int, domain: str = "d{}.example") -> None:
    newsroom.add(*(f"reader{number}@{domain.format(number)}" for number in range(count)))


@pytest.mark.parametrize("said", [NOBODY, "552 5.3.4 message too big"])
def test_where_everybody_is_refused_nobody_is_and_the_mailing_waits_for_a_person(newsroom: Newsroom, said: str) -> None:
    people(newsroom, 40)
    mailing = newsroom.schedule()
    script = Script(to={"": said})
    with serving(script) as (server, port):
        newsroom.send_to(port, connections=5)
        state, note = standing(newsroom, mailing)
        assert state is MailingState.PAUSED
        assert f"the last with “{said}”" in note
        assert (set(newsroom.states(mailing)), suppressed(newsroom)) == ({PENDING}, [])
        script.to.clear()
        resume(newsroom, mailing)
        newsroom.send_to(port, connections=5)
    assert set(newsroom.states(mailing)) == {ACCEPTED}
    assert len(server.recipients) == 40


def test_words_about_our_own_address_refuse_and_suppress_nobody(newsroom: Newsroom) -> None:
    people(newsroom, 40)
    mailing = newsroom.schedule()
    said = "553 sorry, your envelope sender domain does not exist (#5.1.8)"
    with serving(Script(to={"": said})) as (_, port):
        newsroom.send_to(port, connections=5)
    state, note = standing(newsroom, mailing)
    assert state is MailingState.PAUSED
    assert said in note
    assert (set(newsroom.states(mailing)), suppressed(newsroom)) == ({PENDING}, [])


def test_who_got_it_before_the_server_changed_its_mind_keeps_it(newsroom: Newsroom) -> None:
    people(newsroom, 2 * FEWEST + 5)
    mailing = newsroom.schedule()
    with serving(Script({"rcpt": ["250 fine"] * FEWEST + [NOBODY] * (FEWEST + 5)})) as (_, port):
        newsroom.send_to(port)
    assert standing(newsroom, mailing)[0] is MailingState.PAUSED
    assert newsroom.states(mailing) == [ACCEPTED] * FEWEST + [PENDING] * (FEWEST + 5)
    assert suppressed(newsroom) == []


@pytest.mark.parametrize(("there", "gone"), [(38, 2), (2, 1), (0, FEWEST - 1)])
def test_where_some_are_gone_they_are_suppressed_and_the_mailing_ends(
    newsroom: Newsroom, there: int, gone: int
) -> None:
    people(newsroom, gone, "gone.example")
    people(newsroom, there)
    mailing = newsroom.schedule()
    with serving(Script(to={"gone.example": NOBODY})) as (_, port):
        newsroom.send_to(port, connections=5)
    assert standing(newsroom, mailing) == (MailingState.FINISHED, "")
    assert newsroom.states(mailing) == [REFUSED] * gone + [ACCEPTED] * there
    assert suppressed(newsroom) == ["bounced"] * gone


def test_who_resumes_without_mending_anything_is_asked_again(newsroom: Newsroom) -> None:
    people(newsroom, 3 * FEWEST)
    mailing = newsroom.schedule()
    with serving(Script(to={"": NOBODY})) as (_, port):
        for _ in range(2):
            newsroom.send_to(port)
            assert standing(newsroom, mailing)[0] is MailingState.PAUSED
            assert (set(newsroom.states(mailing)), suppressed(newsroom)) == ({PENDING}, [])
            resume(newsroom, mailing)


def test_who_resumes_since_they_are_gone_indeed_is_believed(newsroom: Newsroom) -> None:
    people(newsroom, FEWEST + 5, "gone.example")
    people(newsroom, 2)
    mailing = newsroom.schedule()
    with serving(Script(to={"gone.example": NOBODY})) as (_, port):
        newsroom.send_to(port)
        assert standing(newsroom, mailing)[0] is MailingState.PAUSED
        resume(newsroom, mailing)
        newsroom.send_to(port)
    assert standing(newsroom, mailing) == (MailingState.FINISHED, "")
    assert newsroom.states(mailing) == [REFUSED] * (FEWEST + 5) + [ACCEPTED] * 2
    assert suppressed(newsroom) == ["bounced"] * (FEWEST + 5)
