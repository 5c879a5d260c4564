"""A picture for the demonstration, drawn when it is needed: hills before dawn, a low sun, and lights in the valley."""

from collections.abc import Iterator
from io import BytesIO
from math import sin

from PIL import Image, ImageDraw

SIZE = (1200, 500)
_FINE = 2
"""Drawn so many times larger: edges become smooth when it is made smaller."""

_WIDTH, _HEIGHT = SIZE[0] * _FINE, SIZE[1] * _FINE

_HIGH, _MIDDLE, _LOW = (29, 43, 79), (123, 92, 122), (246, 189, 132)
_SUN, _GLOW, _PLACE = (255, 236, 196), (255, 205, 140), (820, 285)
_HILLS = (
    # colour, height in hundredths of the picture, then swing, length and place of two waves
    ((150, 104, 112), 0.62, (0.050, 310, 0.4), (0.016, 97, 2.0)),
    ((106, 76, 104), 0.70, (0.060, 420, 2.2), (0.014, 120, 0.3)),
    ((66, 60, 98), 0.79, (0.055, 350, 4.1), (0.012, 90, 1.0)),
    ((36, 44, 80), 0.90, (0.050, 500, 5.6), (0.010, 140, 3.0)),
)
_WINDOWS = ((212, 442), (226, 438), (262, 444), (270, 441), (318, 449), (706, 452), (718, 455), (766, 449))


def dawn() -> bytes:
    """The picture as a PNG, the same each time."""
    image = _sky()
    _shine(image, _PLACE, 260)
    drawn = ImageDraw.Draw(image)
    drawn.ellipse(_around(_PLACE, 46), fill=_SUN)
    for color, height, long, short in _HILLS:
        drawn.polygon([*_ridge(height, long, short), (_WIDTH, _HEIGHT), (0, _HEIGHT)], fill=color)
    for place in _WINDOWS:
        drawn.rectangle(_around(place, 1.6), fill=_GLOW)
    out = BytesIO()
    image.resize(SIZE, Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _sky() -> Image.Image:
    """From night above to morning below."""
    column = Image.new("RGB", (1, _HEIGHT))
    for y in range(_HEIGHT):
        share = min(1.0, y / (_HEIGHT * 0.72))
        above, below, way = (_HIGH, _MIDDLE, share * 2) if share < 0.5 else (_MIDDLE, _LOW, share * 2 - 1)
        red, green, blue = (round(a + (b - a) * way) for a, b in zip(above, below, strict=True))
        column.putpixel((0, y), (red, green, blue))
    return column.resize((_WIDTH, _HEIGHT))


def _ridge(
    height: float, long: tuple[float, float, float], short: tuple[float, float, float]
) -> Iterator[tuple[float, float]]:
    for x in range(0, SIZE[0] + 4, 4):
        swings = sum(swing * sin(x / length + place) for swing, length, place in (long, short))
        yield x * _FINE, (height - swings) * _HEIGHT


def _shine(image: Image.Image, at: tuple[float, float], radius: float) -> None:
    """A glow that fades to its edge."""
    left, top, right, below = (round(side) for side in _around(at, radius))
    edge = 181  # what Pillow's gradient, 0 in its middle, reaches in the middle of a side
    fading = Image.radial_gradient("L").point(lambda away: 190 * max(0.0, 1 - away / edge) ** 2)
    image.paste(_GLOW, (left, top), mask=fading.resize((right - left, below - top), Image.Resampling.BICUBIC))


def _around(at: tuple[float, float], radius: float) -> tuple[float, float, float, float]:
    x, y = at
    return (x - radius) * _FINE, (y - radius) * _FINE, (x + radius) * _FINE, (y + radius) * _FINE
