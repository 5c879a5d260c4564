"""What servers answer that no book foresees: each person still ends as one of five, and others do not wait."""

import pytest

from newsletter.delivery import control
from newsletter.delivery.models import MailingState, State
from newsletter.mail import SendError
from newsletter.transports.smtp import SmtpServer, connect
from tests.newsletter.conftest import Newsroom
from tests.newsletter.smtp_server import DROP, Script, serving

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no SQL of its own

MANY_LINES = "\r\n".join(["250-more words"] * 2000 + ["250 kept"])


@ON_SQLITE
@pytest.mark.parametrize(
    ("moment", "reply", "outcome", "arrives"),
    [
        ("data", "250 what?", State.PENDING, False),  # a yes without a message is no yes
        ("dot", "354 go on", State.IN_DOUBT, False),
        ("after", "gibberish", State.IN_DOUBT, True),
        ("after", "\0\0\0", State.IN_DOUBT, True),
        ("after", "2" * 10_000, State.IN_DOUBT, True),
        ("after", MANY_LINES, State.ACCEPTED, True),
        ("rcpt", "gibberish", State.PENDING, False),
        ("rcpt", DROP, State.PENDING, False),
        ("rcpt", "550 " + "x" * 10_000, State.PENDING, False),
        ("data", "421 closing", State.PENDING, False),
        ("mail", "421 closing", State.ACCEPTED, True),  # an idle line that is closed is nobody's failure
    ],
)
def test_an_answer_out_of_step_is_taken_for_what_it_is(
    newsroom: Newsroom, moment: str, reply: str, outcome: State, arrives: bool
) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    with serving(Script({moment: [reply]})) as (server, port):
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [outcome, State.ACCEPTED]
    assert ("ana@example.org" in server.recipients) == arrives
    assert server.recipients.count("ben@example.org") == 1


@ON_SQLITE
def test_one_whose_address_makes_the_server_hang_up_holds_nobody_up(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben", "cam")
    mailing = newsroom.schedule()
    with serving(Script({"rcpt": [DROP, "250 fine", DROP]})) as (_server, port):
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [State.PENDING, State.ACCEPTED, State.PENDING]


@ON_SQLITE
def test_a_server_that_closes_at_once_costs_nobody_a_try(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    with serving(Script({"mail": ["421 busy"] * 2})) as (_server, port):
        newsroom.send_to(port)
    with newsroom.office.database.read() as session:
        found = control.find(session, mailing)
    assert (found.state, newsroom.states(mailing)) == (MailingState.SENDING, [State.PENDING] * 2)
    assert "closes the line at once" in found.note


@pytest.mark.parametrize(
    ("answer", "permanent"), [("535 5.7.8 wrong", True), ("454 4.7.0 down for now", False), ("334 a", True)]
)
def test_a_sign_in_that_cannot_be_checked_now_is_tried_again(answer: str, permanent: bool) -> None:
    script = Script({"auth": [answer]}, ["AUTH CRAM-MD5"])
    with serving(script) as (_server, port), pytest.raises(SendError) as error:
        connect(SmtpServer("127.0.0.1", port, "none", "user", "hunter2", timeout=5))
    assert error.value.permanent is permanent
    assert "hunter2" not in str(error.value)
