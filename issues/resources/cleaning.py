"""From what a source wrote to what may stand in a mail: one-line titles, the closed Markdown subset, safe links.

Reader tokens are undone: a source that writes `[[name]]` must not be filled with a reader's name.
"""

import re
from hashlib import sha256
from html import unescape
from urllib.parse import quote, urljoin, urlsplit

import nh3
from markdownify import MarkdownConverter

from issues.rendering.markdown import clean, clean_line, safe_link

TITLE_LENGTH = 300
SUMMARY_LENGTH = 5_000
LINK_LENGTH = 2_000
WORD_LENGTH = 500
"""Bytes."""
KIND_LENGTH = 32  # the column's

_HTML_LENGTH = 30_000  # of one entry: deeply nested HTML takes quadratic time, and whole articles are cut anyway
_INLINE = {"a", "b", "br", "em", "i", "strong"}
_LISTS = {"li", "ol", "ul"}
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "div", "figcaption", "figure", "footer", "header", "main", "nav"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre", "section", "dl", "dt", "dd"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
_BLOCK_TAG = re.compile(rf"<(/?)(?:{'|'.join(_BLOCKS)})>")
_UNSEEN = {"script", "style", "template", "noscript", "iframe", "object", "svg", "math"}

# WordPress themes put these behind an excerpt, and its feeds a line that says where the post appeared.
# The counts keep a hostile text from making the search slow.
_READ_ON = re.compile(
    r'<a [^<>]{0,500}?class="[^"<>]{0,200}\bmore-link\b[^<>]{0,500}>.{0,500}?</a>', re.DOTALL | re.IGNORECASE
)
_APPEARED = re.compile(
    r"<p>The post <a [^<>]{0,500}>[^<>]{0,500}</a> appeared first on <a [^<>]{0,500}>[^<>]{0,500}</a>\.?</p>\s*$"
)

_CUT_OFF = re.compile(r"\\?\[\s*(?:…|\.{3})\s*\\?\]")
_DOUBLED_IN_HTML = re.compile(r"([\[\]])(?=(?:<[^<>]*>)*\1)")
_DOUBLED = re.compile(r"\\?\[(?=[\\*_]*\[)")
_ENDS_A_LINK = re.compile(r"[\s()<>\[\]\"\\^`{|}]")  # in Markdown, or begins a reader token
_UNFINISHED_LINK = re.compile(r"\[[^\[\]]*(?:\](?:\([^()]*)?)?$")


def title_of(text: str) -> str:
    """Plain text on one line."""
    return _cut(_DOUBLED.sub("", _CUT_OFF.sub("…", clean_line(text))), TITLE_LENGTH)


def title_of_html(html: str) -> str:
    """A title whose source writes HTML: entities decoded, tags dropped."""
    return title_of(unescape(nh3.clean(clean(html[:_HTML_LENGTH]), tags=set(), clean_content_tags=_UNSEEN)))


def summary_of_html(html: str, base: str) -> str:
    """HTML as Markdown of the closed subset; links are resolved against `base`."""
    html = _READ_ON.sub("", _APPEARED.sub("", clean(html[:_HTML_LENGTH])))
    safe = nh3.clean(
        html,
        tags=_INLINE | _LISTS | _BLOCKS,
        clean_content_tags=_UNSEEN,
        attributes={"a": {"href"}},
        attribute_filter=lambda _tag, _name, value: link_of(value, base) or None,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    paragraphs = _BLOCK_TAG.sub(r"<\1p>", _DOUBLED_IN_HTML.sub("", safe))
    return _tidied(str(_Markdown(bullets="-", newline_style="backslash").convert(paragraphs)))


def summary_of(markdown: str) -> str:
    """Markdown, as a file's author wrote it, without what may not stand in a mail."""
    return _tidied(_DOUBLED.sub("", clean(markdown)))


def link_of(address: str, base: str = "") -> str:
    """An absolute http(s), mailto or tel address, or the empty string: also for one that holds a password."""
    address = clean_line(re.sub(r"[\t\r\n]", "", address))  # which browsers pass over, also within a scheme
    try:
        whole = urljoin(base, address) if address and base.startswith(("http://", "https://")) else address
        parts = urlsplit(whole)
        if parts.scheme in ("http", "https") and (not parts.hostname or "@" in parts.netloc or "[" in parts.netloc):
            return ""
    except ValueError:
        return ""
    link = safe_link(_ENDS_A_LINK.sub(lambda sign: quote(sign[0]), whole))
    return link if len(link) <= LINK_LENGTH else ""


def word_of(text: str) -> str:
    """A guid or key: one line, as it is, or its digest where it is too long for an index."""
    line = clean_line(text)
    return line if len(line.encode()) <= WORD_LENGTH else sha256(line.encode()).hexdigest()


def kind_of(text: str) -> str:
    """A kind's word: lower case, without spaces."""
    return re.sub(r"[\s_]+", "-", clean_line(text).lower())[:KIND_LENGTH].strip("-")


def _tidied(markdown: str) -> str:
    lines = (line.rstrip() for line in _CUT_OFF.sub("…", markdown).split("\n"))
    return _cut(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), SUMMARY_LENGTH)


def _cut(text: str, length: int) -> str:
    """At most `length` characters, ending with a whole word and never within a link."""
    if len(text) <= length:
        return text
    whole = text[: length - 1].rsplit(None, 1)[0]
    return _UNFINISHED_LINK.sub("", whole).rstrip(" \n,;:\\") + "…"


class _Markdown(MarkdownConverter):
    """Escapes what our subset would read as Markdown, and no more: people edit these texts."""

    def escape(self, text: str, _parent_tags: object) -> str:
        """A text node's signs that would otherwise be emphasis, a link or a list."""
        text = re.sub(r"([\\*_\[\]])", r"\\\1", text)
        return re.sub(r"^(\s*)([-+](?=\s)|\d{1,9}(?=[.)]\s))", _escaped_mark, text)


def _escaped_mark(match: re.Match[str]) -> str:
    space, mark = match.groups()
    return f"{space}\\{mark}" if mark in "-+" else f"{space}{mark}\\"
