"""Everything goes through the proxy, the proxy looks names up, and what it does wrong is said."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.proxy_choice import parse_proxy
from bot.transport.errors import NotSent, ResponseLost
from bot.transport.session import SharedSession
from tests.support.proxies import (
    Proxied,
    Reader,
    Serving,
    Writer,
    http_proxy,
    running,
    socks_proxy,
)
from tests.support.scripted_server import TOKEN
from tests.transport.hostile_server import Caller, hostile, saying, whole
from tests.transport.test_secrecy import everything_told
from tests.transport.test_tls import certificate, serving, trusting

API = "api.example"  # a name that only the proxy knows
LOGIN = ("user", "p@ss:word")
KINDS: dict[str, Serving] = {"http": http_proxy, "socks5": socks_proxy}
YES = (200, b"yes")


@pytest.fixture(autouse=True)
def no_name_is_looked_up_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails whoever asks the resolver of this machine for the name of a server."""
    look_up = socket.getaddrinfo

    def numbers_only(host: Any, *args: Any, **named: Any) -> Any:
        assert host in ("127.0.0.1", "::1"), f"{host} was looked up here"
        return look_up(host, *args, **named)

    monkeypatch.setattr(socket, "getaddrinfo", numbers_only)


async def ask(session: SharedSession, base: str = f"http://{API}:81") -> tuple[int, bytes]:
    return await session.post(f"{base}/bot{TOKEN}/sendDocument", {"a": 1})


def through(proxy: Proxied, kind: str, login: str = "", **given: Any) -> SharedSession:
    return SharedSession(proxy=parse_proxy(f"{kind}://{login}127.0.0.1:{proxy.port}"), **given)


@pytest.mark.parametrize("login", [None, LOGIN])
@pytest.mark.parametrize("kind", KINDS)
async def test_calls_and_files_reach_a_server_whose_name_only_the_proxy_knows(
    kind: str, login: tuple[str, str] | None
) -> None:
    async with (
        hostile(saying(whole())) as server,
        running(KINDS[kind], login, {API: ("127.0.0.1", server.port)}) as proxy,
        through(proxy, kind, "user:p%40ss:word@" if login else "") as session,
    ):
        assert [await ask(session) for _ in range(3)] == [YES] * 3
    assert proxy.asked == [(API, 81)], "one connection is used again"
    assert proxy.broken_rules == []
    assert not any(b"roxy" in request or b"user" in request for request in server.requests)


async def test_a_password_that_is_not_ascii_is_sent_as_utf_8() -> None:
    async with (
        hostile(saying(whole())) as server,
        running(http_proxy, ("ana", "contraseña"), {API: ("127.0.0.1", server.port)}) as proxy,
        through(proxy, "http", "ana:contrase%C3%B1a@") as session,
    ):
        assert await ask(session) == YES


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_known_by_an_ipv6_address_is_reached(kind: str) -> None:
    async with (
        hostile(saying(whole()), host="::1") as server,
        running(KINDS[kind]) as proxy,
        through(proxy, kind) as session,
    ):
        url = f"http://[::1]:{server.port}/bot{TOKEN}/getMe"
        assert await session.post(url, {}) == YES
    assert proxy.asked == [("::1", server.port)]
    assert proxy.broken_rules == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [API, "127.0.0.1"])
async def test_the_certificate_is_the_servers_and_never_the_proxys(
    tmp_path: Path, kind: str, name: str
) -> None:
    file = certificate(tmp_path, name)
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        running(KINDS[kind], known={API: ("127.0.0.1", server.port)}) as proxy,
        through(proxy, kind, tls=trusting(file)) as session,
    ):
        if name == API:
            assert await ask(session, f"https://{API}") == YES
            assert proxy.asked == [(API, 443)]
            return
        with structlog.testing.capture_logs() as logged, pytest.raises(NotSent):
            await ask(session, f"https://{API}")
    assert server.requests == []
    assert [each["event"] for each in logged] == ["no_connection"]
    assert "that can be trusted (" in logged[0]["reason"]
    assert "ismatch): " in logged[0]["reason"], "and not which server it is of"


def answering(*answers: bytes, keeps: bool = False) -> Serving:
    """Returns a proxy that answers what comes with these bytes, and hangs up unless it keeps."""

    async def serve(_: Proxied, reader: Reader, writer: Writer) -> None:
        for answer in answers:
            await reader.read(1000)
            writer.write(answer)
        if keeps:
            await reader.read()

    return serve


def status(line: bytes) -> Serving:
    return answering(b"HTTP/1.1 " + line + b"\r\nContent-Length: 4\r\n\r\noops", keeps=True)


