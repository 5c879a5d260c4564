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

_YES, _NO = ("true", "yes", "y", "1", "t"), ("", "false", "no", "n", "0", "f")


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


WORDS = _words(
    subscribed="subscribed|active|enabled|confirmed|regular|member|opted in|opt-in|optin|suscrito|activo|đã đăng ký",
    unconfirmed="unconfirmed|pending|unactivated|not confirmed|nonsubscribed|non-subscribed|transactional",
    left="unsubscribed|opted out|opt-out|optout|left|disabled|blocklisted|blacklisted|removed|inactive|suppressed|baja",
    bounced="cleaned|bounced|bounce|bouncing|hard bounce|hard_bounced|undeliverable|invalid",
    complained="complained|complaint|spam|abuse|spam complaint|reported spam",
)
"""Of a column called "status" in a file of any making."""


TONGUES = {
    **dict.fromkeys(("english", "inglés", "tiếng anh", "الإنجليزية"), "en"),
    **dict.fromkeys(("spanish", "español", "castellano", "tiếng tây ban nha", "الإسبانية"), "es"),
    **dict.fromkeys(("vietnamese", "vietnamita", "tiếng việt", "الفيتنامية"), "vi"),
    **dict.fromkeys(("arabic", "árabe", "tiếng ả rập", "العربية", "عربي"), "ar"),
    **dict.fromkeys(("french", "français", "francés"), "fr"),
    **dict.fromkeys(("chinese", "中文", "chino"), "zh"),
    **dict.fromkeys(("portuguese", "português", "portugués"), "pt"),
}
"""Languages as people write them, with their tags."""


@dataclass(frozen=True)
class Recipe:
    """How one product's export is known and read; each column by the first of its names that is there."""

    product: str
    known_by: tuple[str, ...]
    """Columns that it has, and others have not."""
    address: tuple[str, ...]
    full_name: tuple[str, ...] = ()
    given_name: tuple[str, ...] = ()
    family_name: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    agreed_on: tuple[str, ...] = ()
    """Days on which people agreed, written as 2021-11-30."""
    standings: Mapping[str, Words] = field(default_factory=dict)
    """Columns that say how people stand; of several the safest word counts."""
    tables: Mapping[str, Standing] = field(default_factory=dict)
    """How everybody stands in a table whose name begins like this."""


ANY = Recipe(
    product="",
    known_by=(),
    address=_names(
        *("email", "e-mail", "email address", "e-mail address", "mail", "correo electrónico", "correo"),
        *("địa chỉ email", "thư điện tử", "البريد الإلكتروني", "address"),
    ),
    full_name=_names("name", "full name", "nombre completo", "họ và tên", "họ tên", "الاسم الكامل", "الاسم"),
    given_name=_names("first name", "firstname", "fname", "given name", "nombre", "tên", "الاسم الأول"),
    family_name=_names("last name", "lastname", "lname", "family name", "surname", "apellidos", "apellido", "họ"),
    languages=_names(
        *("languages", "language", "lang", "locale", "preferred language"),
        *("idiomas", "idioma", "ngôn ngữ", "اللغة"),
    ),
    agreed_on=_names("confirmed at", "confirmed on", "subscribed at", "subscribed on", "opt in date", "optin date"),
    standings=dict.fromkeys(_names("status", "subscription status", "subscriber status"), WORDS),
)
"""What columns are called everywhere."""

RECIPES = (
    Recipe(
        product="Mailchimp",
        known_by=_names("LEID", "EUID", "OPTIN_TIME"),
        address=_names("Email Address"),
        full_name=_names("Name"),
        given_name=_names("First Name"),
        family_name=_names("Last Name"),
        languages=_names("Language", "Languages"),
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
        tables={
            "subscribed": Standing.SUBSCRIBED,
            "nonsubscribed": Standing.UNCONFIRMED,
            "unsubscribed": Standing.LEFT,
            "cleaned": Standing.BOUNCED,
        },
    ),
    Recipe(
        product="listmonk",
        known_by=_names("uuid", "attributes", "status"),
        address=_names("email"),
        full_name=_names("name"),
        standings={"status": _words(subscribed="enabled", left="disabled|blocklisted|blacklisted")},
    ),
    Recipe(
        product="Substack",
        known_by=_names("active_subscription", "expiry"),
        address=_names("email"),
        full_name=_names("name"),
        agreed_on=_names("created_at"),
        standings={plain("email_disabled"): _yes(Standing.LEFT)},
    ),
    Recipe(
        product="Ghost",
        known_by=_names("subscribed_to_emails", "complimentary_plan"),
        address=_names("email"),
        full_name=_names("name"),
        agreed_on=_names("created_at"),
        standings={
            plain("subscribed_to_emails"): dict.fromkeys(_YES, Standing.SUBSCRIBED) | dict.fromkeys(_NO, Standing.LEFT),
            plain("deleted_at"): _day_of(Standing.LEFT),
        },
    ),
    Recipe(
        product="Buttondown",
        known_by=_names("referrer_url", "metadata", "tags"),
        address=_names("email_address", "email"),
        agreed_on=_names("creation_date"),
        standings={
            name: _words(
                subscribed="regular|premium|gifted|trialed|paid|past_due|churning|churned|upcoming|paused",
                unconfirmed="unactivated|unpaid",
                left="unsubscribed|removed|disabled|blocked|spammy",
                bounced="undeliverable",
                complained="complained",
            )
            for name in _names("type", "subscriber_type")
        }
        | {
            plain("unsubscription_date"): _day_of(Standing.LEFT),
            plain("undeliverability_date"): _day_of(Standing.BOUNCED),
        },
    ),
    Recipe(
        product="Action Network",
        known_by=_names("can2_user_tags", "can2_subscription_status"),
        address=_names("email"),
        given_name=_names("first_name"),
        family_name=_names("last_name"),
        languages=_names("language", "preferred_language"),
        standings={
            plain("can2_subscription_status"): _words(
                subscribed="subscribed|previous bounce",
                left="unsubscribed",
                bounced="bouncing|bounced",
                complained="spam complaint|previous spam complaint",
            )
        },
    ),
    Recipe(
        product="CiviCRM",
        known_by=_names("Contact ID", "Do Not Email"),
        address=_names("Email", "Home-Email", "Main-Email"),
        full_name=_names("Display Name"),
        given_name=_names("First Name"),
        family_name=_names("Last Name"),
        languages=_names("Preferred Language"),
        standings={
            plain("Do Not Email"): _yes(Standing.LEFT),
            plain("No Bulk Emails (User Opt Out)"): _yes(Standing.LEFT),
            plain("On Hold"): _yes(Standing.BOUNCED)
            | _words(bounced="on hold bounce", left="on hold opt out|2", subscribed="not on hold"),
            plain("Deceased"): _yes(Standing.LEFT),
            plain("Is Deceased"): _yes(Standing.LEFT),
            plain("Contact is in Trash"): _yes(Standing.LEFT),
        },
    ),
    Recipe(
        product="Google Contacts",
        known_by=_names("E-mail 1 - Value"),
        address=_names("E-mail 1 - Value"),
        full_name=_names("Name"),
        given_name=_names("First Name", "Given Name"),
        family_name=_names("Last Name", "Family Name"),
    ),
)
"""The order in which they are looked for; a file that none is known by is read as ANY."""
