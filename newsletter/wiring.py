"""Builds everything once from the settings; the only place that picks a transport."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from issues.rendering import Brand
from issues.resources.fetching import fetch
from issues.resources.found import Fetch
from newsletter import config
from newsletter.config import Settings, SettingsError
from newsletter.db import Database
from newsletter.delivery.message import Letterhead
from newsletter.delivery.sender import Office
from newsletter.mail import Transport
from newsletter.migrations import upgrade
from newsletter.publishing import Press
from newsletter.transports.maildir import MaildirTransport
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from subscribers.keys import Keys
from subscribers.vault import Vault


def utc_now() -> datetime:
    """The clock: rooms get the time from here and never read it themselves."""
    return datetime.now(UTC)


@dataclass
class Newsletter:
    """One installation, wired. What needs the keys or the way out is built when it is first asked for."""

    settings: Settings
    database: Database

    @cached_property
    def vault(self) -> Vault:
        return Vault(Keys.load(config.keys_path(self.settings)))

    @cached_property
    def transport(self) -> Transport:
        return make_transport(self.settings.transport.get_secret_value())

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone)

    @property
    def fetch(self) -> Fetch:
        """GET for sources, within bounds."""
        return partial(fetch, allow_loopback=self.settings.allow_loopback)

    @property
    def brand(self) -> Brand:
        chosen = self.settings
        return Brand(chosen.brand, chosen.brand_color, chosen.accent_color, chosen.postal_address)

    @property
    def letterhead(self) -> Letterhead:
        return Letterhead(self.settings.sender, self.settings.reply_to, self.settings.list_id)

    @property
    def press(self) -> Press:
        return Press(self.brand, self.letterhead, self.settings.base_url)

    @property
    def office(self) -> Office:
        """What the sender works with. SQLite's process locks lie beside the database."""
        locks = self.settings.home / "locks"
        return Office(self.database, self.vault, self.letterhead, self.settings.base_url, locks, utc_now)

    def close(self) -> None:
        """Give the database back."""
        self.database.close()


def build(settings: Settings) -> Newsletter:
    """The installation in an existing home, its tables up to date."""
    if not settings.home.is_dir():
        raise SettingsError(
            f"There is no newsletter in {settings.home}: `newsletter init` makes one (or set NEWSLETTER_HOME)."
        )
    database = Database(config.database_url(settings))
    upgrade(database)
    return Newsletter(settings, database)


def make_home(settings: Settings, toml: str) -> Newsletter:
    """A new home with its settings file and keys; what is there already stays as it is."""
    home = settings.home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = home / config.FILE
    if not file.exists():
        file.write_text(toml, encoding="utf-8")
        file.chmod(0o600)  # it may come to hold a password
    keys = config.keys_path(settings)
    if not keys.exists():
        Keys.create(keys)
    return build(settings)


def make_transport(url: str) -> Transport:
    """The way out that a TRANSPORT setting names; its errors show nothing of the URL, which may hold a password."""
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        return MaildirTransport(Path(parts.path))
    try:
        return SmtpTransport(SmtpServer.from_url(url))
    except ValueError as error:
        raise SettingsError(f"NEWSLETTER_TRANSPORT cannot be so: {error}.") from None
