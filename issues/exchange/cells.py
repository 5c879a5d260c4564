"""Every text in every language is merged for itself, then its approval."""

from collections.abc import Iterator

from issues import history, wordings
from issues.exchange.document import Block, Cell
from issues.exchange.frames import MINE
from issues.exchange.merge import Merge
from issues.matrix import CellState, cell_state, incomplete, is_true, matrix, source_digest
from issues.models import Passage
from issues.texts import tidy
from issues.wordings import called

States = dict[tuple[str, str], CellState]


def merge_cells(merge: Merge) -> None:
    """Take the file's texts and approvals wherever that loses no later edit; say where it would."""
    before = _states(merge)
    for passage in merge.issue.passages:
        block = merge.document.blocks.get(passage.key)
        for language in merge.issue.languages:  # the source first: its translations are made from it
            if block and language in block.cells:
                _CellMerge(merge, passage, block, language, before[passage.key, language]).run()
    merge.said.refused.extend(_homeless(merge))
    merge.said.notes.extend(_not_given(merge))
    merge.said.notes.extend(_now_stale(merge, before))


class _CellMerge:
    """One cell of the file on its way into the issue."""

    def __init__(self, merge: Merge, passage: Passage, block: Block, language: str, before: CellState) -> None:
        self.merge, self.passage, self.block, self.language, self.before = merge, passage, block, language, before
        self.cell: Cell = block.cells[language]
        self.name = f"{language} of {called(passage.kind, passage.key)}"

    def run(self) -> None:
        wording = self.passage.wording(self.language)
        current = tidy(self.passage.kind, wording.fields) if wording else {}
        base = self.merge.base_fields(self.passage, self.language)
        approved_then = self._approved_then()
        approving = self.cell.state == "approved" and not approved_then
        if self.cell.fields == current:
            if approving and self._approve():
                self.merge.said.changes.append(f"{self.name}: approved")
            elif approved_then and self.cell.state == "draft":
                self._withdraw()
        elif self.passage.key in self.merge.added or current == base:
            self._write(current, approving)
        elif self.cell.fields != base:
            self._refuse(f"kept: {self.name} was changed {self._who()}; {MINE}")
        elif approving:
            self._refuse(f"not approved: {self.name} was changed {self._who()}; export the issue again to see it")

    def _write(self, current: dict[str, str], approving: bool) -> None:
        fields = self.cell.fields
        if not fields and self.passage.key in self.merge.added:
            return  # the resource's own text stays
        if self.language == self.merge.issue.source_language:
            self._write_source()
        else:
            self._record(self.merge.made_from(self.passage, self.block))
        how = "changed" if current and fields else "written" if fields else "removed"
        if approving and self._approve():
            how += " and approved"
        elif self.before is CellState.APPROVED and fields:
            how += "; it is a draft again"
        self.merge.said.changes.append(f"{self.name}: {how}")

    def _write_source(self) -> None:
        """A small edit takes along the translations that were true before it."""
        if not self.merge.small_edit:
            return self._record(None)
        source = self.passage.issue.source_language
        true = [w for w in self.passage.wordings if w.language != source and is_true(self.passage, w)]
        self._record(None, history.SMALL_EDIT)
        for translation in true:
            translation.source_digest = source_digest(self.passage)
        return None

    def _record(self, made_from: str | None, what: str = history.TEXT) -> None:
        merge = self.merge
        wordings.write(
            merge.session,
            self.passage,
            self.language,
            self.cell.fields,
            made_from=made_from,
            by=merge.by,
            now=merge.now,
            what=what,
        )

    def _approve(self) -> bool:
        """Whether it was: only a complete text is, and only against the source text that the file shows."""
        merge, source = self.merge, self.merge.issue.source_language
        wording = self.passage.wording(self.language)
        if cell_state(self.passage, self.language) is CellState.APPROVED:
            return False
        lacks = " and ".join(incomplete(self.passage, wording.fields if wording else {}))
        if wording is None or lacks:
            self._refuse(f"not approved: {self.name} has no {lacks}; write it and apply the file again")
        elif self.language != source and merge.made_from(self.passage, self.block) != source_digest(self.passage):
            who = merge.last_change(self.passage.key, source)
            self._refuse(
                f"not approved: {self.name}, since its {source} text was changed {who}; export the issue again"
            )
        else:
            wordings.approve(merge.session, self.passage, wording, by=merge.by, now=merge.now)
            return True
        return False

    def _withdraw(self) -> None:
        wording = self.passage.wording(self.language)
        if wording and wording.approved_at and self.before is CellState.APPROVED:
            wordings.withdraw(self.merge.session, self.passage, wording, by=self.merge.by, now=self.merge.now)
            self.merge.said.changes.append(f"{self.name}: a draft again")

    def _approved_then(self) -> bool:
        """Whether the file, when exported, said `approved` here."""
        merge, key = self.merge, self.passage.key
        if not history.history(merge.session, merge.issue, key, self.language):
            return self.before is CellState.APPROVED
        return history.approved_at(merge.session, merge.issue, key, self.language, merge.document.revision)

    def _refuse(self, sentence: str) -> None:
        self.merge.said.refused.append(sentence)

    def _who(self) -> str:
        return self.merge.last_change(self.passage.key, self.language)


def _states(merge: Merge) -> States:
    return {(row.passage.key, language): state for row in matrix(merge.issue) for language, state in row.states.items()}


def _homeless(merge: Merge) -> Iterator[str]:
    """Changed texts of passages or languages that the issue does not have."""
    present = {passage.key for passage in merge.issue.passages}
    for block in merge.document.blocks.values():
        for language, cell in block.cells.items():
            if block.key in present and language in merge.issue.languages:
                continue
            if cell.fields and cell.fields != merge.fields_then(block.key, language):
                what = "that language" if block.key in present else "that passage"
                yield f"not taken: {language} of {called(block.kind, block.key)}, the issue has not {what}; {MINE}"


def _not_given(merge: Merge) -> Iterator[str]:
    kept = [
        f"{language} of {called(block.kind, block.key)}"
        for block in merge.document.blocks.values()
        for language in merge.document.frame.languages
        if language not in block.cells and _stands(merge, block.key, language)
    ]
    if kept:
        yield f"the file does not give these texts, they stay as they are: {'; '.join(kept)}"


def _stands(merge: Merge, key: str, language: str) -> bool:
    """Whether the issue had that text before this file came."""
    passages = [passage for passage in merge.issue.passages if passage.key == key and key not in merge.added]
    return any(passage.wording(language) for passage in passages)


def _now_stale(merge: Merge, before: States) -> Iterator[str]:
    after = _states(merge)
    turned = {cell for cell, state in after.items() if state is CellState.STALE and before[cell] is not state}
    for passage in merge.issue.passages:
        tags = [language for language in merge.issue.languages if (passage.key, language) in turned]
        if tags:
            yield f"stale now, since the source text changed: {', '.join(tags)} of {called(passage.kind, passage.key)}"
