"""What exports look like: one recipe per product, in its own column names and its own words for how people stand.

A column's name is compared without case, accents and signs: `E-mail 1 - Value` is `e mail 1 value`.
"""

import enum
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field


class Standing(enum.StrEnum):
    """How somebody stands in the file. The later, the safer: of two the later one counts."""

    SUBSCRIBED = "subscribed"
    UNCONFIRMED = "unconfirmed"
    """They were asked, and never answered."""
    BOUNCED = "bounced"
    LEFT = "left"
    COMPLAINED = "complained"


SAFENESS = {standing: place for place, standing in enumerate(Standing)}
SUPPRESSING = (Standing.BOUNCED, Standing.LEFT, Standing.COMPLAINED)

Words = Mapping[str, Standing]
"""What a cell may say, in small letters, and how somebody stands then. A word that is not there is asked about."""

FILLED = "*"
"""In Words: whatever else a cell says, such as a day."""

DAY = "a day"
"""In Words: whatever looks like a day, however it is written."""

_YES = ("true", "yes", "y", "1", "t", "x", "on", "sí", "si", "có", "نعم")
_NO = ("", "false", "no", "n", "0", "f", "off", "none", "never", "null", "n/a", "-", "không", "لا")


def plain(name: str) -> str:
    """A column's name as it is compared: `E-Mail` is `e mail`, `Electrónico` loses its accent."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", " ", bare).strip()


def _names(*names: str) -> tuple[str, ...]:
    return tuple(plain(name) for name in names)


def _words(**standings: str) -> dict[str, Standing]:
    return {word: Standing(standing) for standing, words in standings.items() for word in words.split("|")}


def _yes(then: Standing) -> dict[str, Standing]:
    return dict.fromkeys(_YES, then) | dict.fromkeys(_NO, Standing.SUBSCRIBED)


def _day_of(what: Standing) -> dict[str, Standing]:
    return {"": Standing.SUBSCRIBED, FILLED: what}


def _flag(then: Standing) -> dict[str, Standing]:
    """A yes or a day says this of somebody. Other words are asked about: “enabled” may mean “do not email”, too."""
    return {**_yes(then), DAY: then}


def _consent(otherwise: Standing) -> dict[str, Standing]:
    """A yes or a day says that they want it; who left the field empty never said so."""
    wanted = dict.fromkeys((*_YES, DAY), Standing.SUBSCRIBED)
    return {**WORDS, **dict.fromkeys(_NO, otherwise), **wanted, "": Standing.UNCONFIRMED}


WORDS = _words(
    subscribed="subscribed|active|enabled|confirmed|regular|member|opted in|opt-in|optin|suscrito|activo|đã đăng ký",
    unconfirmed="unconfirmed|pending|unactivated|not confirmed|nonsubscribed|non-subscribed|not subscribed|"
    "never subscribed|transactional",
    left="unsubscribed|opted out|opt-out|optout|left|disabled|blocklisted|blacklisted|removed|inactive|suppressed|baja|"
    "unsubscribe|cancelled|canceled|dado de baja|cancelado|đã hủy đăng ký|hủy đăng ký",
    bounced="cleaned|bounced|bounce|bouncing|hard bounce|hard_bounced|undeliverable|invalid|rebotado",
    complained="complained|complaint|spam|abuse|spam complaint|reported spam",
)
"""Of a column called "status" in a file of any making."""

_TELLING = {
    **dict.fromkeys(
        _names(
            *("status", "subscription status", "subscriber status", "email status", "email marketing status"),
            *("email subscription status", "email permission status", "email subscriber status"),
            *("subscription state", "contact status"),
            *("estado de suscripción", "estado de la suscripción", "trạng thái", "الحالة"),
        ),
        WORDS,
    ),
    **dict.fromkeys(
        _names(
            *("unsubscribed", "is unsubscribed", "globally unsubscribed", "unsubscribed from all email", "baja"),
            *("opt out", "opted out", "optout", "email opt out", "email optout", "email opted out", "is opted out"),
            *("has opted out of email", "HasOptedOutOfEmail", "do not email", "do not contact", "DoNotEmail"),
            *("no email", "no emails"),
            *("blocklisted", "blacklisted", "email blocklisted", "email blacklisted", "suppressed", "is suppressed"),
            *("deceased", "is deceased", "deceased / closed"),
        ),
        _flag(Standing.LEFT),
    ),
    **dict.fromkeys(
        _names(
            *("unsubscribed at", "unsubscribed on", "unsubscribed date", "unsubscribe date", "unsubscribe time"),
            *("unsubscription date", "date unsubscribed", "opted out at", "opted out on", "opt out date"),
            *("opt out time", "optout date", "optout time", "unsubscribe reason", "fecha de baja"),
        ),
        _day_of(Standing.LEFT),
    ),
    **dict.fromkeys(
        _names(
            *("bounced", "is bounced", "hard bounced", "hard bounce", "email bounced", "email is bad"),
            *("email1 is bad", "on hold", "undeliverable"),
        ),
        _flag(Standing.BOUNCED),
    ),
    **dict.fromkeys(
        _names(
            *("bounced at", "bounced on", "bounce date", "bounced date", "email bounced date", "cleaned at"),
            *("bounce reason", "email bounced reason", "email hard bounce reason"),
        ),
        _day_of(Standing.BOUNCED),
    ),
    **dict.fromkeys(
        _names("complained", "spam complaint", "marked as spam", "reported spam"), _flag(Standing.COMPLAINED)
    ),
    **dict.fromkeys(_names("complained at", "complained on", "complaint date"), _day_of(Standing.COMPLAINED)),
    **dict.fromkeys(_names("subscribed", "is subscribed", "email subscribed"), _consent(Standing.LEFT)),
    **dict.fromkeys(
        _names(
            *("opt in", "opted in", "email opt in", "email opted in", "accepts marketing", "accepts email marketing"),
            *("accepts email", "email marketing consent", "marketing consent"),
        ),
        _consent(Standing.UNCONFIRMED),
    ),
}
"""Columns that tell in a file of any making how people stand. What they are called is read, not what it may mean."""

MAY_TELL = re.compile(
    r"\b(un)?subscri|\bopt(ed)? ?(in|out)\b|bounc|complain|\bspam\b|\bdo ?not|block(ed|list)|blacklist|suppress|"
    r"deceased|died|consent|status|standing|accepts|inactive|archived|deleted|cancel|cleaned|\bbaja\b|\bestado\b|estatus"
)
"""In the plain name of a column: it may tell who left, or whose mail bounced."""

NAMED = {
    "subscribed": Standing.SUBSCRIBED,
    "unsubscribed": Standing.LEFT,
    "unsubscribers": Standing.LEFT,
    "blocklisted": Standing.LEFT,
    "unconfirmed": Standing.UNCONFIRMED,
    "nonsubscribed": Standing.UNCONFIRMED,
    "bounced": Standing.BOUNCED,
    "complained": Standing.COMPLAINED,
}
"""What a word of a file's name says of everybody in it, in an export of any making."""

