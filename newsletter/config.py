"""The settings: one typed object, from `NEWSLETTER_*` variables or `newsletter.toml` in the home.

Every field's description is printed in docs/settings.md; a test keeps the two alike.
"""

import os
import re
import tomllib
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from platformdirs import user_config_path
from pydantic import AfterValidator, Field, PlainValidator, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from newsletter.pace import Quiet, Rate, WarmUp


class SettingsError(Exception):
    """A setting that cannot be: one sentence naming it."""

    permanent = True


def _color(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError("a colour is written like #1d2b4f")
    return value.lower()


def _one_line(value: str) -> str:
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
        raise ValueError("it stands in a mail's header, so it must be one line")
    return value.strip()


def _mailbox(value: str) -> str:
    """`Name <address>` or an address alone; empty where there is none."""
    address = parseaddr(value)[1]
    if value and (not re.fullmatch(r"[^\s<>,;]+@[^\s<>,;]+", address) or not value.endswith((f"<{address}>", address))):
        raise ValueError("it is written Name <address>, the name in quotation marks where it holds a comma")
    return value


def _parts(url: str, form: str) -> SplitResult:
    """An address taken apart. Its own errors would quote it, and with it perhaps a password."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port != 0
    except ValueError:
        port_is_one = False
    if not port_is_one or re.search(r"\s", url):
        raise ValueError(f"it is written like {form}")
    return parts


def _written(kind: type[Rate | WarmUp | Quiet]) -> PlainValidator:
    """Of a part of the pace: its own grammar reads it."""
    return PlainValidator(lambda value: value if isinstance(value, kind | None) else kind.parse(str(value)))


Color = Annotated[str, AfterValidator(_color)]
Line = Annotated[str, AfterValidator(_one_line)]
Mailbox = Annotated[Line, AfterValidator(_mailbox)]

FILE = "newsletter.toml"
TRANSPORT_SCHEMES = ("smtp", "smtps", "mailgun", "maildir")
DATABASE_SCHEMES = ("postgresql", "sqlite")
_IN_PASSWORDS = " (in a password, / is %2F, @ is %40, : is %3A)"


class Settings(BaseSettings):
    """What an installation is told; nothing else is configurable."""

    model_config = SettingsConfigDict(
        env_prefix="NEWSLETTER_",
        env_ignore_empty=True,  # a variable that is set to nothing says nothing
        extra="forbid",
        hide_input_in_errors=True,  # a wrong value may be a password
        frozen=True,
        populate_by_name=True,
    )

    home: Path = Field(Path("data"), description="The folder that holds the database and `newsletter.toml`.")
    database_url: SecretStr | None = Field(
        None,
        description="`postgresql://user:password@host/name`; without it an SQLite file in the home.",
    )
    runner: Literal["embedded", "procrastinate"] = Field(
        "embedded",
        description="Who sends: `embedded`, each `newsletter work` by itself, or `procrastinate`, a queue in "
        "PostgreSQL that any number of machines share (docs/scaling.md).",
    )
    keys: Path | None = Field(
        None,
        description="The file with the three keys, outside the home; without it `newsletter/keys.json` in the "
        "user's configuration folder.",
    )
    transport: SecretStr = Field(
        SecretStr("smtp://localhost:25?tls=none"),
        description="The way out: `smtp://user:password@host:587` (STARTTLS required), `smtps://...`, "
        "`smtp://localhost:1025?tls=none`, `mailgun://KEY@DOMAIN` (`?region=eu` where the domain is there), or "
        "`maildir:PATH`. `?connections=10` allows more at once than 5.",
    )
    base_url: str = Field(
        "http://localhost:8000", description="Where readers reach the pages; links in mails begin with it."
    )
    proxy: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="The addresses of the proxies before the pages, parted by commas (`127.0.0.1`): their "
        "X-Forwarded-For is believed, so that limits on the public forms know networks apart. Nothing of it is stored.",
    )
    sender: Mailbox = Field(
        "Newsletter <news@example.org>",
        alias="NEWSLETTER_FROM",
        description="The From line: `Name <address>`.",
    )
    reply_to: Mailbox = Field("", description="Where answers go; without it, to the sender.")
    list_id: Line = Field(
        "newsletter.example.org",
        description="The list's name in mail programs (RFC 2919): a domain of yours.",
    )
    postal_address: Line = Field("", description="The postal address that every mail's foot must name.")
    sign_up_days: int = Field(
        7, ge=1, le=365, description="For how many days a sign-up waits for its confirmation; then it is forgotten."
    )
    undo_days: int = Field(
        1,
        ge=1,
        le=365,
        description="For how many days who left can undo it; then their address and name are erased.",
    )
    replies_days: int = Field(
        30, ge=1, le=3650, description="For how many days the words of mail servers are kept; then only their kind is."
    )
    receivers_days: int = Field(
        180,
        ge=1,
        le=3650,
        description="For how many days after a mailing it is kept who got it; then only its numbers are.",
    )
    backup_days: int | None = Field(
        None,
        ge=1,
        le=3650,
        description="For how many days copies of the database (backups) are kept: the receipt of an erasure says until "
        "when. Without it, until they are deleted.",
    )
    rate: Annotated[Rate | None, NoDecode, _written(Rate)] = Field(
        None,
        description="At most so many messages, for a server or provider that sets limits: "
        "`14/second, 5000/hour, 50000/day`, each where it is wanted. All processes share it.",
    )
    warm_up: Annotated[WarmUp | None, NoDecode, _written(WarmUp)] = Field(
        None,
        description="For a new domain or server: the first day and how many messages it may see, `2021-11-01 50`. "
        "Each day after it may see twice as many, for 20 days or up to RATE.",
    )
    quiet_hours: Annotated[Quiet | None, NoDecode, _written(Quiet)] = Field(
        None,
        description="When no mailing goes on, by the clock of TIMEZONE: `21:00-08:00`. Confirmations and other single "
        "mails leave at any hour.",
    )
    timezone: str = Field("UTC", description="The zone that times are entered and shown in: `America/New_York`.")
    languages: Annotated[tuple[str, ...], NoDecode] = Field(
        ("en",), description="The languages of an issue, parted by commas; the first is the source language."
    )
    brand: Line = Field("Newsletter", description="The network's name, as the mail's header shows it.")
    brand_color: Color = Field("#1d2b4f", description="The ground of the mail's header.")
    accent_color: Color = Field("#a63a12", description="Links and buttons.")
    allow_loopback: bool = Field(
        False, description="Lets sources be fetched from this machine itself: for development only."
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="With it there are figures for Prometheus at `/metrics`, for who shows it (`Authorization: Bearer "
        "TOKEN`): 20 signs or more, such as `openssl rand -hex 20` makes them (see metrics.md). Without it there is no "
        "such page.",
    )
    demo: bool = Field(
        False,
        description="Marks a home made by `newsletter demo`: its keys lie within, and its caught mail is shown.",
    )

    @property
    def undo_for(self) -> timedelta:
        """How long who left can undo it."""
        return timedelta(days=self.undo_days)

    @property
    def sign_ups_wait(self) -> timedelta:
        """How long a sign-up waits for its confirmation."""
        return timedelta(days=self.sign_up_days)

    @field_validator("languages", "proxy", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(tag.strip() for tag in value.split(",") if tag.strip()) if isinstance(value, str) else value

    @field_validator("languages")
    @classmethod
    def _tags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) for tag in value):
            raise ValueError("languages are tags like en, es, vi")
        return tuple(dict.fromkeys(value))

    @field_validator("proxy")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_address(address)) for address in value)
        except ValueError:
            raise ValueError("a proxy is named by its IP address, like 127.0.0.1") from None

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("a zone is named like Europe/Berlin or America/New_York")
        return value

    @field_validator("base_url")
    @classmethod
    def _base(cls, value: str) -> str:
        url = _parts(value, "https://news.example.org")
        beyond = url.query or url.fragment or url.username is not None
        if url.scheme not in ("http", "https") or not url.hostname or beyond:
            raise ValueError("it is an address like https://news.example.org")
        return value.rstrip("/")

    @field_validator("transport")
    @classmethod
    def _way_out(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url.partition(":")[0] not in TRANSPORT_SCHEMES:
            raise ValueError("it begins with smtp://, smtps://, mailgun:// or maildir:")
        if url.startswith("mailgun:"):
            _parts(url, "mailgun://KEY@DOMAIN")
        elif not url.startswith("maildir:"):
            _parts(url, f"smtp://user:password@host:587{_IN_PASSWORDS}")
        elif url == "maildir:":
            raise ValueError("it names no folder; it is written like maildir:/var/mail/outbox")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.fullmatch(r"[!-~]{20,}", value.get_secret_value()):
            raise ValueError("it is 20 signs or more, without spaces and all ASCII")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        url = value.get_secret_value()
        if url.partition(":")[0] not in DATABASE_SCHEMES:
            raise ValueError("it begins with postgresql://, and without it the database is a file in the home")
        if url.startswith("postgresql:"):
            _parts(url, f"postgresql://user:password@host/name{_IN_PASSWORDS}")
        return value

    @field_validator("list_id")
    @classmethod
    def _list(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", value):
            raise ValueError("it is a domain of yours, like news.example.org")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over the home's file; what a caller passes wins over both."""
        home = init_settings().get("home") or os.environ.get("NEWSLETTER_HOME") or "data"
        return init_settings, env_settings, _HomeFile(settings_cls, Path(home) / FILE)


class _HomeFile(TomlConfigSettingsSource):
    """`newsletter.toml`, whose keys are the variables' names without the prefix, in lower case."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        values = super()._read_file(file_path)
        if "home" in values:
            raise SettingsError(
                f"{FILE} lies in the home, so it cannot say where that is: set NEWSLETTER_HOME instead."
            )
        return {"NEWSLETTER_FROM" if key == "from" else key: value for key, value in values.items()}


def load(**overrides: Any) -> Settings:
    """The settings of this process. SettingsError names the setting that cannot be; never its value."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).removeprefix("NEWSLETTER_").upper() if first["loc"] else "?"
        if first["type"] == "extra_forbidden":
            raise SettingsError(f"There is no setting {name.lower()}: see docs/settings.md ({FILE}).") from None
        why = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"NEWSLETTER_{name} cannot be so: {why} (a variable, or in {FILE}).") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{FILE} in the home is not in UTF-8 (at byte {error.start}): save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{FILE} in the home cannot be read: {error}.") from None


def keys_path(settings: Settings) -> Path:
    """Where the keys are. Not in the home, which is what gets copied and stolen; the demo's home may hold its own."""
    path = (settings.keys or user_config_path("newsletter") / "keys.json").expanduser().resolve()
    if path.is_relative_to(settings.home.resolve()) and not settings.demo:
        raise SettingsError(
            "NEWSLETTER_KEYS lies in the home: who copies the home would have the keys; name a file elsewhere."
        )
    return path


def database_url(settings: Settings) -> str:
    """The database's URL; an SQLite file in the home where none is set."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{settings.home.resolve() / 'newsletter.db'}"
