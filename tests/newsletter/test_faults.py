"""The matrix of what mail servers do: one row each, suffered by the whole sender, and what a person is told.

After each row the server is as it should be, and whoever waits gets theirs: the account adds up, and by the servers'
own logs nobody has two. Our own misfortunes (disk, database, clock) are in test_faults_at_home.py, kills in
tests/flows/test_crashes.py; what 5.7.x and 4.7.28 make of a domain and of the mailing is in test_failure_sense.py.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.delivery import account, control
from newsletter.delivery.models import Attempt, Delivery, MailingState, State
from tests.newsletter.certificates import Certificates
from tests.newsletter.conftest import NOW, Newsroom
from tests.newsletter.smtp_server import DROP, ENDLESS, STALL, TRICKLE, Script, serving

ACCEPTED, REFUSED, PENDING, IN_DOUBT = State.ACCEPTED, State.REFUSED, State.PENDING, State.IN_DOUBT
IMPATIENT: dict[str, Any] = {"timeout": 0.5, "patience": 0.5}
ONE_BY_ONE = ["SIZE"]
"""Of a server without PIPELINING."""
SECRETS = (b"hunter2", b"AHVzZXIAaHVudGVyMg==", b"aHVudGVyMg==")
"""Our password, as it is, and as AUTH PLAIN and LOGIN write it."""
MANY_LINES = "\r\n".join(["250-more words"] * 2000 + ["250 kept"])
WITHOUT_END = "\r\n".join(["220-more words"] * 100_000)
SILENT = "does not answer (no word in time)"
HANGS_UP = "hangs up at once"


@dataclass
class Fault:
    """What a server does to Ana, whose mail is the first of two, and what comes of it."""

    name: str
    replies: dict[str, list[str]]
    ana: State = PENDING
    """After one pass of the job."""
    tries: int = 1
    """Counted for Ana."""
    ben: State = ACCEPTED
    arrives: bool | None = None
    """Whether the server took Ana's message, where that is not what the books say."""
    says: str = ""
    """In what a person reads: the mailing's note, or why Ana's is where it is."""
    paused: bool = False
    """It waits for a person."""
    how: dict[str, Any] = field(default_factory=dict)
    """We connect."""
    server: dict[str, Any] = field(default_factory=dict)
    """More of its script."""
    certificate: tuple[str, int] | None = None
    """Whose name it shows, and for how many days it holds."""


def nobody(name: str, replies: dict[str, list[str]], says: str, **more: Any) -> Fault:
    """A server with which nothing can be done: it costs nobody a try."""
    return Fault(name, replies, tries=0, ben=PENDING, says=says, **more)


