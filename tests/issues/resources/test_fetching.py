"""Fetching reaches what it should, within its limits, and nothing of this machine's own network."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from typing import TypedDict, Unpack

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.errors import FetchFailed, FetchRefused, IssueError
from issues.resources.fetching import fetch, is_public
from tests.issues.resources.conftest import Handler, Site


class Limits(TypedDict, total=False):
    """What a test sets of a reader's limits."""

    seconds: float
    limit: int


def local(url: str, **limits: Unpack[Limits]) -> bytes:
    return fetch(url, allow_loopback=True, **limits).body


def test_a_page_comes_back_with_what_the_next_visit_needs(site: Site) -> None:
    url = site.serve("/feed", "hello", ETag='"1"', Last_Modified="Sat, 20 Nov 2021 15:00:00 GMT")
    fetched = fetch(url, allow_loopback=True)
    assert (fetched.body, fetched.etag, fetched.url) == (b"hello", '"1"', url)
    assert fetched.last_modified == "Sat, 20 Nov 2021 15:00:00 GMT"


def test_an_unchanged_page_is_not_sent_again(site: Site) -> None:
    url = site.serve("/feed", "", status=304)
    assert fetch(url, etag='"1"', last_modified="yesterday", allow_loopback=True).unchanged
    assert site.asked[0][1]["if-none-match"] == '"1"'
    assert site.asked[0][1]["if-modified-since"] == "yesterday"


def test_redirects_are_followed_a_few_times(site: Site) -> None:
    site.serve("/old", "", status=301, Location="/new")
    url = site.serve("/new", "here")
    assert fetch(site.url + "/old", allow_loopback=True).url == url


def test_a_circle_of_redirects_ends(site: Site) -> None:
    url = site.serve("/round", "", status=302, Location="/round")
    with pytest.raises(FetchFailed, match=r"^127\.0\.0\.1 redirects more than 5 times"):
        local(url)
    assert len(site.asked) == 6


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "file:///etc/hostname",
        "http://user:secret@example.org/",
    ],
)
def test_a_redirect_leads_to_no_place_that_is_refused(site: Site, target: str) -> None:
    url = site.serve("/", "", status=302, Location=target)
    with pytest.raises(FetchRefused) as refusal:
        local(url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1"])
def test_this_machine_is_refused_however_it_is_written(site: Site, host: str) -> None:
    port = site.url.rpartition(":")[2]
    with pytest.raises(FetchRefused, match="private network"):
        fetch(f"http://{host}:{port}/")
    assert site.asked == []


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x", "file:///etc/hostname", "example.org", "", "gopher://x", "//x/y"]
)
def test_only_web_addresses_are_fetched(url: str) -> None:
    with pytest.raises(FetchRefused, match="http"):
        fetch(url)


