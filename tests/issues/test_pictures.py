"""Whatever is uploaded becomes two clean pictures or one clear sentence; each language says what a picture shows."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from issues import arranging, composing, editing, pictures
from issues.checks import check
from issues.editing import Seen
from issues.errors import Conflict, NotFound, Unreadable
from issues.exchange import export
from issues.matrix import source_digest
from issues.models import Fallback, Issue, PassageKind, Picture
from issues.rendering import render
from newsletter.db import Database
from tests.issues.drafted import LATER, again, drafted
from tests.issues.exchanging import put, swapped
from tests.issues.sample import BRAND, issue_of, passage

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BY: Any = {"by": "Ana", "now": LATER}


def file(form: str, size: tuple[int, int] = (300, 200), mode: str = "RGB", color: Any = "teal", **saved: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, size, color).save(out, form, **saved)
    return out.getvalue()


def shown(data: bytes) -> Image.Image:
    return Image.open(BytesIO(pictures.encoded(data).large)).convert("RGB")


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these chunks, whatever they say."""
    made = b"\x89PNG\r\n\x1a\n"
    for kind, data in (*chunks, (b"IEND", b"")):
        made += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return made


def header(width: int, height: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


def moving() -> bytes:
    frames = [Image.new("P", (40, 30), number) for number in (1, 2)]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def located() -> bytes:
    """A phone's picture: red above, blue below, held sideways, with a place, a comment and a text behind its end."""
    image = Image.new("RGB", (64, 128), "red")
    image.paste("blue", (0, 64, 64, 128))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it to the right
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(0x8825)[2] = (37.0, 48.0, 16.0)
    out = BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"SecretComment", quality=95)
    return out.getvalue() + b"<html><script>alert(1)</script>PolyglotTail"


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (b"", "nothing in this file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no picture that can be read"),
        (b"<!doctype html><script>alert(1)</script>", "no picture that can be read"),
        (b"%PDF-1.7\n", "no picture that can be read"),
        (file("BMP"), "no picture that can be read"),
        (file("JPEG")[:-300], "only a part of one"),
        (file("PNG", (64, 64), color="red")[:-30], "only a part of one"),
        (png(header(8000, 5001), (b"IDAT", b"")), "8,000 × 5,001 points, more than 40 million"),
        (png(header(2**31 - 1, 2**31 - 1), (b"IDAT", b"")), "more than 40 million"),
        (png(header(0, 10), (b"IDAT", zlib.compress(b""))), "no picture that can be read"),
        (png(header(8, 8), (b"zTXt", b"k\0\0" + zlib.compress(b"A" * 70_000_000, 1))), "no picture that can be read"),
        (b"\xff\xd8" + b"\0" * (21 * 1024 * 1024), "21.0 MB, and 20 are the most"),
    ],
    ids=["empty", "svg", "html", "pdf", "bmp", "cut", "cut-png", "41mp", "bomb", "zero", "text-bomb", "21mb"],
)
def test_what_is_no_picture_is_refused_in_a_sentence(what: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence) as refused:
        pictures.encoded(what)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (file("JPEG"), "jpg"),
        (file("PNG"), "png"),
        (file("WEBP"), "png"),
        (moving(), "png"),
        (file("JPEG", mode="CMYK", color=(0, 255, 255, 0)), "jpg"),
        (file("JPEG", mode="L", color=128), "jpg"),
        (file("PNG", mode="1", color=1), "png"),
        (file("PNG", mode="LA", color=(0, 128)), "png"),
        (file("PNG", (2000, 1)), "png"),
    ],
    ids=["jpeg", "png", "webp", "gif", "cmyk", "grey", "bits", "grey-alpha", "line"],
)
def test_every_kind_of_picture_becomes_two_of_plain_colours(data: bytes, form: str) -> None:
    made = pictures.encoded(data)
    for each, size in ((made.large, made.size), (made.small, made.small_size)):
        image = Image.open(BytesIO(each))
        assert (image.mode, image.size, getattr(image, "n_frames", 1)) == ("RGB", size, 1)
    assert made.format == form


def test_nothing_but_pixels_comes_through_and_they_stand_upright() -> None:
    made = pictures.encoded(located())
    for data in (made.large, made.small):
        for secret in (b"Exif", b"CameraMaker", b"SecretComment", b"script", b"PolyglotTail"):
            assert secret not in data
    image = shown(located())
    assert image.size == (128, 64)
    left, right = image.getpixel((10, 32)), image.getpixel((118, 32))
    assert left[2] > 200 > right[2]  # type: ignore[index] # a turn to the right: what was below stands left


def test_texts_in_a_drawing_do_not_come_through() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "SecretName")
    data = file("PNG", pnginfo=notes, dpi=(72, 72))
    assert b"SecretName" in data
    assert b"SecretName" not in pictures.encoded(data).large


