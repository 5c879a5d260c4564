"""Which passages an issue has, in which order, with which pictures: changed and brought back at the desk.

The opening stands first and the closing last. Each move is one line of the history, and every one can be undone.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from issues import history, pictures, wordings
from issues.composing import place
from issues.errors import Conflict, NotFound
from issues.fields import PICTURED
from issues.layout import Layout
from issues.matrix import source_digest
from issues.models import Edit, Fallback, Issue, Passage, PassageKind, Picture, Resource
from issues.texts import tidy

REMOVAL = "removal"
"""In the history: what is needed to bring a passage back, among it the source digests of its translations."""

ADDED = (PassageKind.SECTION, PassageKind.NOTE, PassageKind.BUTTON, PassageKind.EVENT, PassageKind.HOTLINE)
"""What a person adds to an issue; resources come from the shelf."""

_FIXED = (PassageKind.OPENING, PassageKind.CLOSING)


def find(issue: Issue, key: str) -> Passage:
    """The passage of this key."""
    for passage in issue.passages:
        if passage.key == key:
            return passage
    raise NotFound(f"issue {issue.slug} has no passage {key[:64]}; somebody may have removed it: open the issue again")


def block(issue: Issue, passage: Passage) -> list[Passage]:
    """What moves with a passage: itself, or with a section heading all that stands under it."""
    if passage.kind is not PassageKind.SECTION:
        return [passage]
    start = issue.passages.index(passage)
    moved = [passage]
    for follower in issue.passages[start + 1 :]:
        if follower.kind in (PassageKind.SECTION, *_FIXED):
            break
        moved.append(follower)
    return moved


def move(session: Session, issue: Issue, key: str, before: str, *, by: str, now: datetime) -> str:
    """Put a passage, a section with all under it, before the passage `before` (empty: at the end).

    Returns before which one it stood, as `before` takes it. Raises Conflict where it cannot stand there.
    """
    history.hold(session, issue)
    moved = block(issue, _movable(find(issue, key)))
    stood = _after(issue, moved[-1])
    rest = [passage for passage in issue.passages if passage not in moved]
    at = _place(rest, before)
    order = [*rest[:at], *moved, *rest[at:]]
    if order != list(issue.passages):
        issue.revision += 1
        _renumber(issue, order)
        history.record_frame(session, issue, by=by, now=now)
    return stood


def step(issue: Issue, key: str, up: bool) -> str | None:
    """The `before` that moves a passage one place (a section past its neighbour); nothing at the end of its way."""
    passage = find(issue, key)
    if passage.kind in _FIXED:
        return None
    moved = block(issue, passage)
    movable = [p for p in issue.passages if p.kind not in _FIXED]
    start, end = movable.index(moved[0]), movable.index(moved[-1])
    if up:
        return _up(movable, start, passage.kind is PassageKind.SECTION)
    if end + 1 == len(movable):
        return None
    passed = block(issue, movable[end + 1]) if passage.kind is PassageKind.SECTION else [movable[end + 1]]
    return _after(issue, passed[-1])


def add(session: Session, issue: Issue, kind: PassageKind, behind: str, *, by: str, now: datetime) -> Passage:
    """An empty passage behind the one of key `behind`; without one, at the end."""
    if kind not in ADDED:
        raise Conflict(f"an issue has no second {kind}; add one of {', '.join(ADDED)}")
    history.hold(session, issue)
    issue.revision += 1
    layout = Layout(session, issue, by, now)
    passage = layout.add(kind, _fresh_key(session, issue, kind), {}, _behind(issue, behind))
    history.record_frame(session, issue, by=by, now=now)
    return passage


def add_resource(session: Session, issue: Issue, resource: int, *, by: str, now: datetime) -> Passage:
    """A resource from the shelf, behind the last of its kind."""
    return place(session, issue, resource, by=by, now=now)


def remove(session: Session, issue: Issue, key: str, *, by: str, now: datetime) -> str:
    """Take a passage out; `restore` brings it back with all its texts. Returns the key of what followed it."""
    history.hold(session, issue)
    passage = _movable(find(issue, key))
    issue.revision += 1
    digests = {f"from-{w.language}": w.source_digest for w in passage.wordings if w.source_digest}
    kept = {"kind": passage.kind.value, "before": _after(issue, passage), "every_month": str(passage.every_month)}
    if passage.picture:
        kept["picture"] = passage.picture.name
    _record_removal(session, issue, key, kept | digests, by, now)
    for language in [wording.language for wording in passage.wordings]:
        wordings.write(session, passage, language, {}, made_from=None, by=by, now=now)
    issue.passages.remove(passage)
    _renumber(issue, issue.passages)
    history.record_frame(session, issue, by=by, now=now)
    return kept["before"]


def restore(session: Session, issue: Issue, key: str, *, by: str, now: datetime) -> Passage:
    """Bring a removed passage back where it stood, with its texts and approvals."""
    history.hold(session, issue)
    removal = removals(session, issue).get(key)
    if removal is None:
        raise NotFound(f"issue {issue.slug} has no removed passage {key[:64]}; it may be back already")
    issue.revision += 1
    kept = removal.fields
    standing = list(issue.passages)
    passage = Layout(session, issue, by, now).add(
        PassageKind(kept["kind"]),
        key,
        {},
        _place(standing, kept["before"]),
        resource=session.get(Resource, int(key)) if kept["kind"] == PassageKind.RESOURCE else None,
        every_month=kept["every_month"] == "True",
        picture=session.get(Picture, kept["picture"]) if "picture" in kept else None,
    )
    for language in issue.languages:  # the source first: approving a translation looks at it
        _bring_back(session, passage, language, removal, by, now)
    history.record_frame(session, issue, by=by, now=now)
    return passage


def removals(session: Session, issue: Issue) -> dict[str, Edit]:
    """The passages that were taken out and are not back, by key, the last one first."""
    session.flush()
    edits = session.scalars(
        select(Edit).where(Edit.issue_id == issue.id, Edit.what == REMOVAL).order_by(Edit.id.desc())
    )
    standing = {passage.key for passage in issue.passages}
    found: dict[str, Edit] = {}
    for edit in edits:
        if edit.passage_key not in standing:
            found.setdefault(edit.passage_key, edit)
    return found


def set_standing(session: Session, issue: Issue, key: str, every_month: bool, *, by: str, now: datetime) -> None:
    """Whether a passage is copied into each new draft."""
    history.hold(session, issue)
    passage = _movable(find(issue, key))
    if passage.every_month != every_month:
        issue.revision += 1
        passage.every_month = every_month
        history.record_frame(session, issue, by=by, now=now)


def set_picture(session: Session, issue: Issue, key: str, name: str, *, by: str, now: datetime, alt: str = "") -> str:
    """Give a passage the picture of this name, in all languages; empty takes away the one it has, which is returned.

    Words about another picture are taken out of the source text, so that its translations are looked at too; a picture
    that comes back brings its own, a new one `alt`. Raises Conflict where such a passage has no place for one.
    """
    history.hold(session, issue)
    passage = find(issue, key)
    if passage.kind not in PICTURED:
        raise Conflict(f"{wordings.called(passage.kind, key)} has no place for a picture: add a note with it instead")
    before = passage.picture.name if passage.picture else ""
    if name != before:
        picture = pictures.find(session, name) if name else None
        words = _alt_then(session, passage, name) or alt
        issue.revision += 1
        passage.picture = picture
        if picture:
            _say(session, passage, words, by, now)
        history.record_frame(session, issue, by=by, now=now)
    return before


def set_fallback(session: Session, issue: Issue, fallback: Fallback, *, by: str, now: datetime) -> None:
    """What readers get where a text is not in their language."""
    history.hold(session, issue)
    if issue.fallback is not fallback:
        issue.revision += 1
        issue.fallback = fallback
        history.record_frame(session, issue, by=by, now=now)


def _alt_then(session: Session, passage: Passage, name: str) -> str:
    """What the source text said of a picture when it last stood here; empty where it never did."""
    issue, until = passage.issue, passage.issue.revision
    for edit in reversed(history.frame_edits(session, issue)):
        if (passage.key, name) in history.frame_of(edit).pictures:
            return history.fields_at(session, issue, passage.key, issue.source_language, until).get("alt", "")
        until = edit.revision - 1
    return ""


def _say(session: Session, passage: Passage, alt: str, by: str, now: datetime) -> None:
    """Make `alt` what the source text says of the picture; a text that is not there yet stays so."""
    language = passage.issue.source_language
    source = passage.wording(language)
    if source and source.fields.get("alt", "") != alt:
        fields = tidy(passage.kind, source.fields | {"alt": alt})
        wordings.write(session, passage, language, fields, made_from=None, by=by, now=now)


def _movable(passage: Passage) -> Passage:
    if passage.kind in _FIXED:
        raise Conflict(f"the {passage.kind} stays where it is: the opening stands first, and the closing last")
    return passage


def _place(passages: Sequence[Passage], before: str) -> int:
    """The place before the passage `before`, between opening and closing; the end where it is gone."""
    first = bool(passages) and passages[0].kind is PassageKind.OPENING
    last = len(passages) - (bool(passages) and passages[-1].kind is PassageKind.CLOSING)
    wanted = next((i for i, passage in enumerate(passages) if passage.key == before), last)
    return min(max(wanted, int(first)), last)


def _after(issue: Issue, passage: Passage) -> str:
    """The key of what follows a passage; empty where nothing does."""
    following = issue.passages[issue.passages.index(passage) + 1 :]
    return following[0].key if following else ""


def _behind(issue: Issue, key: str) -> int:
    places = [i + 1 for i, passage in enumerate(issue.passages) if passage.key == key]
    after = issue.passages[places[0]].key if places and places[0] < len(issue.passages) else ""
    return _place(issue.passages, after)


def _up(movable: Sequence[Passage], start: int, section: bool) -> str | None:
    if start == 0:
        return None
    if not section:
        return movable[start - 1].key
    headings = [passage for passage in movable[:start] if passage.kind is PassageKind.SECTION]
    return (headings[-1] if headings else movable[0]).key


def _renumber(issue: Issue, order: Sequence[Passage]) -> None:
    for position, passage in enumerate(order):
        passage.position = position
    issue.passages.sort(key=lambda passage: passage.position)


def _fresh_key(session: Session, issue: Issue, kind: PassageKind) -> str:
    """`note-2`: one that no passage of this issue ever had, since the history is kept by key."""
    used = set(session.scalars(select(Edit.passage_key).where(Edit.issue_id == issue.id).distinct()))
    used |= {key for edit in history.frame_edits(session, issue) for key in edit.fields["order"].split()}
    used |= {passage.key for passage in issue.passages}
    return next(key for number in range(1, len(used) + 2) if (key := f"{kind}-{number}") not in used)


def _record_removal(session: Session, issue: Issue, key: str, kept: dict[str, str], by: str, now: datetime) -> None:
    history.record_text(session, issue, key, "", kept, by=by, now=now, what=REMOVAL)


def _bring_back(session: Session, passage: Passage, language: str, removal: Edit, by: str, now: datetime) -> None:
    issue, before = passage.issue, removal.revision - 1
    fields = history.fields_at(session, issue, passage.key, language, before)
    if not fields:
        return
    edits = [e for e in history.history(session, issue, passage.key, language) if e.revision <= before]
    made_from = removal.fields.get(f"from-{language}")
    wordings.write(session, passage, language, fields, made_from=made_from, by=by, now=now)
    wording, approval = passage.wording(language), edits[-1]
    if wording and approval.what == history.APPROVAL:
        stale = language != issue.source_language and made_from != source_digest(passage)
        wordings.approve(session, passage, wording, by=approval.by, now=approval.at)
        wording.source_digest = made_from if stale else wording.source_digest