TONGUES = {
    **dict.fromkeys(("english", "inglés", "tiếng anh", "الإنجليزية"), "en"),
    **dict.fromkeys(("spanish", "español", "castellano", "tiếng tây ban nha", "الإسبانية"), "es"),
    **dict.fromkeys(("vietnamese", "vietnamita", "tiếng việt", "الفيتنامية"), "vi"),
    **dict.fromkeys(("arabic", "árabe", "tiếng ả rập", "العربية", "عربي"), "ar"),
    **dict.fromkeys(("french", "français", "francés", "french (france)", "french (canada)"), "fr"),
    **dict.fromkeys(("chinese", "中文", "chino", "chinese (china)", "chinese (taiwan)"), "zh"),
    **dict.fromkeys(("portuguese", "português", "portugués", "portuguese (brazil)", "portuguese (portugal)"), "pt"),
    # CiviCRM's own, as in "Spanish; Castilian (Mexico)" (civicrm/civicrm-core, xml/templates/languages.tpl)
    **dict.fromkeys((f"english ({land})" for land in ("united states", "united kingdom", "canada", "australia")), "en"),
    **dict.fromkeys((f"castilian ({land})" for land in ("spain", "mexico", "puerto rico")), "es"),
}
"""Languages as people write them, with their tags."""