def test_what_shines_through_stands_on_white() -> None:
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    out = BytesIO()
    palette.save(out, "PNG", transparency=0)
    assert shown(out.getvalue()).getpixel((5, 5)) == (255, 255, 255)
    assert shown(file("PNG", mode="RGBA", color=(0, 0, 0, 0))).getpixel((5, 5)) == (255, 255, 255)


def test_colours_of_another_profile_look_as_they_did() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"tmp.").replace(b"gXYZ", b"rXYZ").replace(b"tmp.", b"gXYZ")
    red, green, _ = shown(file("PNG", color=(250, 0, 0), icc_profile=swapped)).getpixel((5, 5))  # type: ignore[misc] # three bands
    assert (red, green) == (0, 250)
    assert shown(file("JPEG", color="red", icc_profile=b"nonsense")).getpixel((5, 5)) == (254, 0, 0)


def test_sixteen_bits_of_grey_keep_their_greys() -> None:
    middle = shown(file("PNG", mode="I;16", color=32_768)).getpixel((5, 5))
    assert middle == (128, 128, 128)


@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ((3000, 1500), (1200, 600), (600, 300)),
        ((500, 250), (500, 250), (500, 250)),
        ((1000, 6000), (300, 1800), (150, 900)),
    ],
)
def test_a_picture_is_made_smaller_and_never_larger(
    size: tuple[int, int], large: tuple[int, int], small: tuple[int, int]
) -> None:
    made = pictures.encoded(file("JPEG", size))
    assert (made.size, made.small_size) == (large, small)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]), st.data())
def test_damaged_bytes_are_a_picture_or_a_sentence(form: str, data: st.DataObject) -> None:
    damaged = bytearray(file(form, (40, 30)))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Unreadable):  # nothing else is raised
        assert pictures.encoded(bytes(damaged)).large


