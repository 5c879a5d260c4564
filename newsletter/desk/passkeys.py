"""Passkeys (WebAuthn level 3): a key in somebody's device signs a challenge of ours; we keep its public half.

Every key must be discoverable, so that its owner types nothing, and must ask for a finger, a face or a code
(user verification): it stands for address and password at once.
"""

import json
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from newsletter.desk import deeds
from newsletter.desk.errors import NotSignedIn, OnlyKey
from newsletter.desk.models import Member, Passkey

GOOD_FOR = timedelta(minutes=5)
MOST = 1000
"""Challenges that wait at one time: the oldest make room, so that asking fills no memory."""

_REFUSED = "This passkey does not open the desk: try again, or take the password."
_VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True)
class Place:
    """Where passkeys are good: the host of the newsletter's own address."""

    host: str
    origin: str
    name: str

    @classmethod
    def of(cls, base_url: str, name: str) -> "Place":
        """The place of an address; `name` is what the device shows."""
        parts = urlsplit(base_url)
        host = str(parts.hostname)
        usual = {"http": 80, "https": 443}[parts.scheme]
        port = f":{parts.port}" if parts.port not in (None, usual) else ""
        return cls(host, f"{parts.scheme}://{host}{port}", name)


class Challenges:
    """What was asked lately: each is good once, for a while, and for the one it was made for."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, tuple[int, datetime]] = {}
        self._lock = threading.Lock()

    def make(self, now: datetime, member: int = 0) -> bytes:
        """A new one; `member` is who adds a key, and 0 where somebody signs in."""
        challenge = secrets.token_bytes(32)
        with self._lock:
            while len(self._waiting) >= MOST:
                del self._waiting[next(iter(self._waiting))]
            self._waiting[challenge] = (member, now + GOOD_FOR)
        return challenge

    def use(self, credential: str, now: datetime, member: int = 0) -> bytes:
        """The challenge that this answer is to, from now on used. Raises NotSignedIn where it is none of these."""
        challenge = _challenge(credential)
        with self._lock:
            whose, until = self._waiting.pop(challenge, (-1, now))
        if whose != member or until <= now:
            raise NotSignedIn("That took too long: try again.")
        return challenge


def adding(session: Session, member: Member, handle: str, place: Place, challenge: bytes) -> str:
    """The options for `navigator.credentials.create`, as JSON. `handle` stands for the member and says nothing."""
    known = [PublicKeyCredentialDescriptor(id=key.credential) for key in of(session, member.id)]
    return options_to_json(
        generate_registration_options(
            rp_id=place.host,
            rp_name=place.name,
            user_id=handle.encode(),
            user_name=member.name,
            challenge=challenge,
            exclude_credentials=known,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
        )
    )


def add(
    session: Session, member: Member, place: Place, challenge: bytes, credential: str, name: str, now: datetime
) -> None:
    """Keep the key that this answer (JSON) brings. Raises NotSignedIn where it is not what was asked for."""
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - what strangers send may trip the parsers anywhere: it is no passkey then
        raise NotSignedIn("This passkey could not be added: try again.") from None
    if session.scalars(select(Passkey.id).where(Passkey.credential == verified.credential_id)).first() is not None:
        raise NotSignedIn("This passkey was added before: it signs in already.")
    session.add(
        Passkey(
            member_id=member.id,
            credential=verified.credential_id,
            public_key=verified.credential_public_key,
            signatures=verified.sign_count,
            name=" ".join(name.split())[:60] or "Passkey",
            added_at=now,
        )
    )
    deeds.record(session, member.id, "added a passkey", "", now)


def signing_in(place: Place, challenge: bytes) -> str:
    """The options for `navigator.credentials.get`, as JSON: they name nobody, since the key itself says whose it is."""
    return options_to_json(
        generate_authentication_options(rp_id=place.host, challenge=challenge, user_verification=_VERIFIED)
    )


def prove(session: Session, place: Place, challenge: bytes, credential: str) -> Member:
    """The member whose key signed this answer (JSON); counts the signature. Raises NotSignedIn."""
    key = session.scalars(select(Passkey).where(Passkey.credential == _id(credential)).with_for_update()).first()
    if key is None:
        raise NotSignedIn(_REFUSED)
    key.signatures = _verified(key, place, challenge, credential).new_sign_count
    member = session.get(Member, key.member_id)
    if member is None or member.ended_at is not None:
        raise NotSignedIn(_REFUSED)
    return member


def of(session: Session, member: int) -> Sequence[Passkey]:
    """A member's passkeys, the oldest first."""
    return session.scalars(select(Passkey).where(Passkey.member_id == member).order_by(Passkey.id)).all()


def remove(session: Session, member: Member, number: int, now: datetime) -> None:
    """Forget one passkey of this member. Raises OnlyKey where they could not come in without it."""
    if member.password is None and len(of(session, member.id)) == 1:
        raise OnlyKey("This passkey is your only way in: set a password first.")
    session.execute(delete(Passkey).where(Passkey.id == number, Passkey.member_id == member.id))
    deeds.record(session, member.id, "removed a passkey", "", now)


def _verified(key: Passkey, place: Place, challenge: bytes, credential: str) -> VerifiedAuthentication:
    """The signature, and a counter that went on: one that stood still or went back was copied."""
    try:
        return verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.signatures,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - what strangers send may trip the parsers anywhere: it is no passkey then
        raise NotSignedIn(_REFUSED) from None


def _id(credential: str) -> bytes:
    return _part(credential, lambda answer: base64url_to_bytes(answer["rawId"]))


def _challenge(credential: str) -> bytes:
    return _part(
        credential,
        lambda answer: parse_client_data_json(base64url_to_bytes(answer["response"]["clientDataJSON"])).challenge,
    )


def _part(credential: str, find: Callable[[Any], bytes]) -> bytes:
    try:
        return find(json.loads(credential))
    except Exception:  # noqa: BLE001 - what strangers send may trip the parsers anywhere: it is no passkey then
        raise NotSignedIn(_REFUSED) from None
