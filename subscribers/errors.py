"""What can go wrong in this room. No message ever holds an address or a name."""


class SubscriberError(Exception):
    """One sentence: what went wrong, where, and what to do. `permanent` is False where trying again may help."""

    permanent = True


class BadAddress(SubscriberError):
    """Not an address that mail can be sent to."""


class BadLanguage(SubscriberError):
    """Not a language tag."""


class BadAudience(SubscriberError):
    """Not an audience that a mailing can have."""


class AlreadyThere(SubscriberError):
    """This person is on the list; nothing was changed."""


class NotFound(SubscriberError):
    """Nobody on the list has this address."""


class Suppressed(SubscriberError):
    """This person left, or their mailbox refused us: only they can come back."""


class NoConsent(SubscriberError):
    """Nobody said by what right somebody is to be written to."""


class BadDay(SubscriberError):
    """Not a day on which somebody can have agreed."""


class BadFile(SubscriberError):
    """A file that cannot be imported as it is."""


class KeysMissing(SubscriberError):
    """The key file is not where it should be, or not what it should be."""


class JournalMissing(SubscriberError):
    """A journal that the database knows is not where it should be."""
