"""Who may open what: one table, default deny. A route without a row is open to nobody, and fails a test."""

from collections.abc import Mapping

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from newsletter.desk import sessions
from newsletter.desk.models import Member, Role
from newsletter.web.site import Site

COOKIE = "desk"
SIGN_IN = "/desk/sign-in"
NOT_YOURS, NOT_YOUR_LANGUAGE = "not yours", "not your language"
"""Why a member is refused; an error page says it in better words."""

ANYBODY: frozenset[str] = frozenset(
    # readers' pages, style sheets, and the door of the desk itself
    [
        "ask",
        "one_click",
        "stands",
        "stay",
        "subscribe",
        "sign_up",
        "group_subscribe",
        "group_sign_up",
        "sent",
        "confirm_ask",
        "confirm",
        "preferences_ask",
        "preferences_link",
        "preferences",
        "preferences_save",
        "address_form",
        "address_ask",
        "address_show",
        "address_agree",
        "own_data",
        "erase_ask",
        "erase",
        "left_erase_ask",
        "left_erase",
        "receipt",
        "work_script",
        "picture",
        "style",
        "icon",
        "favicon",
        "desk_style",
        "script",
        "sign_in",
        "sign_in_form",
        "welcome",
        "join",
        "passkey_challenge",
        "passkey_sign_in",
        "metrics",  # which asks for a token of its own
    ]
)
"""Routes, by name, that ask nobody who they are."""

DEMONSTRATION: frozenset[str] = frozenset(
    [
        "guest",
        "parts",
        "overview",
        "edition",
        "edition_html",
        "edition_text",
        "edition_raw",
        "inbox",
        "mail",
        "mail_html",
        "mail_text",
        "mail_raw",
    ]
)
"""Routes that exist in a demonstration only, where all mail is made up."""

_ALL = frozenset(Role)
_WRITERS = frozenset({Role.OWNER, Role.EDITOR, Role.TRANSLATOR})
_EDITORS = frozenset({Role.OWNER, Role.EDITOR})
_KEEPERS = frozenset({Role.OWNER, Role.LIST_KEEPER})
_OWNERS = frozenset({Role.OWNER})

