"""A vault with keys of its own."""

import pytest

from subscribers.keys import Keys
from subscribers.vault import Vault


@pytest.fixture
def vault() -> Vault:
    return Vault(Keys.fresh())
