"""Finding readers by a part of their address: what is sealed has to be opened, so all are, a chunk at a time."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers.errors import SubscriberError
from subscribers.models import Subscriber
from subscribers.vault import Vault

SHORTEST = 3
"""Signs of a part: fewer would find everybody."""
_CHUNK = 1000


def holding(session: Session, vault: Vault, part: str, most: int) -> list[str]:
    """Addresses on the list that hold `part`, however it is written: at most so many. Raises SubscriberError."""
    wanted = part.strip().casefold()
    if len(wanted) < SHORTEST:
        raise SubscriberError(f"Type {SHORTEST} signs of the address at least.")
    found: list[str] = []
    rows = session.execute(select(Subscriber.sealed_address, Subscriber.address_hash))
    for sealed, address_hash in rows.yield_per(_CHUNK):
        address = vault.open_address(sealed, address_hash)
        if wanted in address.casefold():
            found.append(address)
            if len(found) == most:
                break
    rows.close()
    return found
