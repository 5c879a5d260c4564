"""Strangers cannot make the form a weapon: under attack browsers work or wait, and networks are counted apart."""

import hashlib
import re
from datetime import timedelta
from itertools import count

import httpx2
import pytest
from starlette.requests import Request

from newsletter.web import gate
from tests.web.caught import Mailbox
from tests.web.conftest import ADDRESS, Web
from tests.web.desk import desk_client
from tests.web.joining import OWN, fill, heading


@pytest.fixture
def attack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FREE_FOR_ALL", 0)
    monkeypatch.setattr(gate, "BITS", 4)


def test_under_attack_a_browser_works_or_waits(web: Web, mailbox: Mailbox, attack: None) -> None:
    page = fill(web)
    assert heading(page) == "Un momento, por favor."
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    fields = fields_of(page)
    again = web.client(**OWN).post("/subscribe", data=fields)
    assert "Todavía no ha pasado" in again.text
    answer = next(str(n) for n in count() if digest_of(fields["ticket"], n)[0] < 16)
    assert heading(web.client(**OWN).post("/subscribe", data=fields | {"proof": answer})) == "Mire en su correo."
    other = fields | {"proof": answer, "address": "bo@example.org"}
    assert heading(web.client(**OWN).post("/subscribe", data=other)) == "Un momento, por favor.", "one address each"
    fields = fields_of(fill(web))
    web.now += timedelta(minutes=1)
    assert heading(web.client(**OWN).post("/subscribe", data=fields)) == "Mire en su correo.", "patience does it too"
    assert heading(web.client(**OWN).post("/subscribe", data=fields)) == "Un momento, por favor.", "it lets in once"
    assert [mail["To"] for mail in mailbox.fetch()] == [ADDRESS]
    desk = desk_client(web).client
    pages = "/desk", "/desk/readers"
    assert ["Until 13:00 the form" in desk.get(page).text for page in pages] == [True, True]
    web.now += timedelta(hours=1)
    assert ["small task" in desk.get(page).text for page in pages] == [False, False]


def test_no_answer_proves_nothing_even_by_luck(attack: None) -> None:
    lucky = next(str(n) for n in count() if hashlib.sha256(f"{n}:".encode()).digest()[0] < 16)
    assert not gate.is_proof(lucky, "")


def fields_of(page: httpx2.Response) -> dict[str, str]:
    return dict(re.findall('name="(ticket|made|address|lang|sure)" value="([^"]*)"', page.text))


def digest_of(ticket: str, number: int) -> bytes:
    return hashlib.sha256(f"{ticket}:{number}".encode()).digest()


def test_at_the_end_of_patience_nobody_is_let_in(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_FOR_ALL", 0)
    answer = fill(web)
    assert (answer.status_code, heading(answer)) == (429, "Demasiadas personas a la vez.")


@pytest.mark.parametrize(
    ("peer", "passed_on", "proxies", "network"),
    [
        ("198.51.100.7", "203.0.113.9", (), "198.51.100.0/24"),
        ("127.0.0.1", "203.0.113.9", (), ""),
        ("127.0.0.1", "192.0.2.1, 203.0.113.9", ("127.0.0.1",), "203.0.113.0/24"),
        ("127.0.0.1", "203.0.113.9, 10.0.0.2", ("127.0.0.1", "10.0.0.2"), "203.0.113.0/24"),
        ("127.0.0.1", "2001:db8:1:2::3", ("127.0.0.1",), "2001:db8:1::/48"),
        ("127.0.0.1", "::ffff:203.0.113.9", ("127.0.0.1",), "203.0.113.0/24"),
        ("127.0.0.1", "203.0.113.9:4711", ("127.0.0.1",), "203.0.113.0/24"),
        ("127.0.0.1", "[2001:db8:1:2::3]:4711", ("127.0.0.1",), "2001:db8:1::/48"),
        ("127.0.0.1", "unknown", ("127.0.0.1",), ""),
        ("testclient", "", (), ""),
    ],
)
def test_the_network_is_what_the_named_proxy_says(
    peer: str, passed_on: str, proxies: tuple[str, ...], network: str
) -> None:
    headers = [(b"x-forwarded-for", passed_on.encode())]
    request = Request({"type": "http", "client": (peer, 1), "headers": headers})
    assert gate.network_of(request, proxies) == network


def test_networks_are_counted_apart_and_forgotten_within_the_hour(web: Web) -> None:
    counted = gate.Gate()
    one = [counted.way("203.0.113.0/24", web.now) for _ in range(gate.FREE_FOR_ONE + 1)]
    assert one[-2:] == [gate.Way.OPEN, gate.Way.PROOF]
    worked = [counted.way("203.0.113.0/24", web.now, f"ticket {n}") for n in range(gate.FREE_FOR_ALL)]
    assert worked.count(gate.Way.OPEN) == gate.MOST_FOR_ONE - gate.FREE_FOR_ONE
    assert worked[-1] is gate.Way.SHUT
    assert counted.attacked_until(web.now) is not None
    later = web.now + timedelta(hours=1)
    assert counted.attacked_until(later) is None
    assert counted.way("203.0.113.0/24", later) is gate.Way.OPEN
    assert b"203.0.113" not in repr(vars(counted)).encode()


def test_one_network_shuts_nobody_else_out(web: Web) -> None:
    counted = gate.Gate()
    for n in range(gate.MOST_FOR_ALL + 1):
        counted.way("203.0.113.0/24", web.now, f"ticket {n}")
    assert counted.way("198.51.100.0/24", web.now) is gate.Way.PROOF


@pytest.mark.parametrize("worked", ["", "one ticket"])
def test_who_does_no_work_for_each_form_shuts_nobody_out(web: Web, worked: str) -> None:
    """From everywhere, or from where nobody can tell."""
    counted = gate.Gate()
    for _ in range(gate.MOST_FOR_ALL + 1):
        counted.way("", web.now, worked)
    assert counted.way("", web.now) is gate.Way.PROOF
    assert counted.way("", web.now, "another ticket") is gate.Way.OPEN
