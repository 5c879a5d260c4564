"""A thief's search: does anything in a folder name somebody?"""

import base64
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b, md5, sha1, sha256
from pathlib import Path


def stolen(folder: Path, secrets: Iterable[str], leave_out: Path | None = None) -> list[str]:
    """Each secret found in each file, in any of the spellings a careless program leaves behind."""
    files = [path for path in folder.rglob("*") if path.is_file() and not (leave_out and leave_out in path.parents)]
    contents = {str(path.relative_to(folder)): path.read_bytes().lower() for path in files}
    assert contents, "there must be something to search"
    return [
        f"{secret} in {name}"
        for secret in secrets
        for name, content in contents.items()
        if any(spelling in content for spelling in _spellings(secret))
    ]


def _spellings(secret: str) -> set[bytes]:
    plain = secret.lower()
    forms = {unicodedata.normalize(form, plain) for form in ("NFC", "NFD")}
    spelled = {form.encode() for form in forms} | {form.encode("utf-16-le") for form in forms}
    spelled |= {plain.replace("@", "%40").encode(), plain.encode("unicode_escape").lower()}
    if "@" in plain:  # who has a list of addresses finds out which was hashed without a key
        digests = [hash_of(plain.encode()) for hash_of in (md5, sha1, sha256, blake2b)]
        spelled |= {digest.hexdigest().encode() for digest in digests} | {digest.digest().lower() for digest in digests}
    return spelled | {base64.b64encode(secret.encode()).rstrip(b"=").lower(), plain.encode().hex().encode()}