FAILING: dict[str, tuple[str, Serving, str]] = {
    "wants a password": ("http", status(b"407 X"), "or does not accept those"),
    "knows others, says its web page": ("http", status(b"401 X"), "or does not accept those"),
    "forbids": ("http", status(b"403 Forbidden"), "makes no connection (HTTP: 403)"),
    "closes at once": ("http", answering(b""), "makes no connection (ReplyError)"),
    "speaks something else": ("http", answering(b"\5\xff"), "makes no connection ("),
    "wants another way to log in": ("socks5", answering(b"\5\xff"), "or does not accept those"),
    "does not know the user": ("socks5", answering(b"\5\2", b"\1\1"), "or does not accept those"),
    "forbids the server": (
        "socks5",
        answering(b"\5\0", b"\5\2\0\1\0\0\0\0\0\0"),
        "makes no connection (SOCKS5: 2)",
    ),
    "closes its SOCKS midway": (
        "socks5",
        answering(b"\5\0", b"\5\0\0\1\0"),
        "makes no connection (",
    ),
}


@pytest.mark.parametrize("name", FAILING)
async def test_what_a_proxy_does_wrong_is_surely_not_sent_and_said_without_secrets(
    name: str,
) -> None:
    kind, serve, said = FAILING[name]
    async with (
        running(serve) as proxy,
        through(proxy, kind, "user:hidden@") as session,
    ):
        with structlog.testing.capture_logs() as logged, pytest.raises(NotSent) as caught:
            await session.post(f"http://{API}/bot{TOKEN}/getMe", {})
    assert [each["event"] for each in logged] == ["no_connection"]
    assert said in logged[0]["reason"]
    told = everything_told(caught.value) + str(logged)
    assert all(secret not in told for secret in (TOKEN, "hidden", API))


async def test_a_proxy_that_wants_a_password_and_was_given_none_says_where_it_belongs() -> None:
    for kind, serve in KINDS.items():
        async with running(serve, LOGIN) as proxy, through(proxy, kind) as session:
            with pytest.raises(NotSent) as caught:
                await ask(session)
            assert "write them before its host" in str(caught.value.reason)
            assert TOKEN not in everything_told(caught.value)


CONNECTED = {
    "http": [b"HTTP/1.1 200 X\r\n\r\n"],
    "socks5": [b"\5\0", b"\5\0\0\1\0\0\0\0\0\0"],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("connects", [True, False])
async def test_a_proxy_that_hangs_or_whose_server_does_is_surely_not_sent_and_said_to_be_late(
    kind: str, connects: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those only say that they have connected that are one end of a longer tunnel."""
    gone = asyncio.Event()

    async def hangs(proxy: Proxied, reader: Reader, writer: Writer) -> None:
        if connects:
            await answering(*CONNECTED[kind])(proxy, reader, writer)
        while await reader.read(1000):
            pass
        gone.set()

    monkeypatch.setattr("bot.transport.session._CONNECT_SECONDS", 0.2)
    async with running(hangs) as proxy, through(proxy, kind) as session:
        with pytest.raises(NotSent) as caught:
            await ask(session, f"https://{API}")
        assert "The proxy makes no connection (TimeoutError)" in str(caught.value.reason)
        async with asyncio.timeout(1):
            await gone.wait()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_only_says_it_has_connected_and_hangs_up_is_surely_not_sent(
    kind: str,
) -> None:
    async with running(answering(*CONNECTED[kind])) as proxy, through(proxy, kind) as session:
        with pytest.raises(NotSent) as caught:
            await ask(session, f"https://{API}")
    assert "The proxy makes no connection (" in str(caught.value.reason)


async def test_a_proxy_that_is_not_there_is_said_once_though_hundreds_of_calls_fail() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        async with SharedSession(proxy=parse_proxy(f"socks5://127.0.0.1:{port}")) as session:
            with structlog.testing.capture_logs() as logged:
                failed = await asyncio.gather(
                    *(ask(session) for _ in range(100)), return_exceptions=True
                )
    assert {type(each) for each in failed} <= {NotSent}
    assert [each["reason"] for each in logged] == [
        "The proxy makes no connection (ConnectionRefusedError): its address is wrong, it is not "
        "running, it does not let this machine through, it cannot reach the Bot API server, or it "
        "is of the other kind (http:// or socks5://)."
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_once_the_proxy_has_connected_a_lost_answer_is_an_unknown_outcome(kind: str) -> None:
    async with (
        hostile(saying(whole()[:-1], then=Caller.hang_up)) as server,
        running(KINDS[kind], known={API: ("127.0.0.1", server.port)}) as proxy,
        through(proxy, kind) as session,
    ):
        with structlog.testing.capture_logs() as logged, pytest.raises(ResponseLost):
            await ask(session)
    assert logged == []
