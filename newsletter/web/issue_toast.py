"""What was just done in an issue, said once below the page, with the way to undo it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from issues.languages import name_in
from newsletter.web.issue_view import View
from newsletter.web.site import Site


@dataclass(frozen=True)
class Toast:
    """`path` is where the reverse is posted; empty where there is none."""

    words: str
    path: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def toast(site: Site, view: View, asked: Mapping[str, str]) -> Toast | None:
    """The toast that the address of the page asks for, where it knows one."""
    say = _KINDS.get(asked.get("did", ""))
    if say is None:
        return None
    said = say(view, asked)
    here = {"text": view.open.passage.key, "to": view.to, "show": view.asked.get("show", "")}
    path = f"{site.root}/desk/issues/{view.issue.slug}/{said.path}" if said.path else ""
    return Toast(said.words, path, here | said.fields)


def _moved(view: View, asked: Mapping[str, str]) -> Toast:
    key = asked.get("of", "")
    name = next((row.name for row in view.rows if row.passage.key == key), "")
    if not name:
        return Toast("Moved.")
    return Toast(f"Moved: {name}.", f"passages/{key}/move", {"before": asked.get("was", "")})


def _removed(view: View, asked: Mapping[str, str]) -> Toast:
    name = dict(view.removed).get(asked.get("of", ""))
    return Toast(f"Taken out: {name}.", f"passages/{asked['of']}/restore") if name else Toast("Taken out.")


def _approved(_view: View, asked: Mapping[str, str]) -> Toast:
    cells = asked.get("of", "")
    count = cells.count(",") + 1
    words = "Approved." if count == 1 else f"Approved {count} texts."
    return Toast(words, "withdraw", {"cells": cells, "made_from": asked.get("was", "")})


def _standing(view: View, asked: Mapping[str, str]) -> Toast:
    key, stands = asked.get("of", ""), asked.get("was") == "no"
    words = "It stands in every month’s draft now." if stands else "It stands in this issue alone now."
    row = next((row for row in view.rows if row.passage.key == key), None)
    return Toast(words, f"passages/{key}/standing" if row else "", {"every_month": "no" if stands else "yes"})


def _fallback(view: View, asked: Mapping[str, str]) -> Toast:
    source = name_in(view.issue.source_language, "en")
    words = {
        "label": f"Where a text is missing, readers get the {source}, labelled.",
        "omit": "Where a text is missing, readers do not see its place.",
    }
    return Toast(words[view.issue.fallback], "fallback", {"fallback": asked.get("was", "")})


def _waived(_view: View, asked: Mapping[str, str]) -> Toast:
    return Toast("Waived.", "unwaive", {"check": asked.get("of", ""), "language": asked.get("was", "")})


def _pictured(view: View, asked: Mapping[str, str]) -> Toast:
    row = next((row for row in view.rows if row.passage.key == asked.get("of", "")), None)
    if row is None:
        return Toast("Done.")
    there = "The picture is in. Say in each language what it shows."
    words = there if row.passage.picture else "The picture is out. Its words are kept."
    return Toast(words, f"passages/{row.passage.key}/picture", {"picture": asked.get("was", "")})


def _words(words: str) -> Callable[[View, Mapping[str, str]], Toast]:
    return lambda _view, _asked: Toast(words)


_KINDS: Mapping[str, Callable[[View, Mapping[str, str]], Toast]] = {
    "moved": _moved,
    "removed": _removed,
    "approved": _approved,
    "standing": _standing,
    "fallback": _fallback,
    "picture": _pictured,
    "waived": _waived,
    "unwaived": _words("The waiver is taken back."),
    "back": _words("It is back, with its texts."),
    "withdrawn": _words("A draft again."),
    "saved": _words("Saved."),
    "true": _words("Kept as true, in your name."),
    "restored": _words("The earlier words are back; the later ones stay in the history."),
    "added": _words("Added. Write its words here."),
}
