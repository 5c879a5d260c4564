"""Builds everything once from the settings; the only place that picks a transport and a runner."""

import resource
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from zoneinfo import ZoneInfo

from issues.errors import IssueError
from issues.rendering import Brand
from issues.resources.fetching import fetch, status_of
from issues.resources.found import Fetch
from newsletter import config
from newsletter.config import Settings, SettingsError
from newsletter.db import Database, DatabaseError
from newsletter.delivery import pacing
from newsletter.delivery.control import MailingError
from newsletter.delivery.message import Letterhead
from newsletter.delivery.runners import Runner
from newsletter.delivery.sender import Office
from newsletter.desk import habits, members
from newsletter.desk.errors import DeskError
from newsletter.mail import SendError, Transport
from newsletter.migrations import upgrade
from newsletter.mime.headers import HeaderError
from newsletter.notices import outbox
from newsletter.notices.outbox import Postroom
from newsletter.pace import Pace, Rate
from newsletter.preflight.links import Ask
from newsletter.publishing import Press
from newsletter.transports.maildir import MaildirTransport
from newsletter.transports.mailgun import MailgunAccount, MailgunTransport
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from newsletter.zones import TimeError
from subscribers import people
from subscribers.errors import KeysMissing, SubscriberError
from subscribers.importing import Tools
from subscribers.journal import Journal
from subscribers.key_file import KeyFile
from subscribers.keys import Keys
from subscribers.vault import Vault

FIXABLE = (
    IssueError,
    SubscriberError,
    SettingsError,
    MailingError,
    SendError,
    TimeError,
    DatabaseError,
    DeskError,
    HeaderError,
)
"""Errors whose sentence is written for a person, and holds no address, name or secret."""


def utc_now() -> datetime:
    """The clock: rooms get the time from here and never read it themselves."""
    return datetime.now(UTC)


@dataclass
class Newsletter:
    """One installation, wired. What needs the keys or the way out is built when it is first asked for."""

    settings: Settings
    database: Database

    @cached_property
    def key_file(self) -> KeyFile:
        return KeyFile(config.keys_path(self.settings))

    @cached_property
    def vault(self) -> Vault:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # from here on a core dump would hold the keys
        return Vault(self.key_file.load(), self.key_file.renewed)

    @property
    def journal(self) -> Journal:
        return Journal(config.keys_path(self.settings))

    @cached_property
    def transport(self) -> Transport:
        return make_transport(self.settings.transport.get_secret_value())

    @cached_property
    def runner(self) -> Runner:
        """Who sends. What a queue needs is read where there is one: it is not installed everywhere."""
        if self.settings.runner == "embedded":
            from newsletter.delivery.runners.embedded import Embedded

            return Embedded()
        from newsletter.delivery.runners.queued import Queued

        return Queued(self.database, utc_now)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone)

    @property
    def pace(self) -> Pace | None:
        """How fast mail may leave; nothing where no setting says."""
        settings = self.settings
        if settings.rate or settings.warm_up or settings.quiet_hours:
            return Pace(settings.rate or Rate(), settings.warm_up, settings.quiet_hours, self.zone)
        return None

    @property
    def fetch(self) -> Fetch:
        """GET for sources, within bounds."""
        return partial(fetch, allow_loopback=self.settings.allow_loopback)

    @property
    def ask(self) -> Ask:
        """HEAD or GET for links, within the same bounds."""
        return partial(status_of, allow_loopback=self.settings.allow_loopback)

    @property
    def brand(self) -> Brand:
        """Who speaks: as the desk's settings say, else as the file does."""
        with self.database.read() as session:
            return habits.brand(session, self.settings)

    @property
    def letterhead(self) -> Letterhead:
        return Letterhead(self.settings.sender, self.settings.reply_to, self.settings.list_id)

    @property
    def press(self) -> Press:
        return Press(self.brand, self.letterhead, self.settings.base_url)

    @property
    def postroom(self) -> Postroom:
        """What single mails are sent with."""
        pace, settings = self.pace, self.settings
        count = partial(pacing.count_singles, pace) if pace else None
        return Postroom(self.database, self.vault, settings.sender, settings.reply_to, utc_now, self.journal, count)

    @property
    def import_tools(self) -> Tools:
        """What lists of people are imported with."""
        return Tools(self.database.read, self.database.write, self.vault, self.journal, utc_now)

    @property
    def office(self) -> Office:
        """What the sender works with."""
        return Office(
            self.database,
            self.vault,
            self.letterhead,
            self.settings.base_url,
            self._lock_folder,
            utc_now,
            self.journal,
            self.pace,
            outbox.is_turned_away,
        )

    @property
    def _lock_folder(self) -> Path:
        """Senders' locks lie beside their SQLite file, from whichever home it is opened; PostgreSQL has its own."""
        url = self.database.engine.url
        if url.get_backend_name() != "sqlite" or not url.database:
            return self.settings.home / "locks"
        file = Path(url.database).resolve()
        return file.with_name(f"{file.name}-locks")

    def close(self) -> None:
        """Give the database back."""
        self.database.close()


def build(settings: Settings) -> Newsletter:
    """The installation in an existing home, its tables up to date. A setting that cannot be is said here."""
    if not (settings.home / config.FILE).is_file():
        raise SettingsError(
            f"There is no newsletter in {settings.home}: `newsletter init` makes one (or set NEWSLETTER_HOME)."
        )
    _check(settings)
    database = Database(config.database_url(settings))
    upgrade(database)
    return Newsletter(settings, database)


def _check(settings: Settings) -> None:
    """Say at the start what would otherwise be said when the first mail is to go."""
    config.keys_path(settings)
    make_transport(settings.transport.get_secret_value())
    if settings.runner == "procrastinate" and not config.database_url(settings).startswith("postgresql"):
        raise SettingsError(
            "NEWSLETTER_RUNNER=procrastinate needs PostgreSQL: name it in NEWSLETTER_DATABASE_URL, or leave it out."
        )


def make_home(settings: Settings, toml: str) -> Newsletter:
    """A new home with its settings file and keys; what is there already stays as it is."""
    _check(settings)
    home = settings.home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = home / config.FILE
    if not file.exists():
        file.write_text(toml, encoding="utf-8")
        file.chmod(0o600)  # it may come to hold a password
    newsletter = build(settings)
    _keep_keys(newsletter, config.keys_path(settings))
    return newsletter


def _keep_keys(newsletter: Newsletter, path: Path) -> None:
    """Make keys where there are none; never where people are held under others, who could not be read with new ones."""
    if path.exists():
        return
    with newsletter.database.read() as session:
        if people.is_anyone_known(session) or members.is_anyone_known(session):
            raise KeysMissing(
                f"This newsletter has people, but their key file is not at {path}: put it back from where you keep "
                "it safe, or name it in NEWSLETTER_KEYS."
            )
    try:
        Keys.create(path)
    except OSError as error:
        raise SettingsError(
            f"The keys cannot be kept at {path} ({error.strerror}): "
            "name a file in NEWSLETTER_KEYS that you may write, outside the home."
        ) from None


def make_transport(url: str) -> Transport:
    """The way out that a TRANSPORT setting names; its errors show nothing of the URL, which may hold a password."""
    scheme, _, place = url.partition(":")
    if scheme == "maildir":
        return MaildirTransport(Path(place))
    try:
        if scheme == "mailgun":
            return MailgunTransport(MailgunAccount.from_url(url))
        return SmtpTransport(SmtpServer.from_url(url))
    except ValueError as error:
        raise SettingsError(f"NEWSLETTER_TRANSPORT cannot be so: {error}.") from None
