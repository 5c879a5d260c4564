"""What the keys do: seal and open addresses and names, hash addresses, mark rows."""

import hmac
import os
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from subscribers.addresses import Address, for_lookup
from subscribers.errors import SubscriberError
from subscribers.keys import Keys

_NONCE = 12
"""Bytes; random for each value, so one key is good for about four thousand million of them."""
_STEP = 32
"""Texts are filled up to a multiple of this many bytes: the length of a sealed value tells little about it."""
_FILLINGS = tuple(b"\0" * (-over % _STEP) for over in range(_STEP))
"""What is missing, by how far a text goes over a multiple."""


class Block(threading.local):
    """AES over one block of 16 bytes. Each thread has its own contexts: making one costs more than using it."""

    def __init__(self, key: bytes) -> None:
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - each token is one unique block: no chain
        self.encrypt = cipher.encryptor().update
        self.decrypt = cipher.decryptor().update


class _Boxes(NamedTuple):
    """The address keys, as they are used."""

    current: int
    by_number: Mapping[int, AESGCM]


class Vault:
    """Opens and seals with the keys it was given; shows none of them.

    `renewed` gives the keys where they changed: it is asked before anything is sealed, so that nothing is sealed under
    a key that was put away, and (with True: at once) when something needs a key that is not here.
    """

    def __init__(self, keys: Keys, renewed: Callable[[bool], Keys | None] = lambda _at_once: None) -> None:
        self._lookup = keys.lookup
        self._row_mark = blake2b(digest_size=16, key=keys.lookup, person=b"row mark")
        self._boxes = _boxes(keys)
        self._renewed = renewed
        self._renewing = threading.Lock()
        self.token_blocks = tuple(Block(key) for key in keys.tokens)
        """For `subscribers.tokens`; the newest last."""

    @property
    def current(self) -> int:
        """The number of the address key that seals now; the first byte of what it sealed."""
        return self._boxes_now(at_once=True).current

    def hash(self, address: Address) -> bytes:
        """32 bytes that are the same for every spelling of one address."""
        return self._keyed(b"address", for_lookup(address).encode())

    def hash_domain(self, domain: str) -> bytes:
        """32 bytes for a mail domain; never those of an address."""
        return self._keyed(b"domain", domain.lower().encode())

    def row_mark(self, purpose: str, row_id: int) -> str:
        """22 characters standing for a row where strangers see it (Message-ID, Feedback-ID), never its number."""
        mark = self._row_mark.copy()
        mark.update(f"{purpose}\0{row_id}".encode())
        return urlsafe_b64encode(mark.digest())[:22].decode()

    def seal_address(self, text: str, address_hash: bytes) -> bytes:
        """`text` sealed; it can only be opened as the address that goes with this hash."""
        return self._seal(text, b"address" + address_hash)

    def open_address(self, sealed: bytes, address_hash: bytes) -> str:
        """The address; SubscriberError where value, hash and keys do not belong together."""
        return self._open(sealed, b"address" + address_hash)

    def seal_name(self, text: str, address_hash: bytes) -> bytes:
        """`text` sealed; it can only be opened as the name that goes with this hash."""
        return self._seal(text, b"name" + address_hash)

    def open_name(self, sealed: bytes, address_hash: bytes) -> str:
        """The name; SubscriberError where value, hash and keys do not belong together."""
        return self._open(sealed, b"name" + address_hash)

    def hash_all(self, compared: Iterable[str]) -> list[bytes]:
        """For each address, as it is compared, the same as `hash` gives, quicker."""
        begun = HMAC(self._lookup, SHA256())
        begun.update(b"address\0")
        hashes = []
        for address in compared:
            mark = begun.copy()
            mark.update(address.encode())
            hashes.append(mark.finalize())
        return hashes

    def seal_all(
        self, hashes: Sequence[bytes], addresses: Iterable[str], names: Iterable[str]
    ) -> tuple[list[bytes], list[bytes | None]]:
        """What `seal_address` gives for each of many people, and `seal_name` for each who has one, quicker."""
        current, boxes = self._boxes_now()
        number, encrypt, noise = bytes([current]), boxes[current].encrypt, os.urandom(2 * _NONCE * len(hashes))
        sealed_addresses: list[bytes] = []
        sealed_names: list[bytes | None] = []
        places = range(0, len(noise), 2 * _NONCE)
        for at, address_hash, address, name in zip(places, hashes, addresses, names, strict=True):
            nonce, other = noise[at : at + _NONCE], noise[at + _NONCE : at + 2 * _NONCE]
            sealed_addresses.append(number + nonce + encrypt(nonce, _filled(address), b"address" + address_hash))
            sealed_names.append(
                number + other + encrypt(other, _filled(name), b"name" + address_hash) if name else None
            )
        return sealed_addresses, sealed_names

    def seal_piece(self, piece: bytes, mark: bytes) -> bytes:
        """Part of a file sealed; it can only be opened with the same mark."""
        return self._seal_bytes(piece, b"piece" + mark)

    def open_piece(self, sealed: bytes, mark: bytes) -> bytes:
        """The part of the file; SubscriberError where value, mark and keys do not belong together."""
        return self._open_bytes(sealed, b"piece" + mark)

    def seal_text(self, text: str, address_hash: bytes) -> bytes:
        """`text` sealed that is meant for the person with this hash alone."""
        return self._seal(text, b"text" + address_hash)

    def open_text(self, sealed: bytes, address_hash: bytes) -> str:
        """The text; SubscriberError where value, hash and keys do not belong together."""
        return self._open(sealed, b"text" + address_hash)

    def _keyed(self, purpose: bytes, value: bytes) -> bytes:
        return hmac.digest(self._lookup, purpose + b"\0" + value, "sha256")

    def _seal(self, text: str, bound_to: bytes) -> bytes:
        return self._seal_bytes(_filled(text), bound_to)

    def _seal_bytes(self, plain: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        current, boxes = self._boxes_now()
        return bytes([current]) + nonce + boxes[current].encrypt(nonce, plain, bound_to)

    def _boxes_now(self, *, at_once: bool = False) -> _Boxes:
        with self._renewing:  # who asks while another thread reads the file must not go on without its keys
            if (keys := self._renewed(at_once)) is not None:
                self._boxes = _boxes(keys)
            return self._boxes

    def _open(self, sealed: bytes, bound_to: bytes) -> str:
        return self._open_bytes(sealed, bound_to).rstrip(b"\0").decode()

    def _open_bytes(self, sealed: bytes, bound_to: bytes) -> bytes:
        number = sealed[0] if sealed else 0
        box = self._boxes.by_number.get(number) or self._boxes_now(at_once=True).by_number.get(number)
        if box is None:
            raise SubscriberError("A sealed value needs an address key that this key file does not hold.")
        try:
            return box.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], bound_to)
        except (InvalidTag, ValueError):
            raise SubscriberError(
                "A sealed value cannot be opened: it was changed, or the key file belongs to another list."
            ) from None


def _filled(text: str) -> bytes:
    plain = text.encode()
    return plain + _FILLINGS[len(plain) % _STEP]


def _boxes(keys: Keys) -> _Boxes:
    return _Boxes(keys.current, {number: AESGCM(key) for number, key in keys.addresses.items()})
