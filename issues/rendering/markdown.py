"""The closed subset of Markdown that a `body` may use: paragraphs, line breaks, emphasis, strong, links, lists.

Everything else (headings, images, HTML, entities) stays the plain characters it is.
Reader tokens (`[[name|friend]]`) pass through whole.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

TOKEN = re.compile(r"\[\[[^\[\]\n]*\]\]")

_LINK = re.compile(r"(https?://|mailto:|tel:)[^\s]+", re.IGNORECASE)

# Control characters (XML 1.0, section 2.2, and C1), lone surrogates, noncharacters, the byte order mark, and the
# bidi embeddings, overrides and isolates that can make a text read as another. Line feed stays.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_DEEPEST = 30
_REMEMBERED = 512
"""Bodies that are not read again: of a preview that follows somebody who types, all but one are as before."""

_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")


def clean(text: str) -> str:
    """`text` without control characters and bidi overrides; every kind of line end is a line feed."""
    return _UNSAFE.sub("", _BREAKS.sub("\n", text).replace("\t", "    "))


def clean_line(text: str) -> str:
    """`text` cleaned, on one line, without doubled spaces."""
    return " ".join(clean(text).split())


def safe_link(link: str) -> str:
    """`link` where it is an absolute http(s), mailto or tel address; otherwise the empty string."""
    link = clean(link).strip()
    return link if _LINK.fullmatch(link) else ""


@lru_cache(maxsize=_REMEMBERED)
def to_html(markdown: str) -> str:
    """Sanitised HTML of a body: only p, br, em, strong, a with href, ul, ol, li.

    What is nested deeper than anybody writes keeps its words and loses its marks.
    """
    tokens = _PARSER.parse(clean(markdown))
    if _depth(tokens) > _DEEPEST:
        paragraphs = to_text(markdown).split("\n\n")
        return "".join(f"<p>{escapeHtml(paragraph)}</p>" for paragraph in paragraphs)
    return nh3.clean(
        _PARSER.renderer.render(tokens, _PARSER.options, {}),
        tags={"p", "br", "em", "strong", "a", "ul", "ol", "li"},
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
        link_rel=None,
    ).strip()


@lru_cache(maxsize=_REMEMBERED)
def to_text(markdown: str) -> str:
    """Plain text of a body, not wrapped: paragraphs apart by an empty line, links as `words <address>`."""
    return "\n\n".join(_blocks(iter(_PARSER.parse(clean(markdown))), "")).strip()


def _depth(tokens: Sequence[Token]) -> int:
    """How many elements deep the tokens go."""
    deepest = level = 0
    for token in tokens:
        level += token.nesting
        deepest = max(deepest, level + _depth(token.children or []))
    return deepest


def _blocks(tokens: Iterator[Token], closing: str) -> Iterator[str]:
    for token in tokens:
        if token.type == closing:
            return
        if token.type == "inline":
            yield _inline(token.children or [])
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            yield "\n".join(_items(tokens, token))


def _items(tokens: Iterator[Token], opened: Token) -> Iterator[str]:
    number = int(opened.attrGet("start") or 1)
    for token in tokens:
        if token.type == opened.type.replace("open", "close"):
            return
        mark = "- " if opened.type.startswith("bullet") else f"{number}. "
        number += 1
        item = "\n".join(_blocks(tokens, "list_item_close"))
        yield mark + item.replace("\n", "\n" + " " * len(mark))


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    link: tuple[str, int] = ("", 0)
    for token in tokens:
        if token.type == "link_open":
            link = (str(token.attrGet("href")), len(parts))
        elif token.type == "link_close":
            parts.append(_address(link[0], "".join(parts[link[1] :])))
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" " if token.type == "softbreak" else "\n")
        else:
            parts.append(token.content)
    return "".join(parts)


def _address(href: str, words: str) -> str:
    shown = href.removeprefix("mailto:").removeprefix("tel:")
    return "" if words in (href, shown) else f" <{shown}>"


def _token_rule(state: StateInline, silent: bool) -> bool:
    """A reader token is plain text, whatever stands in it."""
    match = TOKEN.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("text", "", 0).content = match[0]
    state.pos = match.end()
    return True


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "xhtmlOut": True, "maxNesting": 200})
    parser.enable(["list", "newline", "escape", "emphasis", "link", "autolink"])
    parser.inline.ruler.before("link", "reader_token", _token_rule)
    parser.validateLink = lambda url: bool(_LINK.fullmatch(url))  # type: ignore[method-assign] # the documented way
    return parser


_PARSER = _parser()
