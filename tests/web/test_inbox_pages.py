"""The inbox: what was caught, whatever it is, and nothing else of this machine."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsletter.db import Database
from newsletter.web import inbox_pages
from newsletter.web.opened_mail import OpenedMail
from tests.web.printed import HOST, catch, client, demonstration

MAIL = (
    "To: Ana Núñez <ana@example.org>\r\n"
    "Subject: =?utf-8?b?wr9Rdcg=?= =?utf-8?q?Segunda_oportunidad?=\r\n"
    "From: News <news@example.org>\r\n"
    f"List-Unsubscribe: <{HOST}/u/AAAAAAAAAAAAAAAAAAAAAA>\r\n"
    "Content-Language: es\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="=_b"\r\n\r\n'
    "--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHola, Ana\r\n"
    "--=_b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<html><head><title>x</title></head><body>=C2=A1Hola!</body></html>\r\n--=_b--\r\n"
).encode()

DEEP = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (i, i) for i in range(800))

HOSTILE = {
    "empty": b"",
    "no headers": b"\r\n\r\n<script>alert(1)</script>",
    "markup": b"To: <script>alert(1)</script>\r\nSubject: <script>alert(1)</script>\r\n"
    b'Content-Language: "><script>alert(1)</script>\r\nList-Unsubscribe: <javascript:alert(1)>\r\n\r\n',
    "encoded markup": b"Subject: =?utf-8?q?=3Cscript=3Ealert(1)=3C/script=3E?=\r\n\r\n",
    "raw bytes": b"To: \xff\xfe\x00\r\nSubject: \xed\xa0\x80\r\nContent-Type: text/html\r\n\r\n\xff\xed\xa0\x80<p>",
    "surrogates": b"Subject: =?utf-7?q?+2AA-?= =?utf-16?b?2AA=?=\r\n\r\n",
    "strange charset": b"Content-Type: text/html; charset=rot13\r\n\r\n<cre>",
    "broken coding": b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!=",
    "broken addresses": b'To: "a <<<@,;:>@[\r\nFrom: =?x?y?z?=<\r\nDate: 99\r\nMessage-ID: <<\r\n\r\n',
    "no boundary": b"Content-Type: multipart/alternative\r\n\r\n--\r\n",
    "deep": DEEP,
    "one endless header": b"Subject: " + b"x" * 300_000,
    "disguised": "Subject: txt\u202egnp.exe\r\n\r\n".encode(),
}


@pytest.fixture
def demo(database: Database, tmp_path: Path) -> TestClient:
    return client(demonstration(database, tmp_path))


@pytest.mark.parametrize("folders", [(), ("inbox",), ("inbox", "inbox/new")])
def test_without_an_inbox_nothing_was_caught(demo: TestClient, tmp_path: Path, folders: tuple[str, ...]) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir()
    page = demo.get("/inbox")
    assert page.status_code == 200
    assert "No mail was caught yet." in page.text
    assert demo.get("/").status_code == 200
    assert demo.get("/inbox/x").status_code == 404
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_dir()) == sorted(
        Path(folder).name for folder in folders
    )


def test_the_list_shows_the_newest_first(demo: TestClient, tmp_path: Path) -> None:
    keys = catch(tmp_path, *(b"To: reader%d@example.org\r\n\r\n" % number for number in range(12)))
    page = demo.get("/inbox").text
    assert re.findall(r'href="/inbox/([^"]+)"', page) == keys[::-1]
    assert re.findall(r"reader(\d+)@", page) == [str(number) for number in reversed(range(12))]
    assert "12 mails were caught." in page


def test_a_row_names_reader_subject_and_language(demo: TestClient, tmp_path: Path) -> None:
    catch(tmp_path, MAIL.replace(b"=?utf-8?b?wr9Rdcg=?= ", b""))
    page = demo.get("/inbox").text
    assert "Ana Núñez &lt;ana@example.org&gt;" in page
    assert '<span class="subject" lang="es" dir="auto">Segunda oportunidad</span>' in page
    assert '<span class="chip" lang="es">Español</span>' in page
    assert "1 mail was caught." in page


def test_a_long_inbox_shows_its_newest_and_says_so(
    demo: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_pages, "MOST", 3)
    keys = catch(tmp_path, *[b"To: ana@example.org\r\n\r\n"] * 5)
    page = demo.get("/inbox").text
    assert re.findall(r'href="/inbox/([^"]+)"', page) == keys[:1:-1]
    assert "These are the newest 3." in page


def test_a_mail_is_shown_with_its_headers_and_every_view(demo: TestClient, tmp_path: Path) -> None:
    (key,) = catch(tmp_path, MAIL)
    page = demo.get(f"/inbox/{key}").text
    assert f'<dt>List-Unsubscribe</dt><dd dir="auto">&lt;{HOST}/u/AAAAAAAAAAAAAAAAAAAAAA&gt;</dd>' in page
    assert page.count("<iframe ") == 2
    assert '<a href="/u/AAAAAAAAAAAAAAAAAAAAAA">Leave, as this reader would</a>' in page
    assert "¡Hola!" in demo.get(f"/inbox/{key}/html").text
    assert demo.get(f"/inbox/{key}/text").text.strip() == "Hola, Ana"
    raw = demo.get(f"/inbox/{key}/raw")
    assert raw.content.splitlines() == MAIL.splitlines()
    assert raw.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Content-Disposition" not in raw.headers


@pytest.mark.parametrize(
    "link",
    ["<https://example.com/u/A>", "<javascript:alert(1)>", f"<{HOST}/u/A/undo>", f"<{HOST}.example.com/u/A>", ""],
)
def test_only_our_own_link_for_leaving_is_offered(demo: TestClient, tmp_path: Path, link: str) -> None:
    (key,) = catch(tmp_path, f"To: ana@example.org\r\nList-Unsubscribe: {link}\r\n\r\n".encode())
    assert "Leave, as this reader" not in demo.get(f"/inbox/{key}").text


def test_the_html_of_a_mail_is_in_a_sandbox_of_its_own(demo: TestClient, tmp_path: Path) -> None:
    (key,) = catch(tmp_path, b"Content-Type: text/html\r\n\r\n<script>alert(1)</script>")
    policy = demo.get(f"/inbox/{key}/html").headers["Content-Security-Policy"]
    assert "; sandbox allow-top-navigation-by-user-activation" in policy
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_is_shown_and_does_nothing(demo: TestClient, tmp_path: Path, name: str) -> None:
    (key,) = catch(tmp_path, HOSTILE[name])
    for path in ("/inbox", f"/inbox/{key}"):
        answer = demo.get(path)
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "javascript:" not in re.sub("<dd.*?</dd>", "", answer.text)
        assert "\u202e" not in answer.text
        assert len(answer.content) < 60_000
    for view in ("html", "text", "raw"):
        assert demo.get(f"/inbox/{key}/{view}").status_code == 200


@given(
    data=st.one_of(st.binary(max_size=400), st.text(':;=?<>@"\\\r\n -/_Ttextohmlbqu8,', max_size=400).map(str.encode))
)
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_reading(data: bytes) -> None:
    for mail in (OpenedMail(data), OpenedMail(b"To: " + data), OpenedMail(b"Content-Type: multipart/mixed" + data)):
        for text in (mail.html, mail.text, *(value for _, value in mail.headers)):
            text.encode()


@pytest.mark.parametrize(
    "key",
    [
        "x",
        "%2e%2e",
        "..%2fnewsletter.toml",
        "%2e%2e%2f%2e%2e%2fsecret",
        "%00",
        "new",
        "a%0d%0ab",
        "x" * 5000,
        "%ff",
    ],
)
@pytest.mark.parametrize("view", ["", "/html", "/text", "/raw"])
def test_an_unknown_key_and_every_path_trick_is_not_found(
    demo: TestClient, tmp_path: Path, key: str, view: str
) -> None:
    catch(tmp_path, MAIL)
    (tmp_path / "newsletter.toml").write_text("secret")
    (tmp_path / "secret").write_text("secret")
    answer = demo.get(f"/inbox/{key}{view}")
    assert answer.status_code == 404
    assert "secret" not in answer.text
