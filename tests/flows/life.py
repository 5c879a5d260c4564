"""A newsletter's whole life, in which everything careless happens once that programs, servers and people do.

What a thief could take lies in a folder each: logs, temporary files, backups, what was printed, and the home as it was
at the moment of a crash.
"""

import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.parse import urlsplit

import requests
from sqlalchemy import select, text

from newsletter.desk import members
from newsletter.notices import outbox
from newsletter.web.__main__ import main as serve
from newsletter.web.access import COOKIE
from newsletter.wiring import Newsletter, utc_now
from subscribers import address_change, joining, retention
from subscribers.address_change import Side
from subscribers.audience import is_reachable
from subscribers.models import Subscriber
from subscribers.tokens import Purpose, make
from tests.flows.house import WORDING, House, ended
from tests.newsletter.smtp_server import DROP, STALL, Script, serving

PEOPLE = [f"maria.delgado{number}@homes.example.org" for number in range(12)]
JOINING = "maria.delgado99@homes.example.org"
MOVED, MOVING = "maria.delgado77@flats.example.org", "maria.delgado88@flats.example.org"
IMPORTED, UPLOADED, KEEPER = (f"maria.delgado.{who}@homes.example.org" for who in ("came", "waits", "keeps"))
LEAVING, ERASED = 5, 6
"""Their numbers on the list."""
HEADERS = {"Host": "news.example.org", "Sec-Fetch-Site": "same-origin"}
"""What a browser says behind the proxy, of a form that a page of ours showed."""


def live(house: House, folder: Path) -> None:
    """Joining, importing, a server that quotes addresses and hangs up, crashes, error pages, leaving, erasing, another
    key: everything once."""
    for name in ("logs", "tmp", "backup", "printed"):
        (folder / name).mkdir(parents=True)
    logs, house.extra["TMPDIR"] = folder / "logs", str(folder / "tmp")
    mailing = house.fill(PEOPLE)
    with house.opened() as newsletter:
        sign_up(newsletter)
    send(house, logs)
    with pages(house, logs / "pages") as (program, url):
        desk = keeper(house, url)
        visit(house, url, desk)
        wait(lambda: "Exception" in (logs / "pages").read_text())
        back_up(house, folder / "backup")
        with uploading(url, desk):
            program.kill()
    if house.database_url.startswith("sqlite"):
        shutil.copytree(house.home, folder / "crashed")
    (folder / "printed" / "import").write_text(bring(house, folder.parent / "theirs.csv"))
    with house.opened() as newsletter, newsletter.database.write() as session:
        retention.erase_now(session, newsletter.journal, ERASED, utc_now())
        assert joining.confirm(session, 1, utc_now())
    with house.opened() as newsletter:
        change_addresses(newsletter)
    (folder / "printed" / "rotated").write_text(house.run("keys", "rotate"))
    for number, words in enumerate((("show", str(mailing)), ("show", str(mailing), "--json"), ("list", "--json"))):
        (folder / "printed" / f"account{number}").write_text(house.run("mailings", *words))


def sign_up(newsletter: Newsletter) -> None:
    """As the form does it."""
    values = {"brand": "The Network", "base_url": "https://news.example.org"}
    with newsletter.database.write() as session:
        joining.ask(session, newsletter.vault, address=JOINING, languages="es", wording=WORDING, now=utc_now())
        outbox.queue(session, newsletter.vault, JOINING, "sign_up", values, utc_now(), language="es")


