"""What `newsletter mailings` says to a person, and to a program."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter import config, wiring
from newsletter.cli import app
from newsletter.delivery import control
from newsletter.mail import Barrier, Message, Reply, Take
from newsletter.wiring import utc_now
from subscribers import leaving
from tests.newsletter.conftest import Clock, Newsroom

KEPT, LATER, SILENCE = 250, 450, None


@dataclass
class _Answers:
    """A way out that answers so, one message after the other, and then stops; `meanwhile` comes before each answer."""

    left: list[int | None]
    meanwhile: Callable[[], None] = lambda: None

    def run(self, take: Take, barrier: Barrier) -> None:
        while self.left:
            code, message = self.left.pop(0), take()
            assert isinstance(message, Message)
            barrier([], [message.delivery])
            self.meanwhile()
            barrier([Reply(message.delivery, code, "so they say", complete=True)], [])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """A home whose mailing 1 is due now, for three people."""
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEWSLETTER_KEYS", str(tmp_path / "keys" / "keys.json"))
    made = wiring.make_home(config.load(), "")
    clock = Clock()
    clock.now = utc_now()
    newsroom = Newsroom(replace(made.office, clock=clock), clock)
    newsroom.add("ana", "ben", "cam")
    assert newsroom.schedule(due_at=clock.now) == 1
    yield newsroom
    made.close()


def says(*words: str, answer: str = "", code: int = 0) -> str:
    """What the command says, in one line."""
    done = CliRunner().invoke(app, ["mailings", *words], input=answer, env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def test_one_that_goes_out_says_how_far_it_is_how_fast_and_when_it_goes_on(home: Newsroom) -> None:
    home.send(_Answers([KEPT]))
    said = says("show", "1")
    assert "edition accepted refused given up skipped in doubt waiting people en 1 0 0 0 0 2 3" in said
    assert "33 % settled, at 1 a second. Less than a minute to go." in said
    told = json.loads(says("show", "1", "--json"))
    assert (told["rate"] > 0, told["next_try"]) == (True, None)


def test_where_all_who_wait_wait_for_another_try_no_end_is_promised(home: Newsroom) -> None:
    home.send(_Answers([KEPT, LATER, LATER]))
    said = says("show", "1")
    assert "to go." not in said
    assert "The next try is on" in said
    assert json.loads(says("show", "1", "--json"))["next_try"]


def test_doubts_lead_to_what_settles_them_and_who_left_stays_in_doubt(home: Newsroom) -> None:
    home.send(_Answers([SILENCE, SILENCE, KEPT]))
    assert "In doubt: 2. `newsletter mailings doubts 1` lists them" in says("show", "1")
    with home.office.database.write() as session:
        leaving.leave(session, home.office.journal, 1, home.clock())
    listed = json.loads(says("doubts", "1", "--json"))
    assert [row["reachable"] for row in listed] == ["no", "yes"]
    said = says("doubts", "1", "--send-again")
    assert "Written to again: 1. In doubt still, since they must not be written to any more: 1." in said
    home.send(_Answers([KEPT]))
    assert says("doubts", "1", "--leave") == "Left at that: 1."
    assert "2 accepted + 0 refused + 0 given up + 0 skipped + 1 in doubt = 3 people" in says("show", "1")


def test_what_is_sent_again_in_a_paused_mailing_waits_until_it_is_resumed(home: Newsroom) -> None:
    home.send(_Answers([SILENCE], lambda: _pause(home)))
    said = says("doubts", "1", "--send-again")
    assert said == "Written to again, once `newsletter mailings resume 1` lets it go on: 1."


def test_a_paused_mailing_with_nobody_left_says_so_and_ends_when_it_is_resumed(home: Newsroom) -> None:
    answers = _Answers([KEPT, KEPT, KEPT])
    answers.meanwhile = lambda: _pause(home) if not answers.left else None
    home.send(answers)
    assert "Nobody is left to write to: `newsletter mailings resume 1` ends it." in says("show", "1")
    assert says("resume", "1") == "Mailing 1 ends: nobody was left to write to."
    home.send(_Answers([]))
    assert says("show", "1").startswith("Mailing 1 is finished.")


def test_to_cancel_is_asked_about_and_says_how_many_do_not_get_it(home: Newsroom) -> None:
    assert says("cancel", "1", answer="n\n", code=1).startswith(
        "Whoever it is for will not get it, not now and not later."
    )
    home.send(_Answers([KEPT]))
    assert says("cancel", "1", answer="n\n", code=1).startswith("2 who wait will not get it, not now and not later.")
    assert "Mailing 1 is sending." in says("show", "1")
    assert says("cancel", "1", "--yes") == "Mailing 1 is cancelled. Skipped: 2."


def _pause(home: Newsroom) -> None:
    with home.office.database.write() as session:
        control.pause(session, 1)