FAULTS = [
    # Before any message
    nobody("stalls before the banner", {"banner": [STALL]}, SILENT, how=IMPATIENT),
    nobody("stalls after EHLO", {"ehlo": [STALL]}, SILENT, how=IMPATIENT),
    nobody("hangs up before the banner", {"banner": [DROP]}, HANGS_UP),
    nobody("hangs up after EHLO", {"ehlo": [DROP] * 2}, HANGS_UP),
    nobody("421 for a banner", {"banner": ["421 4.3.2 not now"]}, "turns us away (421)"),
    nobody("421 after EHLO", {"ehlo": ["421 4.3.2 not now"]}, HANGS_UP),
    nobody("a welcome by drops", {}, SILENT, how=IMPATIENT, server={"pause": 0.04}),
    nobody("a welcome without end", {"banner": [WITHOUT_END]}, "does not speak SMTP"),
    nobody("a banner of another protocol", {"banner": ["SSH-2.0-OpenSSH"]}, "does not speak SMTP"),
    nobody("closes at every MAIL", {"mail": ["421 busy"] * 2}, "closes the line at once"),
    nobody("refuses our address", {"mail": ["550 5.7.1 sender not allowed"]}, "check FROM", paused=True),
    # Refused
    Fault("550 5.1.1 for the recipient", {"rcpt": ["550 5.1.1 no such user"]}, REFUSED, says="no such user"),
    Fault("552 for the size", {"mail": ["552 5.3.4 too large"]}, REFUSED, says="too large"),
    Fault("554 to DATA", {"data": ["554 no"]}, REFUSED, says="no"),
    Fault("554 to the message", {"dot": ["554 5.6.0 no thanks"]}, REFUSED, says="no thanks"),
    Fault("550 without end", {"rcpt": ["550 " + "x" * 10_000]}, REFUSED, says="xxx"),
    Fault("550, then silence", {"rcpt": ["550 5.1.1 none"], "nobody": [STALL]}, REFUSED, how=IMPATIENT),
    # Later
    Fault("greylisting", {"rcpt": ["450 4.2.0 greylisted"]}, says="greylisted"),
    Fault("452 to MAIL", {"mail": ["452 4.3.1 full"]}, says="full"),
    Fault("451 to the message", {"dot": ["451 later"]}, says="later"),
    Fault("421 to the recipient", {"rcpt": ["421 closing"]}, says="closing"),
    Fault("421 to DATA", {"data": ["421 closing"]}, says="closing"),
    Fault("421 to the message", {"dot": ["421 closing"]}, says="closing"),
    Fault("421 between two messages", {"mail": ["421 closing"]}, ACCEPTED),
    # It hangs up
    Fault("hangs up at MAIL", {"mail": [DROP]}, ACCEPTED),
    Fault("hangs up at the recipient", {"rcpt": [DROP]}, says="the line broke"),
    Fault("hangs up at DATA", {"data": [DROP]}, says="the line broke"),
    Fault("hangs up after the dot, without the message", {"dot": [DROP]}, IN_DOUBT, says="no answer"),
    Fault("hangs up after the dot, with the message", {"after": [DROP]}, IN_DOUBT, arrives=True, says="no answer"),
    # It falls silent
    Fault("stalls at MAIL", {"mail": [STALL]}, ACCEPTED, how=IMPATIENT),
    Fault("stalls at the recipient", {"rcpt": [STALL]}, says="the line broke", how=IMPATIENT),
    Fault("stalls at DATA", {"data": [STALL]}, says="the line broke", how=IMPATIENT),
    Fault("stalls after the dot", {"after": [STALL]}, IN_DOUBT, arrives=True, says="no answer", how=IMPATIENT),
    # It talks nonsense
    Fault("a yes without a message", {"data": ["250 what?"]}, says="the line broke"),
    Fault("nonsense to the recipient", {"rcpt": ["gibberish"]}, says="the line broke"),
    Fault("wants more after the dot", {"dot": ["354 go on"]}, IN_DOUBT, says="no answer"),
    Fault("nonsense after the dot", {"after": ["gibberish"]}, IN_DOUBT, arrives=True, says="no answer"),
    Fault("NUL after the dot", {"after": ["\0\0\0"]}, IN_DOUBT, arrives=True, says="no answer"),
    Fault("NUL in a refusal", {"rcpt": ["550 5.1.1 no\0body\0"]}, REFUSED, says="no body"),
    Fault("a line without end", {"after": ["2" * 10_000]}, IN_DOUBT, arrives=True, says="no answer"),
    # Slow, and at length
    Fault("an answer without end", {"after": [ENDLESS]}, IN_DOUBT, arrives=True, says="no answer"),
    Fault("a reply of 2,000 lines", {"after": [MANY_LINES]}, ACCEPTED),
    Fault("a byte at a time", {}, ACCEPTED, server={"pause": 0.004}),
    # Commands one by one
    Fault("one by one: 550", {"rcpt": ["550 5.1.1 no such user"]}, REFUSED, server={"extensions": ONE_BY_ONE}),
    Fault("one by one: 450", {"rcpt": ["450 4.2.0 greylisted"]}, server={"extensions": ONE_BY_ONE}),
    Fault("one by one: 552", {"mail": ["552 5.3.4 too large"]}, REFUSED, server={"extensions": ONE_BY_ONE}),
    Fault("one by one: 554 to DATA", {"data": ["554 no"]}, REFUSED, server={"extensions": ONE_BY_ONE}),
    Fault("one by one: 451", {"dot": ["451 later"]}, server={"extensions": ONE_BY_ONE}),
    Fault("one by one: hangs up", {"after": [DROP]}, IN_DOUBT, arrives=True, server={"extensions": ONE_BY_ONE}),
]


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """What servers do has no SQL of its own."""
    return f"sqlite:///{tmp_path / 'newsletter.db'}"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_whatever_a_server_does_everyone_is_accounted_for(newsroom: Newsroom, fault: Fault) -> None:
    suffer(newsroom, fault)


