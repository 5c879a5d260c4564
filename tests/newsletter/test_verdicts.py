"""What servers say, as they say it, and what it means: about the person, about the moment, or about us."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.delivery.models import State
from newsletter.delivery.verdicts import LONGEST_WAIT, Meaning, back_off, meaning, verdict
from newsletter.mail import Reply

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DEADLINE = NOW + timedelta(hours=24)


def said(words: str, *, complete: bool = False, delivery: int = 1) -> Reply:
    code, _, text = words.partition(" ")
    return Reply(delivery, int(code), text, complete)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("250 2.0.0 OK", Meaning.TAKEN),
        ("250 5.7.1 whatever the words are", Meaning.TAKEN),
        ("550 5.1.1 The email account that you tried to reach does not exist", Meaning.NOBODY),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", Meaning.NOBODY),
        ("556 5.1.10 recipient address has null MX", Meaning.NOBODY),
        ("550 5.2.1 The email account that you tried to reach is disabled", Meaning.NOBODY),
        ("550 #5.1.1 unknown user", Meaning.NOBODY),
        ("550 5.2.1 The user is receiving mail at a rate that prevents additional messages", Meaning.REFUSED),
        ("552 5.2.2 mailbox full", Meaning.REFUSED),
        ("552 5.3.4 message too large", Meaning.REFUSED),
        ("550 5.5.0 Requested action not taken: mailbox unavailable", Meaning.REFUSED),
        ("550 sorry, no mailbox here by that name. (#5.1.1)", Meaning.NOBODY),
        ("550 [5.1.1.7] is an IP address", Meaning.REFUSED),
        ("550 5.1.1 <…>: Recipient address rejected: User unknown in relay recipient table", Meaning.NOBODY),
        ("550 5.4.1 Recipient address rejected: Access denied", Meaning.REFUSED),
        ("550 5.7.1 Our system has detected that this message is likely unsolicited mail", Meaning.TURNED_AWAY),
        ("553 5.1.7 bad sender", Meaning.TURNED_AWAY),
        ("550 5.1.8 unknown domain", Meaning.TURNED_AWAY),
        ("553 sorry, your envelope domain does not exist (#5.1.8)", Meaning.TURNED_AWAY),
        ("550 5.1.1 <…>: Sender address rejected: User unknown", Meaning.TURNED_AWAY),
        ("504 5.5.2 <…>: Helo command rejected: need fully-qualified hostname", Meaning.TURNED_AWAY),
        ("503 5.5.1 no", Meaning.TURNED_AWAY),
        ("550 5.7.26 This mail is unauthenticated", Meaning.TURNED_AWAY),
        ("554 5.7.1 blocked using a list; user unknown", Meaning.TURNED_AWAY),
        ("421 4.7.28 Our system has detected an unusual rate of unsolicited mail", Meaning.TURNED_AWAY),
        ("421 4.7.0 temporarily deferred due to unexpected volume or user complaints", Meaning.TURNED_AWAY),
        ("451 4.7.0 low reputation of the sending host", Meaning.TURNED_AWAY),
        ("450 4.2.0 Recipient address rejected: Greylisted", Meaning.LATER),
        ("451 4.7.1 Greylisting in action, please come back later", Meaning.LATER),
        ("451 4.7.1 Service unavailable - try again later", Meaning.LATER),
        ("450 4.2.1 The user is receiving mail at a rate that prevents additional messages", Meaning.LATER),
        ("452 4.2.2 mailbox full", Meaning.LATER),
        ("421 closing", Meaning.LATER),
    ],
)
def test_a_status_code_says_what_is_meant(words: str, meant: Meaning) -> None:
    assert meaning(said(words)) is meant


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("550 No such user here", Meaning.NOBODY),
        ("553 unknown user", Meaning.NOBODY),
        ("550 5.0.0 user unknown", Meaning.NOBODY),
        ("550 Mailbox … does not exist", Meaning.NOBODY),
        ("550 This account has been disabled", Meaning.NOBODY),
        ("550 The recipient could not be found", Meaning.NOBODY),
        ("550 Requested action not taken: mailbox unavailable", Meaning.REFUSED),  # or their policy: RFC 5321 says so
        ("550 Host not found", Meaning.REFUSED),  # whose?
        ("550 Unknown command", Meaning.TURNED_AWAY),
        ("550 unknown sender", Meaning.TURNED_AWAY),
        ("550 Domain of sender address … does not exist", Meaning.TURNED_AWAY),
        ("550 Verification failed for … No Such User Here Sender verify failed", Meaning.TURNED_AWAY),
        ("550 Verification failed for … No such user here", Meaning.TURNED_AWAY),
        ("550 Access denied - Invalid HELO name (host not found)", Meaning.TURNED_AWAY),
        ("550 Service unavailable; client host not found", Meaning.TURNED_AWAY),
        ("550 your account has been disabled", Meaning.TURNED_AWAY),
        ("550 relay not permitted", Meaning.TURNED_AWAY),
        ("550 Administrative prohibition", Meaning.TURNED_AWAY),
        ("530 please sign in", Meaning.TURNED_AWAY),
        ("550 Recipient address rejected: user unknown", Meaning.REFUSED),  # words for both are words for neither
        ("552 unknown user", Meaning.REFUSED),
        ("554 Message blocked as spam", Meaning.TURNED_AWAY),
        ("554 5.0.0 refused by local policy", Meaning.TURNED_AWAY),
        ("550 4.1.1 of another class than the code", Meaning.REFUSED),
        ("550 no", Meaning.REFUSED),
        ("450 too much mail at a high rate", Meaning.TURNED_AWAY),
        ("450 our policy is to greylist", Meaning.LATER),
    ],
)
def test_without_a_status_code_well_known_words_do(words: str, meant: Meaning) -> None:
    assert meaning(said(words)) is meant


def test_after_the_whole_message_words_alone_take_nobody_off_the_list() -> None:
    assert meaning(said("550 mailbox unavailable", complete=True)) is Meaning.REFUSED
    assert meaning(said("550 5.1.1 no such user", complete=True)) is Meaning.NOBODY


def test_silence_is_a_doubt_after_the_whole_message_alone() -> None:
    assert verdict(Reply(1, None, "", complete=True), 1, NOW, DEADLINE) == (State.IN_DOUBT, None)
    assert verdict(Reply(1, None, "", complete=False), 1, NOW, DEADLINE)[0] is State.PENDING


@pytest.mark.parametrize("words", ["450 later", "550 5.7.1 blocked"])
def test_tries_end_at_the_deadline(words: str) -> None:
    assert verdict(said(words), 3, DEADLINE - timedelta(minutes=5), DEADLINE)[0] is State.PENDING
    assert verdict(said(words), 3, DEADLINE - timedelta(minutes=2), DEADLINE) == (State.GIVEN_UP, None)


def test_waits_double_up_to_an_hour_and_differ_by_person() -> None:
    for tries, minutes in ((1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (5000, 60)):
        waits = [back_off(tries, number) for number in range(1, 200)]
        assert timedelta(minutes=minutes * 0.75) <= min(waits) <= max(waits) <= timedelta(minutes=minutes)
        assert len(set(waits)) > 190
    assert back_off(5000, 7) <= LONGEST_WAIT
