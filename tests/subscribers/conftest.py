"""A vault with keys of its own."""

import pytest

from newsletter.db import Database
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.subscribers.importer import Importer


@pytest.fixture
def vault() -> Vault:
    return Vault(Keys.fresh())


@pytest.fixture
def importer(database: Database, vault: Vault) -> Importer:
    """Imports into an empty list."""
    return Importer(database, vault)