def suffer(newsroom: Newsroom, fault: Fault, **how: Any) -> None:
    """One pass of the job to a server that does this, a look at what it made of it, then a good server for the rest."""
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()
    with serving(Script(fault.replies, **fault.server)) as (server, port):
        newsroom.send_to(port, **fault.how, **how)
    assert newsroom.states(mailing) == [fault.ana, fault.ben]
    assert ("ana@example.org" in server.recipients) == (fault.ana is ACCEPTED if fault.arrives is None else True)
    _is_told(newsroom, mailing, fault)
    with serving() as (good, port):
        _come_to_the_end(newsroom, mailing, port)
    found = newsroom.account(mailing)
    arrived = Counter(server.recipients + good.recipients)
    assert (found.people, found.waiting) == (2, 0), found.sentence
    assert max(arrived.values()) == 1
    assert found.outcomes[ACCEPTED] <= len(arrived) <= found.outcomes[ACCEPTED] + found.outcomes[IN_DOUBT]
    assert not any(secret in b"".join(server.in_clear) for secret in SECRETS)


def _is_told(newsroom: Newsroom, mailing: int, fault: Fault) -> None:
    with newsroom.office.database.read() as session:
        found = control.find(session, mailing)
        delivery = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert delivery
        waits = PENDING in (fault.ana, fault.ben)
        left = MailingState.SENDING if waits else MailingState.FINISHED
        assert found.state is (MailingState.PAUSED if fault.paused else left)
        assert fault.says in (found.note or delivery.reason)
        assert delivery.tries == (fault.tries if fault.ana is not ACCEPTED else 1)
        attempts = session.scalars(select(Attempt.id).where(Attempt.delivery_id == delivery.id)).all()
        assert len(attempts) == delivery.tries


def _come_to_the_end(newsroom: Newsroom, mailing: int, port: int) -> None:
    """A person resumes what waits for one, and time passes."""
    for _ in range(3):
        with newsroom.office.database.write() as session:
            if control.find(session, mailing).state is MailingState.PAUSED:
                control.resume(session, mailing, newsroom.clock())
        newsroom.send_to(port)
        newsroom.later(hours=1)


def secured(name: str, says: str, replies: dict[str, list[str]] | None = None, **more: Any) -> Fault:
    """Signing in to a server goes wrong; our password never leaves in clear."""
    return nobody(name, replies or {}, says, **({"certificate": ("localhost", 1)} | more))


SIGN_INS = [
    secured("STARTTLS missing", "offers no encryption", certificate=None, paused=True),
    secured("STARTTLS not now", "turns us away (454)", {"starttls": ["454 4.7.0 no TLS now"]}),
    secured("STARTTLS broken", "fails at the encryption it offers", {"starttls": ["220 go on\r\ngibberish"]}),
    secured("hangs up at STARTTLS", HANGS_UP, {"starttls": [DROP]}),
    secured("stalls at STARTTLS", SILENT, {"starttls": [STALL]}, how=IMPATIENT),
    secured("an expired certificate", "not good for its name today", certificate=("localhost", -1), paused=True),
    secured("another's certificate", "not good for its name today", certificate=("example.org", 1), paused=True),
    secured("421 after STARTTLS", HANGS_UP, {"ehlo": ["250-sink\r\n250 STARTTLS", "421 4.3.2 not now"]}),
    secured("535 to the password", "mend TRANSPORT", {"auth": ["535 5.7.8 wrong"]}, paused=True),
    secured("454 to the password", "cannot check our password now", {"auth": ["454 4.7.0 down for now"]}),
    secured("421 to the password", "cannot check our password now", {"auth": ["421 4.3.2 going down"]}),
    secured("stalls at the password", SILENT, {"auth": [STALL]}, how=IMPATIENT),
]


@pytest.mark.parametrize("fault", SIGN_INS, ids=lambda fault: fault.name)
def test_whatever_goes_wrong_at_the_sign_in_no_password_leaves_in_clear(
    newsroom: Newsroom, certificates: Certificates, fault: Fault
) -> None:
    fault.server = {"extensions": ["AUTH PLAIN"]}
    if fault.certificate:
        fault.server["tls"] = certificates.server(*fault.certificate)
    suffer(newsroom, fault, host="localhost", security="starttls", user="user", password="hunter2")


