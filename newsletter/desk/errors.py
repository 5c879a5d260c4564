"""What can go wrong at the desk's door; each sentence is the same for known and unknown people."""


class DeskError(Exception):
    """One sentence that a member can act on."""

    permanent = True


class NotSignedIn(DeskError):
    """Name and password, or the passkey, are not right; or too many tries were made."""


class BadInvitation(DeskError):
    """The link was used, is too old, or was never one."""


class WeakPassword(DeskError):
    """Too short, or one that everybody tries first."""


class NoMember(DeskError):
    """Nobody here has this number."""


class WrongPassword(DeskError):
    """What was given as the present password is not it."""


class OnlyKey(DeskError):
    """The last way in cannot be taken away."""


class AddressTaken(DeskError):
    """A member has this address already."""
