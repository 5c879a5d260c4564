"""Every route times every role: what a role may not open is refused, and a route without a row is nobody's."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from newsletter.config import Settings
from newsletter.db import Database
from newsletter.desk import sessions
from newsletter.desk.models import Member, Role
from newsletter.web.access import ANYBODY, COOKIE, DEMONSTRATION, NOT_YOURS, ROLES
from newsletter.web.app import REFUSALS
from subscribers.addresses import normal
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.web.stage import on_stage
from tests.web.test_editions_pages import walked

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOST = "https://news.example.org"


def _app(database: Database, tmp_path: Path, vault: Vault) -> FastAPI:
    return on_stage(database, vault, Settings(home=tmp_path, base_url=HOST, demo=True), clock=lambda: NOW)


def _routes(app: FastAPI) -> list[APIRoute]:
    return [route for route in walked(app.routes) if isinstance(route, APIRoute)]


@pytest.fixture
def vault() -> Vault:
    return Vault(Keys.fresh())


def test_every_route_has_a_row_and_every_row_a_route(database: Database, tmp_path: Path, vault: Vault) -> None:
    names = [route.name for route in _routes(_app(database, tmp_path, vault))]
    assert len(names) == len(set(names))
    assert set(names) - ANYBODY - DEMONSTRATION == set(ROLES)


@pytest.mark.parametrize("role", [None, *Role])
def test_a_role_opens_what_its_rows_say_and_nothing_else(
    database: Database, tmp_path: Path, vault: Vault, role: Role | None
) -> None:
    app = _app(database, tmp_path, vault)
    client = TestClient(app, base_url=HOST, follow_redirects=False, raise_server_exceptions=False)
    for route in _routes(app):
        if route.name in ANYBODY | DEMONSTRATION:
            continue
        client.cookies.clear()
        if role:
            client.cookies.set(COOKIE, _signed_in(database, vault, role))
        path = re.sub(r"\{[^}]*\}", "0", route.path)
        assert route.methods
        method = next(iter(route.methods - {"HEAD"}))
        answer = client.request(method, path, headers={"Sec-Fetch-Site": "same-origin"})
        asked_to_sign_in = answer.status_code == (303 if method == "GET" else 401)
        refused = REFUSALS[NOT_YOURS][0] in answer.text if role else asked_to_sign_in
        assert answer.status_code < 500, (route.name, role)
        assert refused == (role not in ROLES[route.name]), (route.name, role, answer.status_code)


def _signed_in(database: Database, vault: Vault, role: Role) -> str:
    """A member of this role, made for one request: some routes end sessions."""
    with database.write() as session:
        number = session.query(Member).count()
        address_hash = vault.hash(normal(f"ana{number}@example.org"))
        sealed = vault.seal_address(f"ana{number}@example.org", address_hash)
        member = Member(address_hash=address_hash, sealed_address=sealed, name="Ana", role=role, joined_at=NOW)
        session.add(member)
        session.flush()
        return sessions.begin(session, member, "", NOW)