@pytest.mark.parametrize("reply", [DROP, TRICKLE])
def test_a_message_that_the_server_stops_taking_in_its_middle_leaves_no_doubt(newsroom: Newsroom, reply: str) -> None:
    """It is longer than what the system takes from us at once, so its dot cannot have left."""
    newsroom.add("ana")
    mailing = newsroom.schedule(filling="x" * 600)
    with serving(Script({"body": [reply]})) as (server, port):
        newsroom.send_to(port, patience=1.0)
        assert (newsroom.states(mailing), server.accepted) == ([PENDING], [])
        newsroom.later(hours=1)
        newsroom.send_to(port)
    assert newsroom.states(mailing) == [ACCEPTED]


@pytest.mark.parametrize("extensions", [["PIPELINING"], ["PIPELINING", "SMTPUTF8"]])
def test_an_address_outside_ascii_is_written_to_where_the_server_takes_it(
    newsroom: Newsroom, extensions: list[str]
) -> None:
    """RFC 6531, section 3.4; the others of the mailing get theirs either way."""
    newsroom.add("niño@bücher.example.com", "ben")
    mailing = newsroom.schedule()
    with serving(Script(extensions=extensions)) as (server, port):
        newsroom.send_to(port)
    takes_it = "SMTPUTF8" in extensions
    assert newsroom.states(mailing) == [ACCEPTED if takes_it else REFUSED, ACCEPTED]
    assert (b"MAIL FROM:<news@example.org> SMTPUTF8 BODY=8BITMIME\r\n" in server.in_clear) is takes_it
    assert ("niño@xn--bcher-kva.example.com" in server.recipients) is takes_it
    with newsroom.office.database.read() as session:
        reason = session.scalars(select(Delivery.reason).order_by(Delivery.id)).first()
        assert ("no SMTPUTF8" in str(reason)) is not takes_it


@pytest.mark.parametrize("people", [4, 60])
def test_a_server_that_never_answers_for_a_message_gets_few_of_them(newsroom: Newsroom, people: int) -> None:
    """Each is a doubt, which a person has to settle."""
    newsroom.add(*[f"reader{number}" for number in range(people)])
    mailing = newsroom.schedule()
    with serving(Script({"after": [DROP] * people})) as (server, port):
        for _ in range(3):
            newsroom.send_to(port, connections=2)
            newsroom.later(hours=1)
        assert 2 <= len(server.accepted) <= 4
    with newsroom.office.database.read() as session:
        found = control.find(session, mailing)
        assert found.state is MailingState.PAUSED
        assert "never answers: look at its log" in found.note
    assert newsroom.account(mailing).outcomes[IN_DOUBT] == len(server.accepted)


def test_450_for_two_hours_is_tried_less_and_less_often_until_it_is_taken(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    waits: list[float] = []
    with serving(Script({"rcpt": ["450 4.2.0 later"] * 99})) as (server, port):
        while (began := newsroom.clock.now) < NOW + timedelta(hours=2):
            newsroom.send_to(port)
            assert newsroom.states(mailing) == [PENDING]
            with newsroom.office.database.read() as session:
                newsroom.clock.now = account.next_try(session, mailing) or began
            waits.append((newsroom.clock.now - began).total_seconds() / 60)
        server.script.replies.clear()
        newsroom.send_to(port)
    assert len(waits) > 6
    most = [1, 2, 4, 8, 16, 32, 60, 60]
    assert all(minutes * 0.75 <= wait <= minutes for wait, minutes in zip(waits, most, strict=False))
    assert newsroom.states(mailing) == [ACCEPTED]
    assert server.recipients == ["ana@example.org"]


def test_a_server_that_closes_after_twenty_messages_costs_nobody_a_try(newsroom: Newsroom) -> None:
    newsroom.add(*[f"reader{number}" for number in range(100)])
    mailing = newsroom.schedule()
    with serving(Script({"mail": (["250 ok"] * 20 + [DROP]) * 9})) as (server, port):
        newsroom.send_to(port, connections=3)
    assert newsroom.account(mailing).outcomes[ACCEPTED] == len(server.accepted) == len(set(server.recipients)) == 100
    with newsroom.office.database.read() as session:
        assert set(session.scalars(select(Delivery.tries))) == {1}