ROLES: Mapping[str, frozenset[Role]] = {
    "home": _ALL,
    "restored": _OWNERS,
    "sign_out": _ALL,
    # the shelf of resources, and its sources
    "resources": _ALL,
    "resource": _ALL,
    "resource_form": _EDITORS,
    "text_form": _EDITORS,
    "rewrite_text": _EDITORS,
    "give_text_back": _EDITORS,
    "add_resource": _EDITORS,
    "paste_link": _EDITORS,
    "dismiss_resource": _EDITORS,
    "restore_resource": _EDITORS,
    "set_text_language": _EDITORS,
    "place_resource": _EDITORS,
    "pair_resources": _EDITORS,
    "keep_apart": _EDITORS,
    "propose_again": _EDITORS,
    "unpair_texts": _EDITORS,
    "add_source": _EDITORS,
    "import_sources": _EDITORS,
    "import_progress": _EDITORS,
    "remove_source": _EDITORS,
    # one's own account, and the people for owners
    "account": _ALL,
    "change_password": _ALL,
    "end_session": _ALL,
    "end_other_sessions": _ALL,
    "passkey_options": _ALL,
    "add_passkey": _ALL,
    "remove_passkey": _ALL,
    "people": _OWNERS,
    "invite": _OWNERS,
    "take_back_invitation": _OWNERS,
    "new_password_link": _OWNERS,
    "change_role": _OWNERS,
    "end_membership": _OWNERS,
    "bring_back": _OWNERS,
    # the issue editor; what a translator may change there depends on the text's language
    "issues": _WRITERS,
    "draft_issue": _EDITORS,
    "editor": _WRITERS,
    "issue_file": _WRITERS,
    "issue_sheet": _WRITERS,
    "issue_take_in": _WRITERS,
    "save_text": _WRITERS,
    "confirm_text": _WRITERS,
    "approve_text": _WRITERS,
    "approve_texts": _WRITERS,
    "withdraw_texts": _WRITERS,
    "text_history": _WRITERS,
    "restore_text": _WRITERS,
    "presence": _WRITERS,
    "add_passage": _EDITORS,
    "move_passage": _EDITORS,
    "remove_passage": _EDITORS,
    "restore_passage": _EDITORS,
    "standing_passage": _EDITORS,
    "add_picture": _EDITORS,
    "set_picture": _EDITORS,
    "take_picture": _EDITORS,
    "issue_fallback": _EDITORS,
    "preview": _WRITERS,
    "checks": _WRITERS,
    "waive": _EDITORS,
    "unwaive": _EDITORS,
    "try_links": _WRITERS,
    # scheduling and sending
    "schedule": _EDITORS,
    "schedule_who": _EDITORS,
    "schedule_set": _EDITORS,
    "schedule_waive": _EDITORS,
    "proof": _EDITORS,
    "proof_send": _EDITORS,
    "mailing": _ALL,
    "mailing_events": _ALL,
    "mailing_cancel_ask": _EDITORS,
    "mailing_pause": _EDITORS,
    "mailing_resume": _EDITORS,
    "mailing_cancel": _EDITORS,
    "mailing_doubts": _EDITORS,
    "mailing_given_up": _EDITORS,
    # readers: counts for all, addresses for their keepers
    "readers": _ALL,
    "reader_find": _KEEPERS,
    "reader_unsubscribe": _KEEPERS,
    "reader_return": _KEEPERS,
    "reader_lift": _KEEPERS,
    "reader_erase_ask": _KEEPERS,
    "reader_erase": _KEEPERS,
    "reader_add": _KEEPERS,
    "import_give": _KEEPERS,
    "imports": _KEEPERS,
    "import_page": _KEEPERS,
    "import_progress_page": _KEEPERS,
    "import_columns": _KEEPERS,
    "import_merge": _KEEPERS,
    "import_again": _KEEPERS,
    "import_give_up": _KEEPERS,
    "import_undo": _KEEPERS,
    "import_notes": _KEEPERS,
    "reader_groups": _KEEPERS,
    "groups": _KEEPERS,
    "group_make": _KEEPERS,
    "group_change": _KEEPERS,
    "group_remove": _KEEPERS,
    "group_restore": _KEEPERS,
    "topic_make": _KEEPERS,
    "topic_change": _KEEPERS,
    "what_we_hold": _KEEPERS,
    "readers_export": _KEEPERS,
    # settings
    "settings": _OWNERS,
    "settings_brand": _OWNERS,
    "settings_habits": _OWNERS,
    "settings_specimen": _OWNERS,
    "settings_contrast": _OWNERS,
}
"""Who may use a route of the desk, by the route's name."""


async def require_access(site: Site, request: Request) -> None:
    """Let the request through, with its member in `request.state.member`, or refuse it: 401 or 403. Only at the desk
    does it take a thread, which may wait for the database."""
    name = request.scope["route"].name
    request.state.member = None
    if name in ANYBODY or (name in DEMONSTRATION and site.settings.demo):
        return
    member = await run_in_threadpool(_signed_in, site, request)
    if member is None:
        raise HTTPException(401)
    if member.role not in ROLES.get(name, frozenset()):
        raise HTTPException(403, NOT_YOURS)
    request.state.member = member


def member_of(request: Request) -> Member:
    """The member behind a request that `require_access` let through."""
    member: Member = request.state.member
    return member


def _signed_in(site: Site, request: Request) -> Member | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    with site.database.read() as session:
        found = sessions.who(session, token, site.clock())
    if found is None:
        return None
    member, desk_session = found
    request.state.session = desk_session.id
    if sessions.is_stale(desk_session, site.clock()):
        with site.database.write() as session:
            sessions.touch(session, desk_session.id, site.clock())
    return member
