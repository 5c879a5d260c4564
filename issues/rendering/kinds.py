"""The words for kinds of resources; a kind that nobody foresaw is shown as it is written."""

from gettext import NullTranslations


def N_(message: str) -> str:  # noqa: N802 # the name that gettext tools look for
    """Marks a message for the catalogues."""
    return message


KINDS = {
    "article": N_("Article"),
    "campaign": N_("Campaign"),
    "course": N_("Course"),
    "event": N_("Event"),
    "explainer": N_("Explainer"),
    "factsheet": N_("Fact sheet"),
    "guide": N_("Guide"),
    "letter": N_("Letter"),
    "memo": N_("Memo"),
    "news": N_("News"),
    "plan": N_("Plan"),
    "platform": N_("Platform"),
    "podcast": N_("Podcast"),
    "report": N_("Report"),
    "statement": N_("Statement"),
    "story": N_("Story"),
    "tool": N_("Tool"),
    "toolkit": N_("Toolkit"),
    "training": N_("Training"),
    "video": N_("Video"),
    "webinar": N_("Webinar"),
}


def kind_word(kind: str, catalogue: NullTranslations) -> str:
    """The word for `kind` in the catalogue's language; empty for no kind."""
    return catalogue.gettext(KINDS[kind]) if kind in KINDS else kind
