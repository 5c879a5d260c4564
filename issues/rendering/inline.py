"""Style sheets into style attributes, for mail programs that drop `<style>`.

premailer is confined: it loads nothing, leaves the head's style sheets and `!important` as they are (dark mode and
the phone's layout live there), and rewrites no link.
"""

from premailer import Premailer

_GUARDED = '<style data-premailer="ignore"'


def inlined(html: str, css: str) -> str:
    """`html` with the rules of `css` in its elements' style attributes. Style elements stay untouched."""
    guarded = html.replace("<style", _GUARDED).replace("<!doctype", "<!DOCTYPE", 1)  # a lower-case one gets lost
    styled = str(
        Premailer(
            guarded,
            css_text=css,
            allow_network=False,
            strip_important=False,
            disable_link_rewrites=True,
            disable_leftover_css=True,
            disable_validation=True,
            disable_basic_attributes=["align", "valign", "bgcolor", "width", "height"],
        ).transform(pretty_print=False)
    )
    return styled.replace(_GUARDED, "<style")  # those within conditional comments
