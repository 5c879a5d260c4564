"""A thief's search: does anything in a folder name somebody?"""

import base64
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b, md5, sha1, sha256
from pathlib import Path


def stolen(folder: Path, secrets: Iterable[str], leave_out: Path | None = None) -> list[str]:
    """Each secret found in each file, in any of the spellings a careless program leaves behind."""
    files = [path for path in folder.rglob("*") if path.is_file() and not (leave_out and leave_out in path.parents)]
    contents = {_searched(path): path.relative_to(folder) for path in files}  # what lies there twice is searched once
    assert contents, "there must be something to search"
    spelled = {secret: _spellings(secret) for secret in secrets}
    return [
        f"{secret} in {name}"
        for secret, spellings in spelled.items()
        for content, name in contents.items()
        if any(spelling in content for spelling in spellings)
    ]


def _searched(path: Path) -> bytes:
    """A file in small letters, without the room that a database keeps free in it."""
    return path.read_bytes().lower().replace(bytes(64), b"")


def _spellings(secret: str) -> set[bytes]:
    plain = secret.lower()
    forms = {unicodedata.normalize(form, plain) for form in ("NFC", "NFD")}
    spelled = {form.encode() for form in forms} | {form.encode("utf-16-le") for form in forms}
    spelled |= {plain.replace("@", "%40").encode(), plain.encode("unicode_escape").lower()}
    if "@" in plain:  # who has a list of addresses finds out which was hashed without a key
        digests = [hash_of(plain.encode()) for hash_of in (md5, sha1, sha256, blake2b)]
        spelled |= {digest.hexdigest().encode() for digest in digests} | {digest.digest().lower() for digest in digests}
    return spelled | {base64.b64encode(secret.encode()).rstrip(b"=").lower(), plain.encode().hex().encode()}