def test_a_name_that_changes_its_mind_is_held_to_its_first_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the name is public when asked first, and leads here when asked again."""
    answers = iter(["192.88.99.1", "127.0.0.1"])
    connected = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(FetchFailed):
        fetch("http://rebinding.example.org/")
    assert connected == ["192.88.99.1"]
    assert next(answers) == "127.0.0.1"


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 80)) for number in ("8.8.8.8", "10.1.2.3")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(FetchRefused, match=r"^two\.example\.org leads into a private network"):
        fetch("http://two.example.org/")


SPECIAL = """
10.0.0.1 172.16.0.1 192.168.1.1 127.0.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 224.0.1.1 240.0.0.1
255.255.255.255 192.0.2.1 198.18.0.1 ::1 :: fe80::1 fc00::1 fec0::1 ff02::1 ff0e::1 ::ffff:127.0.0.1
::ffff:8.8.8.8 ::8.8.8.8 64:ff9b::a00:1 2002:a00:1:: 2001::1 2001:db8::1
"""


@pytest.mark.parametrize("address", SPECIAL.split())
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_a_page_over_the_limit_is_cut_off(site: Site) -> None:
    url = site.serve("/", b"x" * 1001)
    assert len(local(url, limit=1001)) == 1001
    with pytest.raises(FetchFailed, match="more than 1,000 bytes"):
        local(url, limit=1000)


def test_a_gzip_bomb_is_cut_off(site: Site) -> None:
    bomb = gzip.compress(gzip.compress(bytes(300_000_000), 1), 1)
    url = site.serve("/", bomb, Content_Encoding="gzip, gzip")
    start = time.monotonic()
    with pytest.raises(FetchFailed, match="more than 5,000,000 bytes"):
        local(url)
    assert time.monotonic() - start < 10


def test_a_compressed_page_is_read(site: Site) -> None:
    assert local(site.serve("/", gzip.compress(b"hello"), Content_Encoding="gzip")) == b"hello"


def drip(part: bytes) -> Handler:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(part)
        for _ in range(100):
            time.sleep(0.05)
            request.wfile.write(b"x")

    return answer


@pytest.mark.parametrize("part", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\nX-Slow: "], ids=["body", "header"])
def test_a_page_that_drips_is_cut_off_by_the_clock(site: Site, part: bytes) -> None:
    site.answers["/"] = drip(part)
    start = time.monotonic()
    with pytest.raises(FetchFailed, match=r"within 0\.3 seconds"):
        local(site.url + "/", seconds=0.3)
    assert time.monotonic() - start < 10


def test_the_clock_runs_over_all_redirects(site: Site) -> None:
    def slow(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.15)
        request.wfile.write(b"HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n")

    site.answers["/"] = slow
    with pytest.raises(FetchFailed, match="seconds"):
        local(site.url + "/", seconds=0.4)


@pytest.mark.parametrize("status", [404, 403, 500, 204])
def test_an_answer_that_is_no_page_is_a_failure_that_may_pass(site: Site, status: int) -> None:
    with pytest.raises(FetchFailed, match=f"answered {status}") as failure:
        local(site.serve("/secret-path", "", status=status))
    assert not failure.value.permanent
    assert "secret-path" not in str(failure.value)


def test_a_server_that_is_not_there_is_a_failure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers, and nobody else can take it
        with pytest.raises(FetchFailed, match="could not be read"):
            local(f"http://127.0.0.1:{taken.getsockname()[1]}/")


def unknown(*_: object, **__: object) -> None:
    raise socket.gaierror


def test_a_name_that_does_not_exist_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(FetchFailed, match=r"^no-such\.invalid is not known"):
        fetch("http://no-such.invalid/")


def test_a_body_shorter_than_announced_is_a_failure(site: Site) -> None:
    site.answers["/"] = lambda request: request.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    with pytest.raises(FetchFailed, match="could not be read"):
        local(site.url + "/")


@pytest.fixture
def secure_site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A TLS server for `localhost` whose answers drip, and its certificate."""
    certificate = self_signed("localhost", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)

    def serve() -> None:
        with suppress(OSError):  # until the listener closes
            while True:
                with suppress(ssl.SSLError), listener.accept()[0] as client:
                    asked = client.recv(4096)
                    client.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
                    for _ in range(20 if b"/drip" in asked else 0):
                        time.sleep(0.05)
                        client.sendall(b"x")

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    yield f"https://localhost:{listener.getsockname()[1]}", certificate
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    server.join(2)


def self_signed(name: str, folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "certificate.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM) + secret)
    return file


def test_tls_is_guarded_like_the_rest(secure_site: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    url, certificate = secure_site
    with pytest.raises(FetchRefused, match="private network"):
        fetch(url)
    with pytest.raises(FetchFailed, match="no certificate that can be trusted"):
        local(url)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    assert local(url) == b"hello"
    start = time.monotonic()
    with pytest.raises(FetchFailed, match=r"within 0\.4 seconds"):
        local(url + "/drip", seconds=0.4)
    assert time.monotonic() - start < 10


def test_neither_proxies_nor_passwords_come_from_the_environment(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:
        file.write("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", netrc)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    assert local(site.serve("/", "hello")) == b"hello"
    assert "authorization" not in site.asked[0][1]


@given(url=st.text(max_size=30) | st.from_regex(r"https?://[^/]{0,10}\.invalid/.{0,5}", fullmatch=True))
@settings(max_examples=60, deadline=None)
def test_no_text_raises_anything_but_a_refusal_or_a_failure(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(IssueError):
        patch.setattr(socket, "getaddrinfo", unknown)
        fetch(url, seconds=1)
