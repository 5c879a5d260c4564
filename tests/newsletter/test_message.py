"""Finished bytes mean what was meant: proved with the standard library's parser, for any name and text."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery.inspection import UnsafeMessage, inspect
from newsletter.delivery.message import CompiledEdition, Letterhead, Reader
from newsletter.mime import headers
from newsletter.mime.quoted import encode_text, encode_value

LETTERHEAD = Letterhead("Réseau de justice <news@example.org>", "answers@example.org", "news.example.org")
URL = "https://news.example.org/u/" + "A" * 22
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
# What a line may hold once control characters, which have no business in a name, are taken out.
ONE_LINE = ANY_TEXT.map(headers.one_line)


def edition(
    subject: str = "Noticias", html: str = "<p>[[name|friend]]</p>", text: str = "[[name|friend]]\n"
) -> CompiledEdition:
    return CompiledEdition(
        letterhead=LETTERHEAD,
        subject=subject,
        language="es",
        html=html,
        text=text,
        campaign="2021-11",
    )


def reader(name: str = "Ana", address: str = "ana@example.org", url: str = URL) -> Reader:
    return Reader(address, name, url, "mark" * 5, datetime(2021, 11, 30, 9, tzinfo=UTC))


def parsed(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)


def decoded(value: str) -> str:
    """By the older decoder: the newer one puts spaces between adjoining encoded words of a name (RFC 2047, 6.2)."""
    return headers.one_line(str(make_header(decode_header(value))))


def part(data: bytes, kind: str) -> str:
    body = parsed(data).get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@given(ANY_TEXT)
@settings(max_examples=200)
def test_any_text_comes_out_of_quoted_printable_as_it_went_in(text: str) -> None:
    import quopri

    code = encode_text(text)
    lines = code.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(line.startswith(b".") for line in lines)
    assert code == b"" or code.endswith(b"\r\n")
    meant = text.replace("\r\n", "\n").replace("\r", "\n")
    assert quopri.decodestring(code).replace(b"\r\n", b"\n").decode() == meant


@given(st.lists(st.one_of(ONE_LINE, st.just("."), st.just("x" * 76)), max_size=6))
def test_segments_joined_decode_to_the_texts_joined(values: list[str]) -> None:
    import quopri

    assert quopri.decodestring(b"".join(map(encode_value, values))).decode() == "".join(values)


@given(name=ANY_TEXT, text=ANY_TEXT, subject=ANY_TEXT)
@settings(max_examples=100, deadline=None)
def test_every_part_and_header_of_any_message_means_what_was_meant(name: str, text: str, subject: str) -> None:
    text = text.replace("[[", "((").replace("\r\n", "\n").replace("\r", "\n")
    html = f"<p>{escape(text)}</p>"
    data = edition(subject, html + "[[name|friend]]\n", text + "[[name|friend]]\n").message(reader(name))
    inspect(data)
    shown = headers.one_line(name) or "friend"
    assert part(data, "plain") == f"{text}{shown}\n"
    assert part(data, "html") == f"{html}{escape(shown, quote=True)}\n"
    raw = email.message_from_bytes(data)
    assert decoded(raw["Subject"]) == headers.one_line(subject)
    display_name, address = parseaddr(raw["To"])
    assert address == "ana@example.org"
    assert decoded(display_name) == headers.one_line(name)


def test_a_message_carries_the_headers_of_a_good_list() -> None:
    message = parsed(edition().message(reader()))
    assert message["From"] == "Réseau de justice <news@example.org>"
    assert message["List-Unsubscribe"] == f"<{URL}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "<news.example.org>"
    assert message["Precedence"] == "bulk"
    assert message["Feedback-ID"] == "2021-11:es:newsletter:news.example.org"
    assert message["Message-ID"] == f"<{'mark' * 5}@example.org>"
    assert message["Content-Language"] == "es"
    assert message["Reply-To"] == "answers@example.org"


def test_a_long_unsubscribe_address_stays_on_its_line_unencoded() -> None:
    url = "https://a-very-long-host-name.newsletters.immigrant-justice.example.org/path/u/" + "A" * 22
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in edition().message(reader(url=url))


def test_an_encoded_line_break_in_a_subject_makes_no_header() -> None:
    data = edition("=?utf-8?q?a=0D=0ABcc:_x@y?=").message(reader())
    inspect(data)
    assert parsed(data)["Bcc"] is None
    assert parsed(data)["Subject"] == "=?utf-8?q?a=0D=0ABcc:_x@y?="


def test_a_name_with_a_line_break_makes_no_header() -> None:
    data = edition().message(reader("Ana\r\nBcc: eve@example.org"))
    inspect(data)
    assert parsed(data)["Bcc"] is None


@pytest.mark.parametrize("address", ["ana@example.org\r\nBcc: x@example.org", "a@x, b@y", "<a@x>", "no address"])
def test_an_address_that_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(headers.HeaderError):
        edition().message(reader(address=address))


def test_a_reader_without_a_name_is_greeted_with_the_fallback() -> None:
    data = edition(html="<p>[[name|ami &amp; amie]]</p>", text="[[name|ami & amie]]").message(reader(name=""))
    assert part(data, "html").strip() == "<p>ami &amp; amie</p>"
    assert part(data, "plain").strip() == "ami & amie"
    assert b"\r\nTo: <ana@example.org>\r\n" in b"\r\n" + data


def test_who_wants_no_html_gets_the_text_alone() -> None:
    plain = reader("Ana Núñez")._replace(plain=True)
    data = edition(text="Dear [[name|friend]]\n[[unsubscribe_url]]\n").message(plain)
    inspect(data)
    assert (parsed(data).get_content_type(), part(data, "plain").strip()) == ("text/plain", f"Dear Ana Núñez\n{URL}")
    assert parsed(data)["List-Unsubscribe"] == f"<{URL}>"


def test_a_name_is_text_in_html_never_markup() -> None:
    assert part(edition().message(reader("<b>Ana</b>")), "html").strip() == "<p>&lt;b&gt;Ana&lt;/b&gt;</p>"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"Subject:", b"Bcc: x@example.org\r\nSubject:", "not ours"),
        (b"Precedence: bulk\r\n", b"Precedence: bulk\r\nPrecedence: bulk\r\n", "twice"),
        (b"List-Unsubscribe: <", b"List-Unsubscribe: =?utf-8?q?", "encoded word"),
        (b"Precedence: bulk\r\n", b"", "lacks precedence"),
        (b"Precedence: bulk\r\n", b"Precedence: bulk\n", "not CRLF"),
        (b"Precedence: bulk\r\n", b"Precedence: " + b"x" * 1000 + b"\r\n", "998"),
        (b"<p>", b"<p>\0", "NUL"),
        (b"\r\nPrecedence", b"\r\nnonsense\r\nPrecedence", "not ours"),
    ],
)
def test_the_last_look_stops_what_must_not_leave(old: bytes, new: bytes, why: str) -> None:
    data = edition().message(reader())
    assert old in data
    with pytest.raises(UnsafeMessage, match=why):
        inspect(data.replace(old, new, 1))
