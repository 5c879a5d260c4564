"""The desk can be closed while somebody is at work on it; readers come and go all the same."""

from pathlib import Path

from newsletter.config import Settings
from newsletter.web.access import SIGN_IN
from newsletter.web.app import make_app
from subscribers.models import State
from tests.web.conftest import Web


def test_a_closed_desk_says_so_and_whoever_leaves_is_off_the_list(web: Web, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, base_url="https://news.example.org")
    web.app = make_app(web.database, web.vault, settings, lambda: web.now, desk_closed=True)
    client = web.client()
    for closed in (client.get("/desk"), client.get(SIGN_IN), client.post("/desk/sign-out")):
        assert (closed.status_code, closed.headers["Retry-After"]) == (503, "600")
        assert "The desk is closed for a while." in closed.text
    assert client.get("/subscribe").status_code == 200
    assert client.post(f"/u/{web.join()}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert web.held().state is State.LEFT
