"""What a person should look at before a text goes into an issue."""

import re

from issues.models import ResourceText

# A quotation or question mark between two letters, or a sentence that begins right behind another's full stop.
_GLUED = re.compile(r"\w+[“”«»¿¡]\w+|[^\W\d_]{3,}[.!?][A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2,}")
_ADDRESS = re.compile(r"\]\([^()]*\)|<[^<>]*>")


def flags(text: ResourceText) -> list[str]:
    """In plain words, what is wrong with a text; nothing where all seems well."""
    found = [] if text.title else ["no title"]
    if not text.language:
        found.append("no language")
    if glued := _GLUED.search(_ADDRESS.sub("", f"{text.title}\n{text.summary}")):
        found.append(f"lost spaces, as in “{glued[0]}”")
    return found
