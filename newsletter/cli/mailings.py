"""`newsletter mailings ...`"""

from collections.abc import Iterator
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from newsletter import audiences, zones
from newsletter.cli.terminal import LARGEST_NUMBER, AsJson, opened, print_json, print_table, say
from newsletter.delivery import account, control, pacing, planning
from newsletter.delivery.account import Doubt
from newsletter.delivery.models import OUTCOMES, Mailing, MailingState, State
from newsletter.web import spoken
from newsletter.wiring import Newsletter, utc_now
from subscribers import people
from subscribers.grammar import parse

app = typer.Typer(no_args_is_help=True, help="Sends: how they stand, and what to do with them.")

Number = Annotated[int, typer.Argument(max=LARGEST_NUMBER, help="The mailing's number, as `mailings list` shows it.")]


@app.command("list")
def list_(json: AsJson = False) -> None:
    """All mailings, the newest first."""
    with opened() as newsletter, newsletter.database.read() as session:
        rows = [
            (line.mailing.id, line.slug, line.mailing.state, zones.show(line.mailing.due_at, line.mailing.zone))
            for line in account.lines(session)
        ]
    columns = ("mailing", "issue", "state", "due")
    if json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@app.command()
def show(number: Number, json: AsJson = False) -> None:
    """The account: five numbers that add up to everyone counted at the start."""
    with opened() as newsletter, newsletter.database.read() as session:
        mailing = control.find(session, number)
        is_going = mailing.state is MailingState.SENDING
        counted = account.account(session, number)
        rate = account.rate(session, number, utc_now()) if is_going else 0.0
        next_try = account.next_try(session, number) if is_going else None
        reason = account.latest_reason(session, number)
        goes_on = _when_it_goes_on(session, newsletter, mailing, counted, rate)
        questions = list(_questions(session, mailing, counted))
        readers = audiences.in_words(session, parse(mailing.audience))
    if json:
        states = {"state": mailing.state, "note": mailing.note, "people": counted.people, "waiting": counted.waiting}
        states |= {"rate": round(rate, 2), "next_try": next_try, "goes_on": goes_on, "audience": mailing.audience}
        print_json(states | {"outcomes": counted.outcomes, "by_language": counted.by_language})
        return
    say(f"Mailing {number} is {mailing.state}. {mailing.note}".strip())
    say(f"It is for {readers}.")
    _print_account(counted)
    for sentence in filter(None, (_progress(counted, rate), goes_on)):
        say(sentence)
    if next_try:
        say(f"The next try is on {zones.show(next_try, mailing.zone)}. The server's last word: {reason}")
    for question in questions:
        say(question)


@app.command()
def pause(number: Number) -> None:
    """No one more is written to until it is resumed."""
    with opened() as newsletter, newsletter.database.write() as session:
        control.pause(session, number)
    say(f"Mailing {number} is paused; `newsletter mailings resume {number}` goes on.")


@app.command()
def resume(number: Number) -> None:
    """Go on with a paused mailing, or begin one that was held because it was late."""
    with opened() as newsletter, newsletter.database.write() as session:
        control.resume(session, number, utc_now())
        is_over = control.find(session, number).opened_at and not planning.is_anyone_left(session, number)
    say(f"Mailing {number} {'ends: nobody was left to write to' if is_over else 'goes on'}.")


@app.command()
def cancel(
    number: Number, yes: Annotated[bool, typer.Option("--yes", help="Do not ask; it cannot be undone.")] = False
) -> None:
    """Skip everyone who was not written to yet, for good."""
    with opened() as newsletter:
        with newsletter.database.read() as session:
            state, before = control.find(session, number).state, account.account(session, number)
        if state in control.STOPPABLE and not yes:
            who = f"{before.waiting} who wait" if before.people else "Whoever it is for"
            typer.confirm(f"{who} will not get it, not now and not later. Cancel mailing {number}?", abort=True)
        with newsletter.database.write() as session:
            control.cancel(session, number, utc_now())
            after = account.account(session, number)
    say(f"Mailing {number} is cancelled. Skipped: {before.waiting - after.waiting}.")
    if after.waiting:
        say(f"In a sender's hands: {after.waiting}. Whose mail is not just leaving is skipped as well.")


