"""One line's side of SMTP, without a line: whatever the server says and however it is cut up."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail import Message, Reply
from newsletter.transports.conversation import Conversation, Extensions, Ready

IN_GROUPS = Extensions(pipelining=True)
ONE_BY_ONE = Extensions()
ENVELOPE = b"MAIL FROM:<news@example.org>\r\nRCPT TO:<reader%d@example.org>\r\nDATA\r\n"
ANSWERS = st.sampled_from(
    [
        b"250 2.1.0 fine",
        b"250-fine\r\n250-and more\r\n250 words",
        b"354 go on",
        b"451 4.3.0 later",
        b"550 5.1.1 nobody",
        b"421 closing",
        b"gibberish",
        b"25",
        b"",
        b"\0",
    ]
)


def mail(number: int) -> Message:
    return Message(number, "news@example.org", f"reader{number}@example.org", b"Subject: x\r\n\r\nNews.\r\n")


def said(talk: Conversation) -> bytes:
    """What it wants to send, as if it had been sent."""
    out = b"".join(talk.outgoing)
    talk.outgoing.clear()
    return out


def test_a_dot_leaves_only_when_it_may_and_takes_the_next_offer_along() -> None:
    talk = Conversation(IN_GROUPS)
    talk.offer(mail(1))
    assert said(talk) == ENVELOPE % 1
    assert talk.receive(b"250 ok\r\n250 ok\r\n354 go on\r\n") == [Ready(mail(1))]
    assert not said(talk)
    assert not talk.takes_more
    talk.release()
    talk.offer(mail(2))
    assert said(talk) == mail(1).data + b".\r\n" + ENVELOPE % 2
    assert talk.receive(b"250 kept\r\n250 ok\r\n250 ok\r\n354 go on\r\n") == [
        Reply(1, 250, "kept", complete=True),
        Ready(mail(2)),
    ]


@pytest.mark.parametrize(("unsent", "complete"), [(len(ENVELOPE % 2), True), (len(ENVELOPE % 2) + 1, False)])
def test_who_was_let_go_is_in_doubt_only_once_the_dot_has_left(unsent: int, complete: bool) -> None:
    talk = Conversation(IN_GROUPS)
    talk.offer(mail(1))
    said(talk)
    talk.receive(b"250 ok\r\n250 ok\r\n354 go on\r\n")
    talk.release()
    talk.offer(mail(2))
    talk.outgoing[:] = [b"".join(talk.outgoing)[-unsent:]]
    end = talk.break_off()
    assert end
    assert (end.delivery, end.code, end.complete) == (1, None, complete)


@pytest.mark.parametrize(
    ("answer", "replies"),
    [(b"552 5.3.4 too large", [Reply(1, 552, "5.3.4 too large", complete=True)]), (b"250 kept", [])],
)
def test_an_answer_before_the_dot_has_left_ends_the_line(answer: bytes, replies: list[Reply]) -> None:
    """What is left of the message could be taken for commands, and their answers for those to the next message. A yes
    to what nobody has yet is none."""
    talk = Conversation(IN_GROUPS)
    talk.offer(mail(1))
    said(talk)
    talk.receive(b"250 ok\r\n250 ok\r\n354 go on\r\n")
    talk.release()
    talk.offer(mail(2))
    assert talk.receive(answer + b"\r\n500 what?\r\n") == replies
    assert (talk.closing, talk.offered, talk.was_heard) == (True, mail(2), False)
    end = talk.break_off()
    assert end is None if replies else (end and not end.complete)


def test_a_server_that_takes_one_command_at_a_time_gets_one_at_a_time() -> None:
    talk = Conversation(ONE_BY_ONE)
    talk.offer(mail(1))
    for command, answer in zip((ENVELOPE % 1).splitlines(keepends=True), (b"250 a", b"250 b", b"354 c"), strict=True):
        assert said(talk) == command
        talk.receive(answer + b"\r\n")
    talk.release()
    assert not talk.takes_more
    assert said(talk) == mail(1).data + b".\r\n"
    talk.receive(b"250 kept\r\n")
    assert talk.takes_more


def test_a_message_for_nobody_is_ended_empty_and_counts_for_nobody() -> None:
    """RFC 2920, section 3.1: DATA left before the recipient was refused, and this server wants it all the same."""
    talk = Conversation(IN_GROUPS)
    talk.offer(mail(1))
    said(talk)
    assert talk.receive(b"250 ok\r\n550 nobody\r\n354 go on\r\n") == [Reply(1, 550, "nobody", complete=False)]
    assert (said(talk), talk.takes_more) == (b".\r\n", False)
    assert talk.receive(b"250 kept, whatever it is\r\n") == []
    talk.offer(mail(2))
    assert said(talk) == b"RSET\r\n" + ENVELOPE % 2


def test_what_follows_from_a_refusal_is_no_answer_to_anybody() -> None:
    talk = Conversation(IN_GROUPS)
    talk.offer(mail(1))
    answers = b"552 5.3.4 too large\r\n503 no sender\r\n503 no recipient\r\n"
    assert talk.receive(answers) == [Reply(1, 552, "5.3.4 too large", complete=False)]
    assert talk.takes_more


def test_a_line_that_closes_between_two_messages_fails_neither() -> None:
    talk = Conversation(IN_GROUPS)
    talk.offer(mail(1))
    talk.receive(b"250 ok\r\n250 ok\r\n354 go on\r\n")
    talk.release()
    talk.offer(mail(2))
    said(talk)
    assert talk.receive(b"250 kept\r\n421 enough\r\n503 what?\r\n") == [Reply(1, 250, "kept", complete=True)]
    assert (talk.closing, talk.offered, talk.was_heard, talk.break_off()) == (True, mail(2), False, None)


def test_a_line_that_is_closed_while_nothing_was_asked_is_about_no_message() -> None:
    talk = Conversation(IN_GROUPS)
    assert talk.receive(b"421 4.4.2 idle for too long\r\n") == []
    assert talk.closing
    assert not talk.takes_more


def test_who_was_refused_is_settled_whatever_becomes_of_the_line() -> None:
    talk = Conversation(IN_GROUPS)
    talk.offer(mail(1))
    assert talk.receive(b"250 ok\r\n550 nobody\r\n") == [Reply(1, 550, "nobody", complete=False)]
    assert (talk.offered, talk.takes_more, talk.is_busy) == (None, False, True)


def test_a_refusal_of_our_own_address_is_about_no_message() -> None:
    talk = Conversation(IN_GROUPS)
    talk.offer(mail(1))
    talk.receive(b"550 5.7.1 not you\r\n")
    assert (talk.closing, talk.offered, talk.was_heard) == (True, mail(1), False)


@given(st.lists(ANSWERS, max_size=14), st.lists(st.integers(0, 30), max_size=4), st.booleans())
def test_whatever_is_said_and_however_it_is_cut_up_each_is_answered_for_once(
    answers: list[bytes], cuts: list[int], in_groups: bool
) -> None:
    whole, cut = (_life(answers, edges, IN_GROUPS if in_groups else ONE_BY_ONE) for edges in ([], cuts))
    assert whole == cut
    replies = [what for what in whole if isinstance(what, Reply)]
    assert len({reply.delivery for reply in replies}) == len(replies)
    assert all(reply.complete or reply.code is None or 400 <= reply.code < 600 for reply in replies)


def _life(answers: Sequence[bytes], cuts: Sequence[int], offers: Extensions) -> list[object]:
    """Three messages go out; each question gets the next of the answers, in pieces. What happened, in order."""
    talk, waiting = Conversation(offers), [mail(3), mail(2), mail(1)]
    happened: list[object] = []
    for answer in answers:
        if talk.held:
            talk.release()
        if talk.takes_more and waiting:
            talk.offer(waiting.pop())
        said(talk)
        if talk.closing or not talk.waits:
            break
        line = answer + b"\r\n"
        edges = [0, *sorted(min(edge, len(line)) for edge in cuts), len(line)]
        for start, end in pairwise(edges):
            happened += talk.receive(line[start:end])
    broken = [Reply(talk.offered.delivery, None, "", complete=False)] if talk.offered and talk.was_heard else []
    doubt = talk.break_off()
    return [*happened, *broken, talk.closing, *([doubt] if doubt else [])]
