"""The journal of a test: it lies in the user's folder for settings, which tests/conftest.py puts elsewhere."""

from platformdirs import user_config_path

from subscribers.journal import Journal


def journal() -> Journal:
    """The same for all databases of a process: each has files of its own there."""
    return Journal(user_config_path("newsletter") / "keys.json")