@dataclass(frozen=True)
class Recipe:
    """How one product's export is known and read; each column by the first of its names that is there."""

    product: str
    known_by: tuple[tuple[str, ...], ...]
    """Columns that it has together, and others have not: one such set is enough."""
    address: tuple[str, ...] = ()
    full_name: tuple[str, ...] = ()
    given_name: tuple[str, ...] = ()
    family_name: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    agreed_on: tuple[str, ...] = ()
    """Days on which people agreed, written as 2021-11-30."""
    standings: Mapping[str, Words] = field(default_factory=dict)
    """Columns that say how people stand; of several the safest word counts."""
    tables: Mapping[str, Standing] = field(default_factory=lambda: NAMED)
    """How everybody stands in a table whose name begins like this."""
    tells: tuple[str, ...] = ()
    """Columns, as the product writes them, without which its file does not tell who left."""
    caution: str = ""
    """What its file does not tell of people, for whoever imports it."""
    is_guarded: bool = False
    """Whether its cells are `formulas.guarded`: what looks like a formula there is none."""


ANY = Recipe(
    product="",
    known_by=(),
    address=_names(
        *("email", "e-mail", "email address", "e-mail address", "mail", "correo electrónico", "correo"),
        *("địa chỉ email", "thư điện tử", "البريد الإلكتروني", "address"),
    ),
    full_name=_names(
        "name", "full name", "display name", "nombre completo", "họ và tên", "họ tên", "الاسم الكامل", "الاسم"
    ),
    given_name=_names("first name", "firstname", "fname", "given name", "nombre", "tên", "الاسم الأول"),
    family_name=_names("last name", "lastname", "lname", "family name", "surname", "apellidos", "apellido", "họ"),
    languages=_names(
        *("languages", "language", "lang", "locale", "preferred language"),
        *("idiomas", "idioma", "ngôn ngữ", "اللغة"),
    ),
    agreed_on=_names(
        *("confirmed at", "confirmed on", "subscribed at", "subscribed on", "opt in date", "optin date"),
        *("opt in time", "optin time", "date subscribed"),
    ),
    standings=_TELLING,
)
"""What columns are called everywhere: in a known product's export too, where its recipe says nothing else."""

_PLACES = ("Home", "Main", "Work", "Other", "Billing")
"""Where CiviCRM's addresses are, before the name of a column."""