def send(house: House, logs: Path) -> None:
    """A sender is killed while its server is silent; the next meets one that refuses, and the last none at all."""
    silent = Script({"dot": [STALL] * 2}, echo=True)
    with serving(silent) as (_, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none&connections=2"
        work = house.start_work(logs / "job")
        wait(lambda: not silent.replies["dot"])
        work.kill()
        work.join()
    script = Script(
        {
            "rcpt": ["550 5.1.1 who is", "450 4.2.0 not now", "250 ok"],
            "dot": ["554 5.7.1 spam for"],
            "after": ["250 kept for", DROP],
        },
        echo=True,
    )
    with serving(script) as (server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none"
        for _ in range(2):
            assert ended(house.start_work(logs / "job")) == 0
        assert JOINING in server.recipients
    house.transport = "smtp://127.0.0.1:1?tls=none"
    assert ended(house.start_work(logs / "job")) == 0


@contextmanager
def pages(house: House, log: Path) -> Iterator[tuple[BaseProcess, str]]:
    """The pages as a program of their own, and where they are."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    program = house.start_work(log, serve, str(port))
    wait(lambda: is_open(port))
    try:
        yield program, f"http://127.0.0.1:{port}"
    finally:
        program.kill()
        program.join()


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as asking:
        return not asking.connect_ex(("127.0.0.1", port))


def browser() -> requests.Session:
    """Somebody's."""
    session = requests.Session()
    session.headers.update(HEADERS)
    return session


def visit(house: House, url: str, desk: requests.Session) -> None:
    """What people and programs ask of the pages, wrongly for the most part."""
    anybody = browser()
    form, upload = {"address": UPLOADED}, {"file": ("them.csv", f"email,name\n{UPLOADED},Maria Delgado\n")}
    with house.opened() as newsletter:
        mine, theirs = (make(newsletter.vault, Purpose.LEAVE, number) for number in (1, LEAVING))
    asked = [
        anybody.get(f"{url}/subscribe?address={UPLOADED}"),
        anybody.post(f"{url}/subscribe", data=form),
        anybody.get(f"{url}/{UPLOADED}"),
        anybody.put(f"{url}/u/{mine}"),
        anybody.get(f"{url}/u/{mine}?of={UPLOADED}"),
        anybody.get(f"{url}/u/{mine}x"),
        anybody.post(f"{url}/u/{theirs}", data={"List-Unsubscribe": "One-Click"}),
        desk.post(f"{url}/desk/readers/find", data=form),
        desk.post(f"{url}/desk/readers/add", data=form | {"name": "Maria Delgado", "consent": " "}),
        desk.post(f"{url}/desk/readers/add", data=form | {"name": "Maria Delgado" * 9000}),
        desk.post(f"{url}/desk/readers/imports", data=form),
        desk.post(f"{url}/desk/readers/imports", files=upload),
    ]
    with broken(house):
        asked.append(desk.post(f"{url}/desk/readers/find", data={"address": PEOPLE[0]}))
    assert [answer.status_code for answer in asked] == [200, 200, 404, 405, 200, 404, 200, 422, 422, 413, 400, 200, 500]
    assert UPLOADED in asked[-2].text, "the file's first people are shown"


def keeper(house: House, url: str) -> requests.Session:
    """Somebody who works here, signed in."""
    with house.opened() as newsletter, newsletter.database.write() as session:
        token = members.first_link(session, utc_now())
    desk = browser()
    joined = {"name": "Rosa", "address": KEEPER, "password": "lantern orchard ninety boats"}
    answer = desk.post(f"{url}/desk/welcome/{token}", data=joined, allow_redirects=False)
    desk.cookies.set(COOKIE, answer.cookies[COOKIE])  # which was for https alone
    return desk


@contextmanager
def uploading(url: str, desk: requests.Session) -> Iterator[None]:
    """Half of a long file has come."""
    file = {"file": ("them.csv", f"email\n{UPLOADED}\n" * 50_000)}
    whole = desk.prepare_request(requests.Request("POST", f"{url}/desk/readers/imports", files=file))
    head = "".join(f"{name}: {value}\r\n" for name, value in whole.headers.items())
    assert isinstance(whole.body, bytes)
    with socket.create_connection(("127.0.0.1", urlsplit(url).port)) as line:
        line.sendall(f"POST {whole.path_url} HTTP/1.1\r\n{head}\r\n".encode() + whole.body[: len(whole.body) // 2])
        yield


@contextmanager
def broken(house: House) -> Iterator[None]:
    """A database that misses a table."""
    with house.opened() as newsletter:
        for old, new in (("suppression", "mislaid"), ("mislaid", "suppression")):
            with newsletter.database.write() as session:
                session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
            if new == "mislaid":
                yield


def back_up(house: House, folder: Path) -> None:
    """As SQLite does it while the programs run."""
    if house.database_url.startswith("sqlite"):
        file = house.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(file)) as live, closing(sqlite3.connect(folder / "copy.db")) as copy:
            live.backup(copy)


def bring(house: House, file: Path) -> str:
    """A file that somebody has, brought by command; what is said of it."""
    file.write_text(f"email,name\n{IMPORTED},Maria Delgado\n{IMPORTED},Ana Delgado\nmaria.delgado.homes,Maria\n")
    said = house.run("subscribers", "import", str(file), "--consent", "At the fair in May.", "--yes")
    return said + house.run("subscribers", "imports", "show", "2", "--json")


def change_addresses(newsletter: Newsletter) -> None:
    """One reader moves, another is asked at both mailboxes."""
    with newsletter.database.write() as session:
        vault = newsletter.vault
        reachable = select(Subscriber.id).where(is_reachable()).limit(2)  # the server said of somebody: nobody there
        one, other = session.scalars(reachable).all()
        change = address_change.ask(session, vault, one, address=MOVED, now=utc_now()) or 0
        assert [address_change.agree(session, vault, change, side, utc_now()) is None for side in Side] == [True, False]
        assert address_change.ask(session, vault, other, address=MOVING, now=utc_now())


def wait(for_this: Callable[[], bool]) -> None:
    """Until it is so."""
    ends = time.monotonic() + 60
    while not for_this():
        assert time.monotonic() < ends
        time.sleep(0.01)
