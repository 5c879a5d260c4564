"""The web application: every pages module put together behind the same guards."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from issues.errors import IssueError, NotFound
from issues.languages import words
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.web import (
    account_pages,
    address_pages,
    door_pages,
    editions_pages,
    export_pages,
    file_pages,
    group_pages,
    holding_pages,
    home_pages,
    import_pages,
    inbox_pages,
    issue_pages,
    joining_pages,
    link_pages,
    mailing_pages,
    metrics_pages,
    outline_pages,
    own_pages,
    parts_pages,
    passkey_pages,
    people_pages,
    picture_pages,
    preferences_pages,
    preview_pages,
    proof_pages,
    public_pages,
    reader_pages,
    resource_pages,
    rewriting_pages,
    schedule_pages,
    settings_pages,
    spoken,
    text_pages,
)
from newsletter.web.access import NOT_YOUR_LANGUAGE, NOT_YOURS, SIGN_IN, require_access
from newsletter.web.security import HEADERS, LARGEST_BODY, OwnWords, SecurityHeaders, is_desk, require_own_page
from newsletter.web.site import TEMPLATES, Site, page_language
from subscribers.vault import Vault

PAGES = (
    *(public_pages, joining_pages, preferences_pages, address_pages, own_pages),
    *(editions_pages, inbox_pages),
    *(door_pages, passkey_pages, account_pages, people_pages),
    *(home_pages, resource_pages, rewriting_pages, parts_pages),
    *(issue_pages, text_pages, outline_pages, picture_pages, preview_pages, file_pages, link_pages),
    *(schedule_pages, mailing_pages, proof_pages, reader_pages, group_pages, import_pages, export_pages),
    *(holding_pages, settings_pages, metrics_pages),
)
"""Modules with a `make_router(site)`."""

_SCRIPTS = {file.stem: f"js/{file.name}" for file in (TEMPLATES / "js").glob("*.js")}
"""Our own JavaScript modules by name: what is not listed is not served."""

ERRORS = {
    400: ("That did not work.", "Go back to the page you came from and try again from there."),
    401: ("Sign in first.", "Your session has ended; what you typed is still on the page you came from."),
    403: ("This form came from elsewhere.", "Open the page itself and press its button there."),
    404: ("There is no such page.", "Perhaps its address was cut off on the way: copy all of it and try again."),
    413: ("That is too much at once.", "Send less, or in several parts."),
    503: ("The desk is closed for a while.", "Somebody is at work on it. Readers’ pages are open; try again later."),
    500: ("Something went wrong on our side.", "It is not your doing. Please try again in a few minutes."),
}
"""Heading and explanation by status; the words of 400 serve for what is not listed."""

REFUSALS = {
    NOT_YOURS: ("This is for another role.", "Ask an owner of this newsletter if you need it."),
    NOT_YOUR_LANGUAGE: (
        "This text is in another language than yours.",
        "You may read it. Ask an owner of this newsletter if you should write it.",
    ),
}
"""Said to members alone, whose pages speak English."""


def _now() -> datetime:
    return datetime.now(UTC)


def make_app(
    database: Database,
    vault: Vault,
    settings: Settings,
    clock: Callable[[], datetime] = _now,
    *,
    desk_closed: bool = False,
) -> FastAPI:
    """The application over what it is given; it starts and closes nothing itself."""
    return app_over(Site(database, vault, settings, clock), desk_closed=desk_closed)


def app_over(site: Site, *, desk_closed: bool = False) -> FastAPI:
    """The application of a site: every page, behind the same guards. Readers' pages are there while the desk is not."""
    host = str(urlsplit(site.settings.base_url).hostname)
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[
            *([Depends(_refuse_the_desk)] if desk_closed else []),
            Depends(require_own_page),
            Depends(partial(require_access, site)),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(OwnWords, page=partial(_error, site)),
            Middleware(TrustedHostMiddleware, allowed_hosts=[host], www_redirect=False),
            Middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY),
        ],
    )
    _answer_errors(app, site)
    app.add_api_route("/icon.svg", _file("icon.svg"), methods=["GET", "HEAD"], name="icon")
    app.add_api_route("/favicon.ico", _file("icon.svg"), methods=["GET", "HEAD"], name="favicon")
    app.add_api_route("/site.css", _file("site.css"), methods=["GET", "HEAD"], name="style")
    app.add_api_route("/desk.css", _file("desk.css"), methods=["GET", "HEAD"], name="desk_style")
    app.add_api_route("/work.js", _file("js/work.js"), methods=["GET", "HEAD"], name="work_script")
    app.add_api_route("/desk/js/{name}.js", _script, methods=["GET", "HEAD"], name="script")
    for pages in PAGES:
        app.include_router(pages.make_router(site))
    return app


def _refuse_the_desk(request: Request) -> None:
    if is_desk(request.scope):
        raise HTTPException(503, headers={"Retry-After": "600"})  # RFC 9110, section 10.2.3, in seconds


def _script(name: str) -> FileResponse:
    if name not in _SCRIPTS:
        raise HTTPException(404)
    return _file(_SCRIPTS[name])()


def _file(name: str) -> Callable[[], FileResponse]:
    return lambda: FileResponse(TEMPLATES / name, headers={"Cache-Control": "public, max-age=3600"})


def _error(site: Site, request: Request, status: int, detail: str = "", said: str = "") -> Response:
    """A kind page in the reader's language; at the desk in the desk's, with what was `said` and with the way on."""
    at_desk = is_desk(request.scope)
    language = "en" if at_desk else page_language(request)
    heading, explanation = REFUSALS.get(detail) or ERRORS.get(status, ERRORS[400])
    if said:
        heading, explanation = "That was not done.", said
    way = (SIGN_IN, "Sign in") if status == 401 else ("/desk", "Go to this month")
    say = words(language).gettext
    return site.page(
        "public/error.html",
        language,
        status=status,
        heading=say(heading),
        explanation=say(explanation),
        way=way if at_desk and status != 503 else None,
    )


def _answer_errors(app: FastAPI, site: Site) -> None:
    """Every error is a page; none shows a traceback."""
    page = partial(_error, site)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 401 and request.method == "GET":
            return RedirectResponse(f"{site.root}{SIGN_IN}", status_code=303)
        answer = page(request, error.status_code, error.detail)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(IssueError)
    def not_done(request: Request, error: IssueError) -> Response:
        return page(request, 404 if isinstance(error, NotFound) else 409, said=spoken.sentence(error))

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(DataError)
    def not_understood(request: Request, _error: RequestValidationError | DataError) -> Response:
        """What no field takes, or no column: PostgreSQL keeps no text with a zero byte in it."""
        return page(request, 422)

    @app.exception_handler(Exception)
    def failed(request: Request, _error: Exception) -> Response:
        answer = page(request, 500)
        answer.headers.update(HEADERS)  # it is sent from outside of all middleware
        return answer
