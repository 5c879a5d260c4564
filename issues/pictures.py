"""Pictures for mails: whatever was uploaded is decoded and encoded anew, in two sizes, without anything else in it.

The content decides what a file is, never its name. What comes out holds pixels alone: no place, no camera, no comment.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from PIL import Image, ImageCms, ImageOps
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from issues.errors import NotFound, Unreadable
from issues.models import Passage, Picture, ResourceText

LARGEST = 20 * 1024 * 1024
MOST_PIXELS = 40_000_000
SHARP, PLAIN = (1200, 1800), (600, 900)
"""The most width and height of the two sizes: a mail is 600 wide, and sharp screens have two pixels for one."""
_ENOUGH = 1800
"""Of the shorter side, whichever way the picture is turned: more is averaged away before it takes memory twice."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_DRAWN = ("PNG", "GIF", "WEBP")
"""Formats that drawings come in: they stay sharp as PNG, and are kept so where that is not the larger file."""

_SRGB = ImageCms.createProfile("sRGB")
_CHOOSE = "choose a JPEG, PNG, WebP or GIF"

Image.MAX_IMAGE_PIXELS = None  # it only warns up to twice its number; `_opened` refuses


@dataclass(frozen=True)
class Encoded:
    """One picture as it is kept."""

    format: str
    """`jpg` or `png`."""
    large: bytes
    size: tuple[int, int]
    """Width and height of the large one."""
    small: bytes
    small_size: tuple[int, int]

    @property
    def name(self) -> str:
        """Says what is in it, so that its address never shows anything else."""
        return hashlib.sha256(self.large).hexdigest()[:32]


def encoded(data: bytes) -> Encoded:
    """The picture in a file. Raises Unreadable, in a sentence for whoever sent it."""
    _refuse_size(data)
    try:
        return _encoded(_opened(data))
    except Unreadable:
        raise
    except Exception as error:  # decoders meet hostile bytes here, and raise nearly anything
        raise Unreadable(f"this file is no picture that can be read, or only a part of one: {_CHOOSE}") from error


def keep(session: Session, made: Encoded, now: datetime) -> Picture:
    """The picture, kept; one that is there already is not kept twice, also where two bring it at once."""
    insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    row = {
        "name": made.name,
        "format": made.format,
        "width": made.size[0],
        "height": made.size[1],
        "small_width": made.small_size[0],
        "large": made.large,
        "small": made.small,
        "added_at": now,
    }
    session.execute(insert(Picture).values(row).on_conflict_do_nothing())
    return session.get_one(Picture, made.name)


def find(session: Session, name: str) -> Picture:
    """The picture of this name. Raises NotFound."""
    picture = session.get(Picture, name)
    if picture is None:
        raise NotFound(f"there is no picture {name[:32]}; add it at the desk, where pictures are uploaded")
    return picture


def offered(passage: Passage) -> ResourceText | None:
    """The text of a passage's resource whose own page has a picture, that in the issue's source language first."""
    texts = passage.resource.texts if passage.resource else []
    source = passage.issue.source_language
    return min((text for text in texts if text.image), key=lambda text: text.language != source, default=None)


def _refuse_size(data: bytes) -> None:
    if not data:
        raise Unreadable(f"there is nothing in this file: {_CHOOSE}")
    if len(data) > LARGEST:
        most = LARGEST // 1024**2
        raise Unreadable(f"this file has {len(data) / 1024**2:.1f} MB, and {most} are the most: save it smaller")


def _opened(data: bytes) -> Image.Image:
    """The picture with its pixels; too many are refused by what the header says, before any is decoded."""
    image = Image.open(BytesIO(data), formats=_FORMATS)
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Unreadable(
            f"this picture has {width:,} × {height:,} points, more than {MOST_PIXELS // 1_000_000} million: "
            f"save it smaller, {SHARP[0]} wide is enough"
        )
    image.draft(None, (_ENOUGH, _ENOUGH))  # a JPEG can be decoded at a half or a quarter
    image.load()
    return image


def _encoded(image: Image.Image) -> Encoded:
    drawn, sheet = image.format in _DRAWN, _flat(image)
    large = _within(sheet, SHARP)
    small = _within(large, PLAIN)
    form = "png" if drawn and len(_bytes(large, "png")) <= len(_bytes(large, "jpg")) else "jpg"
    return Encoded(form, _bytes(large, form), large.size, _bytes(small, form), small.size)


def _flat(image: Image.Image) -> Image.Image:
    """The first frame upright, in sRGB, on white; a new image, so that nothing but pixels comes along."""
    profile = image.info.get("icc_profile")
    image = _in_bands(image)
    if (factor := min(image.size) // _ENOUGH) > 1:
        image = image.reduce(factor)
    ImageOps.exif_transpose(image, in_place=True)
    sheet = Image.new("RGB", image.size, "white")
    if image.mode == "RGBA":
        sheet.paste(image, mask=image)
    else:
        sheet.paste(_in_srgb(image, profile) if profile else image.convert("RGB"))
    return sheet


def _in_bands(image: Image.Image) -> Image.Image:
    """In a mode whose points can be averaged; RGBA where anything shines through."""
    if image.mode.startswith("I"):  # sixteen bits of grey, of which eight are enough
        return image.point(lambda value: value / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else image.mode if image.mode in ("L", "CMYK") else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """A phone's wide colours and a printer's four, as screens show them; as it is where its profile is no good."""
    try:
        own = ImageCms.ImageCmsProfile(BytesIO(profile))
        changed = ImageCms.profileToProfile(image, own, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        changed = None
    return changed or image.convert("RGB")


def _within(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    """The picture in that box; nothing is ever made larger."""
    scale = min(box[0] / image.width, box[1] / image.height)
    if scale >= 1:
        return image
    return image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.LANCZOS
    )


def _bytes(image: Image.Image, form: str) -> bytes:
    out = BytesIO()
    if form == "png":
        image.save(out, "PNG", optimize=True)
    else:
        image.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()
