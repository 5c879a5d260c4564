"""What holds for every page: whose forms are taken, and what browsers are told."""

from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

EXEMPT = frozenset(
    {
        *("one_click", "sign_up", "group_sign_up", "preferences_link", "address_ask"),
        *("confirm", "preferences_save", "address_agree", "own_data", "erase", "stay", "left_erase"),
    }
)
"""Routes, by name, that take forms from anywhere. No cookie goes with any of them.

Mail programs press `one_click` without a page of ours, and other sites hold the forms of `sign_up` and `group_sign_up`,
whose own stamp says whether a page of ours showed them, as those of `preferences_link` and `address_ask` do. The link
of the others is the right itself; and on a page without referrer, browsers of before 2023 cannot say that a form is our
own.
"""

LARGEST_BODY = 64 * 1024
"""Bytes of a request; a route that takes files says more itself (`max_body_size`)."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address of a page may hold a reader's token
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every answer that does not itself say otherwise."""

DESK_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The desk's pages may also run our own scripts, which may ask this host alone, and show previews in frames."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_desk(scope: Scope) -> bool:
    """Whether a request is for a page of the desk."""
    return scope["type"] == "http" and f"{scope['path']}/".startswith("/desk/")


class OwnWords:
    """Says in our own words that a request is too long: the framework answers in bare text, past our handlers."""

    def __init__(self, app: ASGIApp, page: Callable[[Request, int], Response]) -> None:
        self._app, self._page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_own(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 413:
                replaced = Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")
                if replaced:
                    await self._page(Request(scope), 413)(scope, receive, send)
            if not replaced:
                await send(message)

        await self._app(scope, receive, send_own)


class SecurityHeaders:
    """Adds HEADERS to every answer, errors included; the desk has a policy of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if is_desk(scope):
                    headers.setdefault("Content-Security-Policy", DESK_POLICY)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def require_own_page(request: Request) -> None:
    """Refuse what could change something unless a page of ours sent it (403).

    Browsers say where a request comes from in Sec-Fetch-Site; older ones in Origin. It waits for nothing: were it not
    async, each request would wait for a thread to ask this.
    """
    if request.method in _SAFE or request.scope["route"].name in EXEMPT:
        return
    site = request.headers.get("sec-fetch-site")
    own = site in ("same-origin", "none") if site else _origin_is_host(request)
    if not own:
        raise HTTPException(403)


def _origin_is_host(request: Request) -> bool:
    origin = urlsplit(request.headers.get("origin", "")).netloc
    return origin != "" and origin == request.headers.get("host")
