"""Files that hold people, and pictures that tell a place: taken into memory, never written to a disk to stay there."""

from dataclasses import dataclass
from io import BytesIO

from fastapi import HTTPException, Request
from starlette.formparsers import MultiPartException, MultiPartParser

_FORM_AROUND_IT = 64 * 1024
LARGEST_LIST = 50 * 1024 * 1024 + _FORM_AROUND_IT
"""Bytes of a request that brings a list of people: some nine hundred thousand. The command takes more."""
_NEVER = 1024**3
"""Bytes: far more than any route takes, so that nothing is spilled to a disk."""


@dataclass(frozen=True)
class Upload:
    """One file and the fields that came with it. The repr shows nothing of either."""

    file: BytesIO
    fields: dict[str, str]
    called: str = ""
    """The file's name, as the browser says it."""

    def __repr__(self) -> str:
        return "Upload()"


async def in_memory(request: Request) -> Upload:
    """A dependency: the request's form. Starlette would put what is longer than a megabyte into a file."""
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=10)
    parser.spool_max_size = _NEVER
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError):  # KeyError: no boundary was named
        raise HTTPException(400) from None
    content, called = b"", ""
    fields = {}
    for name, value in form.items():
        if isinstance(value, str):
            fields[name] = value[:2000]
        else:
            content, called = await value.read(), value.filename or ""
    await form.close()
    return Upload(BytesIO(content), fields, called[:200])