RECIPES = (
    # No published source: file names and columns as seen in public scripts that read them.
    Recipe(
        product="Mailchimp",
        known_by=(_names("LEID", "EUID"), _names("MEMBER_RATING", "OPTIN_TIME")),
        agreed_on=_names("CONFIRM_TIME", "OPTIN_TIME"),
        standings={
            plain("UNSUB_TIME"): _day_of(Standing.LEFT),
            plain("CLEAN_TIME"): _day_of(Standing.BOUNCED),
            plain("UNSUB_REASON"): {
                "": Standing.SUBSCRIBED,
                **_words(complained="abuse|spam|spam complaint|abuse complaint"),
                FILLED: Standing.LEFT,
            },
        },
        tables={**NAMED, "cleaned": Standing.BOUNCED},
        caution="Mailchimp tells by a file's name how everybody in it stands: give it the name that it had there.",
    ),
    # knadh/listmonk, cmd/subscribers.go (007f4de): the state of the person is written, those in each list are not.
    Recipe(
        product="listmonk",
        known_by=(_names("uuid", "attributes"),),
        agreed_on=_names("created_at"),
        standings={"status": _words(subscribed="enabled", left="disabled|blocklisted|blacklisted")},
        caution="listmonk does not write who left a list or never confirmed: export the confirmed alone, then the "
        "unsubscribed as a file of their own, and call that unsubscribed.csv.",
    ),
    # TryGhost/migrate, packages/mg-substack-members-csv (05b7d60); the dashboard's columns as seen in public scripts.
    Recipe(
        product="Substack",
        known_by=(
            *(_names("active_subscription", "expiry"), _names("active_subscription", "email_disabled")),
            *(_names("Subscription source (free)"), _names("Emails received (6mo)")),
            _names("Stripe plan", "Start date"),
        ),
        agreed_on=_names("created_at", "Start date"),
        standings={
            plain("email_disabled"): _yes(Standing.LEFT),
            # The end of a paid plan, or of everything: the file does not tell.
            plain("Cancel date"): _day_of(Standing.UNCONFIRMED),
        },
    ),
    # TryGhost/Ghost, ghost/core/core/server/services/members/import-export/export/exporter.ts (0271e3b).
    Recipe(
        product="Ghost",
        known_by=(_names("subscribed_to_emails"),),
        agreed_on=_names("created_at"),
        standings={
            plain("subscribed_to_emails"): dict.fromkeys(_YES, Standing.SUBSCRIBED) | dict.fromkeys(_NO, Standing.LEFT),
            plain("deleted_at"): _day_of(Standing.LEFT),
        },
        caution="Ghost does not write whose mail bounced or who complained: they count as subscribed.",
    ),
    # buttondown/docs, lib/openapi/enums.json (04530fc, 26840c7); buttondown/openapi, enums.json (026b183).
    Recipe(
        product="Buttondown",
        known_by=(
            *(_names("metadata", "referrer_url"), _names("undeliverability_date"), _names("subscriber_type")),
            _names("type", "creation_date"),
        ),
        agreed_on=_names("creation_date", "subscription_date"),
        standings={
            **dict.fromkeys(
                _names("type", "subscriber_type", "status"),
                _words(
                    subscribed="regular|premium|paid|gifted|trialed|paused|past_due|past due|churning|churned",
                    unconfirmed="unactivated|unpaid|blocked|disposable",
                    left="unsubscribed|removed|disabled",
                    bounced="undeliverable|spammy|malformed",
                    complained="complained",
                ),
            ),
            plain("unsubscription_date"): _day_of(Standing.LEFT),
            plain("undeliverability_date"): _day_of(Standing.BOUNCED),
        },
    ),
    # No published source: words of its API as public clients have them, columns as seen in scripts that read reports.
    Recipe(
        product="Action Network",
        known_by=tuple(
            _names(f"can2_{name}")
            for name in (
                *("subscription_status", "subscription_date", "user_tags", "sms_status", "phone"),
                *("user_address", "user_city", "user_state", "state_abbreviated", "county"),
            )
        ),
        agreed_on=_names("can2_subscription_date"),
        standings={
            plain("can2_subscription_status"): _words(
                subscribed="subscribed",
                left="unsubscribed",
                bounced="bouncing|bounced|previous bounce",
                complained="spam complaint|previous spam complaint",
            )
        },
        tells=("can2_subscription_status",),
    ),
    # civicrm/civicrm-core, tests/phpunit/CRM/Export/BAO/ExportTest.php (001a515) and CRM/Core/PseudoConstant.php.
    Recipe(
        product="CiviCRM",
        known_by=(
            *(_names("Contact ID", "Contact Type"), _names("Contact ID", "Do Not Email")),
            *(_names("Do Not Email", "Do Not Phone"), _names("No Bulk Emails (User Opt Out)")),
        ),
        address=_names("Email", *(f"{place}-Email" for place in _PLACES)),
        given_name=_names("First Name"),
        family_name=_names("Last Name"),  # the Display Name of somebody without a name is their address
        standings={
            plain("Do Not Email"): _yes(Standing.LEFT),
            plain("No Bulk Emails (User Opt Out)"): _yes(Standing.LEFT),
            **dict.fromkeys(
                _names("On Hold", *(f"{place}-On Hold" for place in _PLACES)),
                _yes(Standing.BOUNCED)
                | _words(bounced="on hold bounce", left="on hold opt out|2", subscribed="not on hold"),
            ),
            plain("Contact is in Trash"): _yes(Standing.LEFT),
        },
        tells=("Do Not Email", "No Bulk Emails (User Opt Out)", "On Hold"),
    ),
    # No published source: both headers, of before and after 2024, as seen in public scripts that read them.
    Recipe(
        product="Google Contacts",
        known_by=(_names("E-mail 1 - Value"),),
        address=_names("E-mail 1 - Value"),
        full_name=_names("Name"),
        caution="An address book does not tell who agreed to get mail: everybody in it counts as subscribed.",
    ),
    # subscribers/exporting.py; before it wrote who is suppressed, too.
    Recipe(
        product="this program",
        known_by=(_names("suppressed", "suppressed_on"), _names("paused_until", "unwanted_topics")),
        standings={
            "state": _words(subscribed="subscribed|paused", left="left"),
            "suppressed": {
                "": Standing.SUBSCRIBED,
                **_words(
                    bounced="bounced|imported bounced",
                    left="left|imported left|imported",
                    complained="complained|imported complained",
                ),
            },
        },
        tells=("suppressed",),
        caution="Who pauses counts as subscribed; groups, topics and the wish for plain text are not taken along.",
        is_guarded=True,
    ),
)
"""The order in which they are looked for; a file that none is known by is read as ANY."""
