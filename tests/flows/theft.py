"""A thief's search: does anything in a folder name somebody?"""

import base64
import unicodedata
from collections.abc import Iterable
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
    return spelled | {base64.b64encode(secret.encode()).rstrip(b"=").lower(), plain.encode().hex().encode()}
