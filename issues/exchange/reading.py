"""The text of an issue file, read whole or refused with the line that is wrong."""

import re
from collections.abc import Iterator, Mapping

from issues.errors import Unreadable
from issues.exchange.document import END, LARGEST, MOST_PASSAGES, STANDING, STATES, Block, Cell, Document
from issues.fields import FIELDS, PICTURED
from issues.history import Frame
from issues.languages import normal
from issues.models import Fallback, PassageKind
from issues.rendering.markdown import clean
from issues.texts import tidy
from issues.wordings import KEY

HEADER = ("issue", "revision", "languages", "missing")
UNNAMED = (PassageKind.OPENING, PassageKind.CLOSING)

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_FIELD = re.compile(r"(\w[\w-]*):(?: +(.*))?")
_PICTURE = re.compile(r"picture:\s*(.*?)\s*")
_PICTURE_NAME = re.compile(r"[0-9a-f]{32}")
_ESCAPED = re.compile(r"\\(?=\\*#)")


def read(text: str) -> Document:
    """Raises Unreadable, naming the line and what to write instead."""
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise Unreadable(f"the issue file is larger than {LARGEST // 1_000_000} MB; is it the right file?")
    return _Reader(clean(text).split("\n")).document()


def wrong(line: int, what: str) -> Unreadable:
    """An error that names the line of the file."""
    return Unreadable(f"line {line}: {what}")


