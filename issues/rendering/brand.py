"""The brand, and every colour of the mail derived from its two so that text stays readable.

Contrast is that of WCAG 2.2: 4.5 for text (criterion 1.4.3), 7 for headings, which set the tone of a page.
"""

from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass

_WHITE, _BLACK = "#ffffff", "#000000"
_TEXT, _HEADING = 4.5, 7.0


@dataclass(frozen=True)
class Brand:
    """Who speaks: the network's name and postal address, and two colours written like `#1d2b4f`."""

    name: str
    color: str
    """The ground of the header; headings take its hue."""
    accent: str
    """Links and buttons."""
    postal_address: str
    """May have several lines."""
    base_url: str = ""
    """Where they are at home; pictures are loaded from there."""


@dataclass(frozen=True)
class Palette:
    """The colours of one look, light or dark."""

    page: str
    sheet: str
    card: str
    line: str
    tint: str
    """The ground of what stands out."""
    tint_line: str
    ink: str
    muted: str
    heading: str
    link: str
    pill: str


@dataclass(frozen=True)
class Colors:
    """Everything the template paints with."""

    header: str
    on_header: str
    kicker: str
    """The brand's name in the header."""
    button: str
    on_button: str
    stripe: tuple[str, str, str]
    light: Palette
    dark: Palette


def colors(brand: Brand) -> Colors:
    """The brand's two colours, spread over the mail; text on any of them is readable."""
    on_header = _readable(brand.color)
    return Colors(
        header=brand.color,
        on_header=on_header,
        kicker=_toward(mix(brand.accent, on_header, 0.5), on_header, _HEADING, brand.color),
        button=brand.accent,
        on_button=_readable(brand.accent),
        stripe=(brand.accent, _tone(brand.accent, 0.53, 0.72, turn=20), _tone(brand.color, 0.37, 0.33, turn=-65)),
        light=_light(brand),
        dark=_dark(brand),
    )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mix(color: str, other: str, share: float) -> str:
    """`color` with `share` (0 to 1) of `other` in it."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _light(brand: Brand) -> Palette:
    tint = _tone(brand.color, 0.97, 0.6)
    pill = _tone(brand.color, 0.92, 0.5)
    card = "#fcfaf6"
    return Palette(
        page="#f3eee5",
        sheet=_WHITE,
        card=card,
        line="#e6ded1",
        tint=tint,
        tint_line=_tone(brand.color, 0.86, 0.45),
        ink="#27303f",
        muted="#5d5a52",
        heading=_toward(brand.color, _BLACK, _HEADING, pill),
        link=_toward(brand.accent, _BLACK, _TEXT, tint, card),
        pill=pill,
    )


def _dark(brand: Brand) -> Palette:
    tint = _tone(brand.color, 0.19, 0.3)
    pill = _tone(brand.color, 0.3, 0.32)
    card = "#212732"
    return Palette(
        page="#10131a",
        sheet="#191d26",
        card=card,
        line="#363e4e",
        tint=tint,
        tint_line=_tone(brand.color, 0.34, 0.25),
        ink="#e4e7ee",
        muted="#b3bac8",
        heading=_toward("#f4f6fb", _WHITE, _TEXT, pill),
        link=_toward(mix(brand.accent, _WHITE, 0.2), _WHITE, _TEXT + 1, tint, card),
        pill=pill,
    )


def _tone(color: str, lightness: float, saturation: float, turn: int = 0) -> str:
    """`color`'s hue, turned by `turn` degrees, at this lightness; a colour without hue stays grey."""
    hue, _, own = rgb_to_hls(*(channel / 255 for channel in _channels(color)))
    red, green, blue = hls_to_rgb((hue + turn / 360) % 1, lightness, saturation if own > 0.05 else own)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _readable(ground: str) -> str:
    """White or black: one of them reaches 4.5 on any colour, which no softer pair does."""
    return max((_WHITE, _BLACK), key=lambda text: contrast(text, ground))


def _toward(color: str, end: str, ratio: float, *grounds: str) -> str:
    """`color`, moved toward `end` until it reads on each of the `grounds`."""
    steps = (mix(color, end, step / 20) for step in range(21))
    return next((step for step in steps if all(contrast(step, ground) >= ratio for ground in grounds)), end)


def _channels(color: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def _luminance(color: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    red, green, blue = (_linear(channel / 255) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
