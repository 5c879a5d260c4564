"""`newsletter mailings ...`"""

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from newsletter import audiences, zones
from newsletter.cli.terminal import LARGEST_NUMBER, AsJson, opened, print_json, print_table, say
from newsletter.delivery import account, control, pacing
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
        counted = account.account(session, number)
        next_try = account.next_try(session, number)
        reason = account.latest_reason(session, number)
        goes_on = _when_it_goes_on(session, newsletter, mailing, counted)
        readers = audiences.in_words(session, parse(mailing.audience))
    if json:
        states = {"state": mailing.state, "note": mailing.note, "people": counted.people, "waiting": counted.waiting}
        states |= {"goes_on": goes_on, "audience": mailing.audience}
        print_json(states | {"outcomes": counted.outcomes, "by_language": counted.by_language})
        return
    say(f"Mailing {number} is {mailing.state}. {mailing.note}".strip())
    say(f"It is for {readers}.")
    print_account(counted)
    if goes_on:
        say(goes_on)
    if next_try:
        say(f"The next try is on {zones.show(next_try, mailing.zone)}. The server's last word: {reason}")


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
    say(f"Mailing {number} goes on.")


@app.command()
def cancel(number: Number) -> None:
    """Skip everyone who was not written to yet."""
    with opened() as newsletter, newsletter.database.write() as session:
        control.cancel(session, number, utc_now())
    say(f"Mailing {number} is cancelled.")


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
            with newsletter.database.write() as session:
                control.find(session, number)
                settled = control.settle_doubts(session, number, send_again=send_again, now=utc_now())
            say(f"{settled} doubts settled: {'they are written to again' if send_again else 'left as they are'}.")
            return
        with newsletter.database.read() as session:
            control.find(session, number)
            found = [*account.doubts(session, number), *account.settled_by_events(session, number)]
            rows = [_named(session, newsletter, doubt) for doubt in found]
    columns = ("delivery", "person", "language", "state", "why")
    if json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@app.command("retry-given-up")
def retry_given_up(number: Number) -> None:
    """Try those who were given up for another day."""
    with opened() as newsletter, newsletter.database.write() as session:
        back = control.retry_given_up(session, number, utc_now())
    say(f"{back} people who were given up are tried for another day.")


def print_account(counted: account.Account) -> None:
    """The five numbers by language, and their sum."""
    rows = [
        (language, *(states.get(outcome, 0) for outcome in OUTCOMES), sum(states.values()))
        for language, states in counted.by_language.items()
    ]
    if rows:
        print_table(("edition", *OUTCOMES, "people"), rows)
    say(f"{counted.sentence}.")


def _when_it_goes_on(session: Session, newsletter: Newsletter, mailing: Mailing, counted: account.Account) -> str:
    """Why it waits and until when, or how long it takes; empty where there is nothing to say."""
    now = utc_now()
    if mailing.state is not MailingState.SENDING or not counted.waiting:
        return ""
    if wait := pacing.outlook(session, newsletter.pace, now):
        return wait.sentence
    left = pacing.time_left(newsletter.pace, counted.waiting, account.rate(session, mailing.id, now), now)
    return f"{spoken.span(left.total_seconds()).capitalize()} to go." if left else ""


def _named(session: Session, newsletter: Newsletter, doubt: Doubt) -> tuple[int, str, str, str, str]:
    address = "erased since"
    if doubt.subscriber is not None:
        address = people.address_of(session, newsletter.vault, doubt.subscriber)
    why = doubt.reason if doubt.state is State.IN_DOUBT else account.BY_EVENTS
    return doubt.delivery, address, doubt.language, doubt.state, why
