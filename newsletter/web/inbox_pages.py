"""The inbox of the demonstration: mail that was caught instead of sent. It is open to whoever reaches it."""

import mailbox
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from issues.languages import direction, normal, own_name
from newsletter.web.opened_mail import LARGEST, OpenedMail, framing, html_answer, raw_answer, text_answer
from newsletter.web.site import Site

MOST = 200
"""Mails shown in the list."""

_HEAD = 32 * 1024
"""Bytes that a list reads of each mail: its headers are in there."""


@dataclass(frozen=True)
class Row:
    """A mail in the list."""

    path: str
    """Its key, fit for an address."""
    to: str
    subject: str
    language: str


def make_router(site: Site) -> APIRouter:
    """The routes under /inbox; none but in a demonstration."""
    router = APIRouter()
    if not site.settings.demo:
        return router

    @router.get("/inbox", name="inbox")
    def inbox() -> Response:
        """What was caught, the newest first."""
        keys = newest_first(_folder(site))
        rows = [_row(key, OpenedMail(_read(_folder(site), key, _HEAD))) for key in keys[:MOST]]
        return site.page("inbox/inbox.html", "en", rows=rows, count=len(keys), own_name=own_name, way=direction)

    @router.get("/inbox/{key}", name="mail")
    def mail(key: str) -> Response:
        """One mail: its headers, and how it looks on paper and on a phone."""
        return framing(_mail(site, key, OpenedMail(_read(_folder(site), key))))

    @router.get("/inbox/{key}/html", name="mail_html")
    def html(key: str) -> Response:
        return html_answer(OpenedMail(_read(_folder(site), key)).html)

    @router.get("/inbox/{key}/text", name="mail_text")
    def text(key: str) -> Response:
        return text_answer(OpenedMail(_read(_folder(site), key)).text)

    @router.get("/inbox/{key}/raw", name="mail_raw")
    def raw(key: str) -> Response:
        return raw_answer(_read(_folder(site), key))

    return router


def _mail(site: Site, key: str, mail: OpenedMail) -> Response:
    return site.page(
        "inbox/mail.html",
        "en",
        row=_row(key, mail),
        headers=mail.headers,
        html=mail.html != "",
        leave=_leave_link(mail, site),
        own_name=own_name,
        way=direction,
    )


def _folder(site: Site) -> Path:
    return site.settings.home / "inbox"


def newest_first(folder: Path) -> list[str]:
    """The keys of a Maildir, none where there is no such folder; each begins with the time to the microsecond."""
    try:
        keys = mailbox.Maildir(folder, create=False).keys()
    except (mailbox.NoSuchMailboxError, FileNotFoundError):
        return []
    return sorted(keys, key=lambda key: [int(digits) for digits in re.findall("[0-9]{1,20}", key)], reverse=True)


def _read(folder: Path, key: str, most: int = LARGEST) -> bytes:
    """The beginning of a mail. Only what the Maildir lists is found: a key is never made into a path."""
    try:
        with mailbox.Maildir(folder, create=False).get_file(key) as file:
            return file.read(most)
    except (mailbox.NoSuchMailboxError, FileNotFoundError, KeyError):
        raise HTTPException(404) from None


def _row(key: str, mail: OpenedMail) -> Row:
    return Row(quote(key, safe=""), mail.header("To"), mail.header("Subject"), _language(mail))


def _language(mail: OpenedMail) -> str:
    try:
        return normal(mail.header("Content-Language"))
    except ValueError:
        return ""


def _leave_link(mail: OpenedMail, site: Site) -> str:
    """The page behind the mail's List-Unsubscribe (RFC 2369, section 3.2), where it is ours."""
    ours = re.fullmatch(f"<{re.escape(site.settings.base_url)}(/u/[A-Za-z0-9_-]+)>", mail.header("List-Unsubscribe"))
    return site.root + ours[1] if ours else ""
