"""The choice and order of passages, the languages and the fallback are merged as one."""

from collections.abc import Iterator, Mapping

from issues import history, wordings
from issues.exchange.document import Block
from issues.exchange.merge import Merge, signed
from issues.history import Frame
from issues.layout import Layout
from issues.models import Passage, PassageKind, Picture, Resource
from issues.wordings import called


def merge_frame(merge: Merge) -> None:
    """Take the file's frame where the issue's is as it was; what both changed stays as it is and is said."""
    issue, wanted = merge.issue, merge.document.frame
    theirs, base = history.frame(issue), history.frame_at(merge.session, issue, merge.document.revision)
    if wanted in (theirs, base):
        return
    if theirs != base:
        who = signed(history.frame_edits(merge.session, issue))
        merge.said.refused.append(f"kept: the choice and order of passages was changed {who}; {MINE}")
        return
    removed = [passage for passage in issue.passages if passage.key not in wanted.order]
    later = list(_later_edits(merge, removed))
    merge.said.refused.extend(later)
    if not later:
        _take(merge, theirs, removed)


MINE = "yours is still in your file"


def _later_edits(merge: Merge, removed: list[Passage]) -> Iterator[str]:
    """Removing a passage may not lose what somebody wrote in it after the file was exported."""
    for passage in removed:
        for wording in passage.wordings:
            if wording.revision > merge.document.revision:
                who = merge.last_change(passage.key, wording.language)
                name = called(passage.kind, passage.key)
                yield (
                    f"kept: {name}, which your file leaves out, was changed {who}; "
                    "the passages stay as they are, export the issue again to remove it"
                )
                break


def _take(merge: Merge, theirs: Frame, removed: list[Passage]) -> None:
    issue, wanted = merge.issue, merge.document.frame
    issue.languages, issue.fallback = list(wanted.languages), wanted.fallback
    for passage in removed:
        _remove(merge, passage)
    for key in wanted.order:
        if key not in theirs.order:
            _add(merge, merge.document.blocks[key])
    pictures = dict(wanted.pictures)
    for passage in issue.passages:
        passage.position = wanted.order.index(passage.key)
        passage.every_month = passage.key in wanted.every_month
        passage.picture = merge.session.get(Picture, pictures[passage.key]) if passage.key in pictures else None
    issue.passages.sort(key=lambda passage: passage.position)
    history.record_frame(merge.session, issue, by=merge.by, now=merge.now)
    merge.said.changes.extend(_differences(merge, theirs, wanted))


def _remove(merge: Merge, passage: Passage) -> None:
    for language in [wording.language for wording in passage.wordings]:
        wordings.write(merge.session, passage, language, {}, made_from=None, by=merge.by, now=merge.now)
    merge.issue.passages.remove(passage)
    merge.said.changes.append(f"removed {called(passage.kind, passage.key)}")


def _add(merge: Merge, block: Block) -> None:
    """A resource brings its own texts for the languages that the file does not give."""
    resource = merge.session.get(Resource, int(block.key)) if block.kind is PassageKind.RESOURCE else None
    texts = wordings.resource_texts(resource, merge.issue.languages) if resource else {}
    Layout(merge.session, merge.issue, merge.by, merge.now).add(block.kind, block.key, texts, resource=resource)
    merge.added.add(block.key)
    own = [language for language in texts if language not in block.cells or not block.cells[language].fields]
    brought = f" with its own text in {', '.join(own)}" if own else ""
    merge.said.changes.append(f"added {called(block.kind, block.key)}{brought}")


def _differences(merge: Merge, theirs: Frame, wanted: Frame) -> Iterator[str]:
    kept = [key for key in theirs.order if key in wanted.order]
    if kept != [key for key in wanted.order if key in theirs.order]:
        yield "the passages stand in a new order"
    if theirs.languages != wanted.languages:
        yield f"the languages are now {', '.join(wanted.languages)}"
    if theirs.fallback is not wanted.fallback:
        yield f"where a text is missing, readers now get: {wanted.fallback}"
    for key in wanted.order:
        if key in kept and (key in theirs.every_month) != (key in wanted.every_month):
            block = merge.document.blocks[key]
            standing = "now stands in every month's draft" if block.every_month else "no longer stands every month"
            yield f"{called(block.kind, key)} {standing}"
    yield from _other_pictures(merge, dict(theirs.pictures), dict(wanted.pictures))


def _other_pictures(merge: Merge, had: Mapping[str, str], has: Mapping[str, str]) -> Iterator[str]:
    for key, block in merge.document.blocks.items():
        if had.get(key) != has.get(key):
            now = "no picture now" if key not in has else "another picture" if key in had else "a picture"
            yield f"{called(block.kind, key)} has {now}"
