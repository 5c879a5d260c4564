"""Making a reader's message: our compiled edition beside the standard library's email package."""

from datetime import UTC, datetime
from email.message import EmailMessage

from benchmarks.figures import Figure, Work, per_second
from issues.rendering import Brand, render
from newsletter.delivery.message import CompiledEdition, Letterhead, Reader
from tests.issues.sample import sample_issue

COUNT = 200
BRAND = Brand("The Network", "#1d2b4f", "#a63a12", "PO Box 1, Oakland")
READER = Reader(
    "ana@example.org",
    "Ana Núñez",
    f"https://news.example.org/u/{'A' * 22}",
    "A" * 22,
    datetime(2021, 11, 30, tzinfo=UTC),
)


def measure() -> list[Figure]:
    """The Spanish edition of the sample issue, inspected as it is made."""
    rendered = render(sample_issue(), "es", BRAND)
    compiled = CompiledEdition(
        letterhead=Letterhead("The Network <news@example.org>", "", "news.example.org"),
        subject=rendered.subject,
        language="es",
        html=rendered.html,
        text=rendered.text,
        campaign="sample",
    )

    def ours() -> None:
        for _ in range(COUNT):
            compiled.message(READER)

    def peer() -> None:
        for _ in range(COUNT):
            mail = EmailMessage()
            mail["From"], mail["To"] = "The Network <news@example.org>", f"{READER.name} <{READER.address}>"
            mail["Subject"] = rendered.subject
            mail.set_content(_filled(rendered.text), cte="quoted-printable")
            mail.add_alternative(_filled(rendered.html), subtype="html", cte="quoted-printable")
            mail.as_bytes()

    return per_second("messages made", Work("ours", COUNT, ours), Work("email.message", COUNT, peer))


def _filled(content: str) -> str:
    return content.replace("[[unsubscribe_url]]", READER.unsubscribe_url)
