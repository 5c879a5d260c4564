"""Whatever two colours a brand has, the mail can be read."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from issues.rendering.brand import Brand, colors, contrast

COLOR = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@settings(max_examples=200)
@given(COLOR, COLOR)
@example("#7ffb00", "#00936d")  # a ground that stands out is lighter than a card
def test_every_text_reads_on_its_ground(color: str, accent: str) -> None:
    made = colors(Brand("Network", color, accent, ""))
    assert contrast(made.on_header, made.header) >= 4.5
    assert contrast(made.kicker, made.header) >= 4.5
    assert contrast(made.on_button, made.button) >= 4.5
    for look in (made.light, made.dark):
        for ground in (look.sheet, look.card, look.tint):
            texts = (look.ink, look.muted, look.heading, look.link)
            assert min(contrast(text, ground) for text in texts) >= 4.5
        assert contrast(look.heading, look.pill) >= 4.5
        assert contrast(look.muted, look.page) >= 4.5
