"""The second half of the story: while November is with its readers, this month's issue is half done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from issues import composing, editing, exchange
from issues.editing import Seen
from issues.matrix import CellState, matrix, source_digest
from issues.models import Fallback, Issue
from issues.resources import importing
from newsletter import publishing
from newsletter.demo.site import Posts
from newsletter.demo.telling import step
from newsletter.desk import guest
from newsletter.wiring import Newsletter

ROSA, AMAL = guest.NAME, "Amal"

_AFTERTHOUGHT = "On Thursday evenings our volunteers now go through it with you on the phone."
"""What the English introduction says since it was translated into Spanish."""

_ARABIC = {
    "subject": "حين يُطرق الباب، وما يُسأل أولًا",
    "title": "كلمات للحظات الصعبة",
    "preheader": "ماذا نقول عند الباب بثلاث لغات، وعشرة أسئلة للموعد الأول، ورقم هاتف عند الحاجة.",
    "body": (
        "مرحبًا [[name|بكم]]،\n\n"
        "هناك لحظات لا تترك وقتًا للبحث: طرقة على الباب، أو رسالة فيها موعد، أو نصف الساعة الأولى مع المحامية. "
        "يجمع هذا العدد كلمات لها بالإنجليزية والإسبانية والفيتنامية.\n\n"
        "اقرؤوه مرة بهدوء، وشاركوه قبل الحاجة إليه. ومساء كل خميس يراجعه متطوعونا معكم عبر الهاتف."
    ),
}


@dataclass(frozen=True)
class ThisMonth:
    """Tells it; the draft was made three days before `now`, so that something new came since."""

    newsletter: Newsletter
    content: Path
    now: datetime

    @property
    def slug(self) -> str:
        return f"{self.now.astimezone(self.newsletter.zone):%Y-%m}"

    def tell(self, posts: Posts) -> None:
        """From what the site published since to an issue that wants its translations."""
        self._import(posts)
        self._draft_and_edit()
        self._change_the_introduction()
        self._say_how_it_stands()

    def _import(self, posts: Posts) -> None:
        with step("What the site published since") as told:
            posts.publish(self.content / "more-posts.json", self.now)
            database = self.newsletter.database
            (report,) = importing.import_all(database.read, database.write, self.newsletter.fetch, self.now)
            told.append(f"{report.added} new texts")

    def _draft_and_edit(self) -> None:
        begun, month = self.now - timedelta(days=3), self.now.astimezone(self.newsletter.zone).date().replace(day=1)
        with step(f"This month's draft, {self.slug}") as told, self.newsletter.database.write() as session:
            issue = composing.draft(
                session,
                slug=self.slug,
                month=month,
                languages=self.newsletter.settings.languages,
                fallback=Fallback.LABEL,
                now=begun,
                by=ROSA,
            )
            text = (self.content / "this-month.md").read_text(encoding="utf-8").replace("SLUG", self.slug, 1)
            applied = exchange.apply(session, issue, text, by=ROSA, now=begun + timedelta(hours=2))
            told += [f"{len(applied.changes)} changes", *applied.refused]

    def _change_the_introduction(self) -> None:
        """The Spanish was made from the text before it; the Arabic is made from the text after it."""
        with self.newsletter.database.write() as session:
            issue = publishing.find_issue(session, self.slug)
            cell = editing.find(issue, "opening", "en")
            longer = cell.fields | {"body": f"{cell.fields['body']} {_AFTERTHOUGHT}"}
            self._save(session, issue, "en", longer, ROSA, hours=26)
            composing.approve(session, issue, keys=["opening"], language="en", by=ROSA, now=self._ago(26))
            self._save(session, issue, "ar", _ARABIC, AMAL, hours=4)

    def _save(self, session: Session, issue: Issue, tag: str, fields: dict[str, str], by: str, hours: int) -> None:
        cell = editing.find(issue, "opening", tag)
        seen = Seen(cell.revision, source_digest(cell.passage))
        editing.save(session, issue, "opening", tag, fields, seen=seen, by=by, now=self._ago(hours))

    def _ago(self, hours: int) -> datetime:
        return self.now - timedelta(hours=hours)

    def _say_how_it_stands(self) -> None:
        with step("How it stands") as told, self.newsletter.database.read() as session:
            rows = matrix(publishing.find_issue(session, self.slug))
            states = [state for row in rows for state in row.states.values()]
            told.append(", ".join(f"{states.count(state)} {state}" for state in reversed(CellState)))