class _Reader:
    """Walks the lines once. `number` is the line last taken, counted from 1."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = [line.rstrip() if line.startswith(("#", "---")) else line for line in lines]
        self.number = 0
        self._languages: tuple[str, ...] = ()

    def document(self) -> Document:
        header, places = self._header()
        fallback = self._fallback(header["missing"], places["missing"])
        revision = self._revision(header["revision"], places["revision"])
        self._languages = self._tags(header["languages"], places["languages"])
        blocks = self._blocks()
        every_month = frozenset(block.key for block in blocks.values() if block.every_month)
        pictures = frozenset((block.key, block.picture) for block in blocks.values() if block.picture)
        frame = Frame(self._languages, fallback, tuple(blocks), every_month, pictures)
        return Document(header["issue"], revision, frame, blocks, places)

    # The header

    def _header(self) -> tuple[dict[str, str], dict[str, int]]:
        self._skip_blank()
        if self._take() != "---":
            raise wrong(self.number, "an issue file begins with a line `---`; export the issue again")
        header: dict[str, str] = {}
        places: dict[str, int] = {}
        while (line := self._take()) != "---":
            name, value = self._pair(line, HEADER, "the header")
            if name in header:
                raise wrong(self.number, f"`{name}` is given twice; keep one")
            header[name], places[name] = value, self.number
        if lost := [name for name in HEADER if name not in header]:
            raise wrong(self.number, f"the header has no `{lost[0]}`; export the issue again to see it")
        return header, places

    def _pair(self, line: str, names: tuple[str, ...], where: str) -> tuple[str, str]:
        match = _FIELD.fullmatch(line.rstrip())
        if match is None:
            raise wrong(self.number, f"{where} takes lines like `{names[0]}: ...`, not {_quoted(line)}")
        if match[1] not in names:
            raise wrong(self.number, f"{where} has no `{match[1][:40]}`; it has {', '.join(names)}")
        return match[1], match[2] or ""

    def _fallback(self, word: str, line: int) -> Fallback:
        try:
            return Fallback(word)
        except ValueError:
            raise wrong(line, f"`missing` is {' or '.join(Fallback)}, not {_quoted(word)}") from None

    def _revision(self, word: str, line: int) -> int:
        if not _NUMBER.fullmatch(word):
            raise wrong(line, f"`revision` is a number, not {_quoted(word)}; leave it as it was exported")
        return int(word)

    def _tags(self, listed: str, line: int) -> tuple[str, ...]:
        tags = tuple(self._tag(tag, line) for tag in listed.split(","))
        if len(set(tags)) < len(tags):
            raise wrong(line, "a language is listed twice; keep one")
        return tags

    def _tag(self, tag: str, line: int) -> str:
        try:
            return normal(tag)
        except ValueError as error:
            raise wrong(line, str(error)) from None

    # The passages

    def _blocks(self) -> dict[str, Block]:
        blocks: dict[str, Block] = {}
        self._skip_blank()
        while (heading := self._take()) != END:
            kind, key, every_month = self._heading(heading)
            self._check_place(kind, key, blocks)
            blocks[key] = self._block(kind, key, every_month)
        if not blocks:
            raise wrong(self.number, "the file has no `# opening`; an issue always has one")
        self._skip_blank()
        if self.number < len(self._lines):
            raise wrong(self.number + 1, f"nothing may stand behind `{END}`; move it before that line or delete it")
        return blocks

    def _check_place(self, kind: PassageKind, key: str, before: Mapping[str, Block]) -> None:
        if key in before:
            first = before[key].line
            raise wrong(self.number, f"`{key}` names a passage already, in line {first}; choose another key")
        if (kind is PassageKind.OPENING) != (not before):
            raise wrong(self.number, "an issue begins with its one `# opening`; move it to the top")
        if len(before) == MOST_PASSAGES:
            raise wrong(self.number, f"an issue holds at most {MOST_PASSAGES} passages; make two issues of it")
        if PassageKind.CLOSING in before:
            raise wrong(self.number, "`# closing` is the last passage; move this one before it")

    def _block(self, kind: PassageKind, key: str, every_month: bool) -> Block:
        line = self.number
        cells: dict[str, Cell] = {}
        picture = self._picture(kind)
        while self._peek().startswith("##"):
            language, cell = self._cell(kind)
            if language in cells:
                raise wrong(cell.line, f"`{language}` is given twice for this passage; keep one")
            cells[language] = cell
        if not self._peek().startswith("#"):
            self._take()
            raise wrong(self.number, f"a text needs a heading like `## {self._languages[0]} · draft` above it")
        return Block(kind, key, every_month, cells, line, picture)

    def _picture(self, kind: PassageKind) -> str:
        """The picture's name, in a line between the passage's heading and its first text."""
        self._skip_blank()
        given = _PICTURE.fullmatch(self._peek())
        if given is None:
            return ""
        self._take()
        if kind not in PICTURED:
            raise wrong(self.number, f"a {kind} has no place for a picture; delete the line")
        if not _PICTURE_NAME.fullmatch(given[1]):
            raise wrong(self.number, f"{_quoted(given[1])} names no picture; leave the line as it was exported")
        self._skip_blank()
        return given[1]

    def _heading(self, heading: str) -> tuple[PassageKind, str, bool]:
        if heading.startswith("##"):
            raise wrong(self.number, f"{_quoted(heading)} needs a passage above it, like `# note thanks`")
        words, mark, standing = (part.strip() for part in heading.removeprefix("#").partition("·"))
        if mark and standing != STANDING:
            raise wrong(self.number, f"behind `·` a passage can only be `{STANDING}`, not {_quoted(standing)}")
        name, _, key = words.partition(" ")
        try:
            kind = PassageKind(name)
        except ValueError:
            raise wrong(self.number, _no_passage(heading)) from None
        if kind is PassageKind.OPENING and mark:
            raise wrong(self.number, f"the opening is new every month; delete `· {STANDING}`")
        return kind, self._key(kind, key.strip()), bool(mark)

    def _key(self, kind: PassageKind, key: str) -> str:
        if kind in UNNAMED:
            if key:
                raise wrong(self.number, f"`# {kind}` has no name behind it; delete {_quoted(key)}")
            return kind.value
        if kind is PassageKind.RESOURCE:
            if not _NUMBER.fullmatch(key):
                raise wrong(self.number, f"a resource is named by its number, like `# resource 7`, not {_quoted(key)}")
        elif not KEY.fullmatch(key) or key.isdigit():
            example = f"`# {kind} second-chances`"
            raise wrong(self.number, f"a {kind} is named by small letters, digits and hyphens, like {example}")
        return key

    def _cell(self, kind: PassageKind) -> tuple[str, Cell]:
        heading = self._take()
        line = self.number
        language, mark, state = (part.strip() for part in heading.removeprefix("##").partition("·"))
        if heading.startswith("###") or (mark and state not in STATES):
            raise wrong(
                line,
                f"write a heading like `## {self._languages[0]} · draft` (states: {', '.join(STATES)}), "
                rf"or `\{heading[:40]}` if it is text",
            )
        language = self._tag(language, line)
        if language not in self._languages:
            listed = ", ".join(self._languages)
            raise wrong(line, f"this issue is not in `{language}`; add it to `languages` ({listed}) in the header")
        fields = self._fields(kind)
        fields["body"] = "\n".join(self._body())
        return language, Cell(state or "draft", tidy(kind, fields), line)

    def _fields(self, kind: PassageKind) -> dict[str, str]:
        names = tuple(name for name in FIELDS[kind].all if name != "body")
        fields: dict[str, str] = {}
        self._skip_blank()
        if not _FIELD.fullmatch(self._peek().rstrip()):
            return fields
        while self._peek().strip() and not self._peek().startswith("#"):
            name, value = self._pair(self._take(), names, f"a {kind}, up to its first empty line,")
            if name in fields:
                raise wrong(self.number, f"`{name}` is given twice; keep one")
            fields[name] = value
        return fields

    def _body(self) -> Iterator[str]:
        while not self._peek().startswith("#"):
            yield _ESCAPED.sub("", self._take(), count=1) if self._peek().startswith("\\") else self._take()

    # Lines

    def _peek(self) -> str:
        if self.number == len(self._lines):
            raise wrong(self.number, f"the file is cut off: its last line must be `{END}`; save or copy it whole")
        return self._lines[self.number]

    def _take(self) -> str:
        line = self._peek()
        self.number += 1
        return line

    def _skip_blank(self) -> None:
        while self.number < len(self._lines) and not self._lines[self.number].strip():
            self.number += 1


def _no_passage(heading: str) -> str:
    kinds = ", ".join(PassageKind)
    return rf"{_quoted(heading)} begins no passage (they are {kinds}); write `\{heading[:40]}` if it is text"


def _quoted(text: str) -> str:
    short = text.strip()
    return f"`{short[:40]}...`" if len(short) > 40 else f"`{short}`"