def of_a_note(*, alt: dict[str, str], fallback: Fallback = Fallback.LABEL, width: int = 1200) -> Issue:
    """An issue with a picture in its opening, and one in a note that says `alt`."""
    texts = {tag: {"title": "Note", "body": "Words.", "alt": words} for tag, words in alt.items()}
    opening = passage(PassageKind.OPENING, "opening", {"en": {"subject": "S", "title": "T", "alt": "A hill."}})
    issue = issue_of([opening, passage(PassageKind.NOTE, "n", texts)], fallback)
    for number, each in enumerate(issue.passages):
        name, small = str(number) * 32, min(width, 600)
        each.picture = Picture(name=name, format="jpg", width=width, height=width // 2, small_width=small)
    return issue


def test_a_mail_shows_a_picture_from_home_at_no_more_than_its_size() -> None:
    brand = replace(BRAND, base_url="https://news.example.org")
    rendered = render(of_a_note(alt={"en": 'Two "birds" & <a>'}), "en", brand)
    hero, card = lxml.html.document_fromstring(rendered.html).iter("img")
    at = "https://news.example.org/pictures/"
    assert (hero.get("src"), hero.get("srcset")) == (f"{at}{'0' * 32}-600.jpg", f"{at}{'0' * 32}-1200.jpg 2x")
    assert (hero.get("width"), hero.get("height"), hero.get("lang")) == ("600", "300", None)
    assert (card.get("width"), card.get("height"), card.get("alt")) == ("484", "242", 'Two "birds" & <a>')
    assert "[Picture: A hill.]" in rendered.text
    small = lxml.html.document_fromstring(render(of_a_note(alt={"en": "x"}, width=300), "en", brand).html)
    assert [(each.get("width"), each.get("srcset")) for each in small.iter("img")] == [("300", None)] * 2


def test_what_a_picture_shows_is_told_in_the_reader_s_language_or_marked() -> None:
    issue = of_a_note(alt={"en": "A bird.", "ar": "طائر."})
    rendered = render(issue, "ar", BRAND)
    hero, card = lxml.html.document_fromstring(rendered.html).iter("img")
    assert (hero.get("alt"), hero.get("lang"), hero.get("dir")) == ("A hill.", "en", "ltr")
    assert (card.get("alt"), card.get("lang")) == ("طائر.", None)
    assert "[صورة: طائر.]" in rendered.text


def test_a_picture_without_words_blocks_where_its_text_stands() -> None:
    issue = of_a_note(alt={"en": "A bird.", "es": " "})

    def found(tag: str) -> list[tuple[str, str, bool]]:
        findings = check(issue, tag, render(issue, tag, BRAND), BRAND)
        return [(f.where, f.check, f.blocks) for f in findings if f.check.startswith("missing")]

    assert found("en") == []
    assert found("es") == [("the opening (es)", "missing-text", True), ("note n (es)", "missing-alt", True)]
    assert found("vi") == [("the opening (vi)", "missing-text", True), ("note n (vi)", "missing-text", True)]


def seen(issue: Issue, tag: str) -> Seen:
    cell = editing.find(issue, "7", tag)
    return Seen(cell.revision, source_digest(cell.passage))


def test_two_who_bring_the_same_picture_at_once_bring_one(database: Database) -> None:
    made = pictures.encoded(file("PNG"))

    def keep() -> str:
        with database.write() as session:
            return pictures.keep(session, made, LATER).name

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            pictures.keep(session, made, LATER)
            second = pool.submit(keep)
            wait([second], 0.2)  # it sees no picture yet
        assert second.result() == made.name


def test_a_picture_wants_words_in_every_language_and_brings_them_back(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        one, two = (
            pictures.keep(session, pictures.encoded(file("PNG", color=color)), LATER).name
            for color in ("teal", "maroon")
        )
        assert pictures.keep(session, pictures.encoded(file("PNG", color="teal")), LATER).name == one

        def say(tag: str, alt: str) -> None:
            fields = editing.find(issue, "7", tag).fields | {"alt": alt}
            editing.save(session, issue, "7", tag, fields, seen=seen(issue, tag), **BY)

        def look() -> list[str]:
            return [editing.find(issue, "7", tag).state.value for tag in issue.languages]

        assert arranging.set_picture(session, issue, "7", one, **BY) == ""
        assert look() == ["missing"] * 3
        say("en", "A teal square.")
        say("es", "Un cuadrado.")
        assert look() == ["draft", "stale", "missing"]  # it was made from a text without those words
        editing.approve(session, issue, "7", "es", seen=seen(issue, "es"), **BY)
        assert look() == ["draft", "approved", "missing"]

        assert arranging.set_picture(session, issue, "7", two, **BY) == one
        assert editing.find(issue, "7", "en").fields.get("alt") is None
        assert look() == ["missing", "stale", "missing"]
        assert arranging.set_picture(session, issue, "7", one, **BY) == two
        assert editing.find(issue, "7", "en").fields["alt"] == "A teal square."
        assert look() == ["draft", "approved", "missing"]
        assert arranging.set_picture(session, issue, "7", "", **BY) == one
        assert look() == ["draft", "approved", "stale"]  # nothing needs words now
        with pytest.raises(Conflict, match="add a note"):
            arranging.set_picture(session, issue, "explainer", one, **BY)
        with pytest.raises(NotFound, match="no picture"):
            arranging.set_picture(session, issue, "7", "0" * 32, **BY)


@SQLITE
def test_a_picture_goes_with_its_passage_and_comes_back_and_stands_every_month(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        name = pictures.keep(session, pictures.encoded(file("PNG")), LATER).name
        note = arranging.add(session, issue, PassageKind.NOTE, "", **BY).key
        arranging.set_picture(session, issue, note, name, **BY)
        arranging.set_standing(session, issue, note, True, **BY)
        arranging.remove(session, issue, note, **BY)
        arranging.restore(session, issue, note, **BY)
    with database.write() as session:
        picture = arranging.find(again(session), note).picture
        assert picture is not None
        assert (picture.name, picture.file) == (name, f"{name}-300.png")
        december = composing.draft(
            session,
            slug="2021-12",
            month=date(2021, 12, 1),
            languages=["en"],
            fallback=Fallback.LABEL,
            now=LATER,
            empty=True,
        )
        assert [p.key for p in december.passages if p.picture] == [note]


@SQLITE
def test_a_picture_goes_out_and_in_with_the_issue_file(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        name = pictures.keep(session, pictures.encoded(file("PNG")), LATER).name
        line = f"# opening\n\npicture: {name}\n"
        plain = export(issue)
        assert "alt:" not in plain
        assert put(session, issue, swapped(plain, ("# opening\n", line))).changes == ["the opening has a picture"]
        assert issue.passages[0].picture_name == name
        with_picture = export(issue)
        assert line in with_picture
        assert with_picture.count("alt:") == len(issue.languages)
        early = put(session, issue, swapped(with_picture, ("## en · missing", "## en · approved")))
        assert (early.changes, ["has no alt" in said for said in early.refused]) == ([], [True])
        put(session, issue, swapped(with_picture, ("alt:", "alt: A square.")))
        assert editing.find(issue, "opening", "en").fields["alt"] == "A square."
        assert put(session, issue, export(issue)).changes == []
        removed = put(session, issue, swapped(export(issue), (f"\npicture: {name}\n", "")))
        assert removed.changes == ["the opening has no picture now"]


@SQLITE
def test_a_file_names_only_pictures_that_are_there(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        for heading, line, sentence in (
            ("# opening\n", f"picture: {'0' * 32}", "there is no picture 0000"),
            ("# opening\n", "picture: <img src=x>", "names no picture"),
            ("# closing\n", f"picture: {'0' * 32}", "a closing has no place for a picture"),
        ):
            with pytest.raises(Unreadable, match=rf"line \d+: .*{sentence}"):
                put(session, issue, swapped(export(issue), (heading, f"{heading}\n{line}\n")))
