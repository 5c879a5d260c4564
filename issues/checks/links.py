"""The links that people enter, and what each answered when it was last tried."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import unquote, urldefrag, urlsplit

import lxml.html
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from issues.models import Issue, LinkAnswer
from issues.rendering.markdown import safe_link, to_html

UNKNOWN_HOST = "unknown-host"
NO_ANSWER = "no-answer"
REFUSED = "refused"
"""What stands for a status: nobody knows the host; it did not answer; it leads where nothing is ever fetched."""

KEPT = timedelta(days=1)
"""A good answer holds so long."""
KEPT_OTHER = timedelta(minutes=1)
"""Any other one: somebody may be mending it, and tries again."""


def leads_somewhere(link: str) -> bool:
    """Whether `link` is an absolute http(s) address with a host, or a mailto or tel address."""
    try:
        parts = urlsplit(safe_link(link))
        return bool(parts.hostname if parts.scheme in ("http", "https") else parts.path)
    except ValueError:  # an unclosed bracket, a port out of range
        return False


def links_in(fields: Mapping[str, str]) -> list[str]:
    """The links of one text that lead somewhere: of its `link`, then of its body as a reader gets it."""
    body = fields.get("body", "")
    anchors = lxml.html.fromstring(f"<div>{to_html(body)}</div>").iter("a") if "](" in body or "<" in body else ()
    links = [fields.get("link", ""), *(str(anchor.get("href") or "") for anchor in anchors)]
    return [safe_link(link) for link in links if leads_somewhere(link)]


def target(link: str) -> str:
    """The address that is tried: of the web, without the place on the page; empty for a phone or mail address."""
    return urldefrag(link).url if link.lower().startswith("http") and "[[" not in unquote(link) else ""


def targets(issue: Issue) -> list[str]:
    """Every address that the issue's texts lead to, in any language; each once."""
    wordings = (wording for passage in issue.passages for wording in passage.wordings)
    links = (target(link) for wording in wordings for link in links_in(wording.fields))
    return [url for url in dict.fromkeys(links) if url]


def last_answers(session: Session, urls: Iterable[str]) -> dict[str, LinkAnswer]:
    """What is known of each address that was tried before."""
    digests = [_digest(url) for url in urls]
    answers = session.scalars(select(LinkAnswer).where(LinkAnswer.digest.in_(digests)))
    return {answer.url: answer for answer in answers}


def due(urls: Iterable[str], answers: Mapping[str, LinkAnswer], now: datetime) -> Iterator[str]:
    """The addresses to try now."""
    for url in urls:
        answer = answers.get(url)
        if answer is None or now - answer.tried_at >= (KEPT if answer.status.startswith("2") else KEPT_OTHER):
            yield url


def keep(session: Session, statuses: Mapping[str, str], now: datetime) -> None:
    """Remember what was answered: address to status. Two that try the same link at once are fine."""
    insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    rows = [{"digest": _digest(url), "url": url, "status": said, "tried_at": now} for url, said in statuses.items()]
    for row in sorted(rows, key=lambda row: str(row["digest"])):  # in one order, so that nobody waits in a circle
        newer = {"status": row["status"], "tried_at": now}
        session.execute(insert(LinkAnswer).values(row).on_conflict_do_update(index_elements=["digest"], set_=newer))


def _digest(url: str) -> str:
    return sha256(url.encode()).hexdigest()