@app.command()
def doubts(
    number: Number,
    send_again: Annotated[bool, typer.Option("--send-again", help="Write to all of them once more.")] = False,
    leave: Annotated[bool, typer.Option("--leave", help="Leave it at that.")] = False,
    json: AsJson = False,
) -> None:
    """Who may or may not have got it: for a person to decide, unless a provider that was asked knows."""
    if send_again and leave:
        raise typer.BadParameter("choose one of --send-again and --leave")
    with opened() as newsletter:
        if send_again or leave:
            _settle(newsletter, number, send_again=send_again)
            return
        with newsletter.database.read() as session:
            control.find(session, number)
            found = [*account.doubts(session, number), *account.settled_by_events(session, number)]
            rows = [_named(session, newsletter, doubt) for doubt in found]
    columns = ("delivery", "person", "language", "state", "why", "reachable")
    if json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@app.command("retry-given-up")
def retry_given_up(number: Number) -> None:
    """Try those who were given up for another day."""
    with opened() as newsletter, newsletter.database.write() as session:
        back = control.retry_given_up(session, number, utc_now())
        then = _once_resumed(session, number)
    say(f"Tried for another day{then}: {back}.")


def _settle(newsletter: Newsletter, number: int, *, send_again: bool) -> None:
    """Settle the doubts, and say of how many people."""
    with newsletter.database.write() as session:
        settled = control.settle_doubts(session, number, send_again=send_again, now=utc_now())
        then = _once_resumed(session, number)
        others = len(account.doubts(session, number))
    say(f"Written to again{then}: {settled}." if send_again else f"Left at that: {settled}.")
    if others:
        say(
            f"In doubt still, since they must not be written to any more: {others}. "
            f"`newsletter mailings doubts {number} --leave` leaves it at that."
        )


def _once_resumed(session: Session, number: int) -> str:
    """For a paused mailing, in which nobody is written to: what must be done first."""
    is_paused = control.find(session, number).state is MailingState.PAUSED
    return f", once `newsletter mailings resume {number}` lets it go on" if is_paused else ""


def _print_account(counted: account.Account) -> None:
    """The five numbers by language, who still waits, and their sum."""
    rows = []
    for language, states in counted.by_language.items():
        outcomes = [states.get(outcome, 0) for outcome in OUTCOMES]
        rows.append((language, *outcomes, sum(states.values()) - sum(outcomes), sum(states.values())))
    if rows:
        print_table(("edition", *OUTCOMES, "waiting", "people"), rows)
    say(f"{counted.sentence}.")


def _progress(counted: account.Account, rate: float) -> str:
    """`40 % settled, at 12 people a second.`; empty where nobody waits."""
    if not counted.waiting:
        return ""
    speed = f", at {max(1, round(rate))} a second" if rate else ""
    return f"{100 * (counted.people - counted.waiting) // counted.people} % settled{speed}."


def _questions(session: Session, mailing: Mailing, counted: account.Account) -> Iterator[str]:
    """What waits for a person, each with the command that settles it."""
    number, is_cancelled = mailing.id, mailing.state is MailingState.CANCELLED
    if doubts := len(account.doubts(session, number)):
        how = "--leave" if is_cancelled else "--send-again or --leave"
        yield f"In doubt: {doubts}. `newsletter mailings doubts {number}` lists them, with {how} it settles them."
    if (given_up := counted.outcomes[State.GIVEN_UP]) and not is_cancelled:
        yield f"Given up: {given_up}. `newsletter mailings retry-given-up {number}` tries them for another day."
    if mailing.state is MailingState.PAUSED and mailing.opened_at and not counted.waiting:
        yield f"Nobody is left to write to: `newsletter mailings resume {number}` ends it."


def _when_it_goes_on(
    session: Session, newsletter: Newsletter, mailing: Mailing, counted: account.Account, rate: float
) -> str:
    """Why it waits and until when, or how long it takes; empty where there is nothing to say."""
    now = utc_now()
    if mailing.state is not MailingState.SENDING or not counted.waiting:
        return ""
    if wait := pacing.outlook(session, newsletter.pace, now):
        return wait.sentence
    left = pacing.time_left(newsletter.pace, counted.waiting, rate, now)
    if not left or account.is_all_tried(session, mailing.id):  # how long that takes is for their servers to say
        return ""
    return f"{spoken.span(left.total_seconds()).capitalize()} to go."


def _named(session: Session, newsletter: Newsletter, doubt: Doubt) -> tuple[int, str, str, str, str, str]:
    address = "erased since"
    if doubt.subscriber is not None:
        address = people.address_of(session, newsletter.vault, doubt.subscriber)
    why = doubt.reason if doubt.state is State.IN_DOUBT else account.BY_EVENTS
    return doubt.delivery, address, doubt.language, doubt.state, why, "yes" if doubt.is_reachable else "no"
