"""Where a server is reached: by which of its addresses, and what is known of its name."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.transport import session as session_module
from bot.transport.errors import NotSent
from bot.transport.session import SharedSession
from tests.support.scripted_server import TOKEN
from tests.transport.hostile_server import hostile, saying, whole
from tests.transport.test_session import YES, silence


@pytest.fixture
async def session() -> AsyncIterator[SharedSession]:
    async with SharedSession(connections=2) as session:
        yield session


async def test_a_server_that_has_moved_is_found_at_the_next_call(
    session: SharedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hostile(saying(whole())) as server:
        with socket.socket() as nobody_listens:
            nobody_listens.bind(("127.0.0.1", 0))
            ports = [nobody_listens.getsockname()[1], server.port]

            async def look_up(host: str, port: int, **_: object) -> list[object]:
                where = (host, port) if host == "127.0.0.1" else ("127.0.0.1", ports.pop(0))
                return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where)]

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
            url = f"http://bot.example/bot{TOKEN}/sendMessage"
            with pytest.raises(NotSent):
                await session.post(url, {"chat_id": 7})
            assert await session.post(url, {"chat_id": 7}) == YES


def known_at(
    monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int], after: float = 0.0
) -> list[str]:
    """Lets a name lead to these addresses, after so many seconds; returns who was looked up."""
    asked: list[str] = []
    numbers = asyncio.get_running_loop().getaddrinfo

    async def look_up(host: str, port: int, **named: Any) -> list[Any]:
        if host in ("127.0.0.1", "::1"):  # which uvloop asks for when it connects
            return await numbers(host, port, **named)
        asked.append(host)
        await asyncio.sleep(after)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (*each, 0, 0))
            if ":" in each[0]
            else (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", each)
            for each in addresses
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    return asked


BY_NAME = f"http://bot.example/bot{TOKEN}/getMe"


@pytest.mark.parametrize("by", ["name", "address"])
async def test_a_server_with_ipv6_alone_is_reached(
    session: SharedSession, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    async with hostile(saying(whole()), host="::1") as server:
        url = f"http://[::1]:{server.port}/bot{TOKEN}/getMe"
        if by == "name":
            known_at(monkeypatch, ("::1", server.port))
            url = BY_NAME
        assert await session.post(url, {}) == YES


@pytest.mark.parametrize("listens", ["127.0.0.1", "::1"])
async def test_a_kind_of_address_that_leads_nowhere_costs_no_time(
    session: SharedSession, monkeypatch: pytest.MonkeyPatch, listens: str
) -> None:
    loop = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def routed(sock: socket.socket, address: tuple[str, int]) -> None:
        if address[0] != listens:
            raise OSError(errno.ENETUNREACH, "no way there")
        await connect(sock, address)

    monkeypatch.setattr(session_module, "_HEAD_START_SECONDS", 60.0)
    async with hostile(saying(whole()), host=listens) as server:
        known_at(monkeypatch, ("::1", server.port), ("127.0.0.1", server.port))
        monkeypatch.setattr(loop, "sock_connect", routed)
        assert await session.post(BY_NAME, {}) == YES


async def test_a_kind_of_address_that_is_silent_costs_its_head_start_alone(
    session: SharedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def silent(sock: socket.socket, address: tuple[str, int]) -> None:
        await (asyncio.Event().wait() if address[0] == "::1" else connect(sock, address))

    monkeypatch.setattr(session_module, "_HEAD_START_SECONDS", 0.01)
    async with hostile(saying(whole())) as server:
        known_at(monkeypatch, ("::1", server.port), ("127.0.0.1", server.port))
        monkeypatch.setattr(loop, "sock_connect", silent)
        assert await session.post(BY_NAME, {}) == YES


async def test_a_resolver_that_takes_longer_than_a_call_is_asked_once_and_heard_in_the_end(
    session: SharedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hostile(saying(whole())) as server:
        asked = known_at(monkeypatch, ("127.0.0.1", server.port), after=0.1)
        with monkeypatch.context() as patch:
            patch.setattr("bot.transport.session._CONNECT_SECONDS", 0.03)
            with pytest.raises(NotSent):
                await session.post(BY_NAME, {})
        assert await session.post(BY_NAME, {}) == YES
    assert asked == ["bot.example"]


async def test_a_name_that_nobody_knows_is_surely_not_sent_and_asked_for_again(
    session: SharedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def unknown(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_AGAIN, "bot.example is not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    for _ in range(2):
        with pytest.raises(NotSent, match=r"^No connection \(gaierror\)$"):
            await session.post(BY_NAME, {})
    assert len(asked) == 2


async def test_a_call_whose_connection_comes_after_the_closing_is_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with hostile(silence) as server:
        known_at(monkeypatch, ("127.0.0.1", server.port), after=0.05)
        async with SharedSession() as session:
            late = asyncio.create_task(session.post(BY_NAME, {}))
            await asyncio.sleep(0)
        with pytest.raises(NotSent):
            await asyncio.wait_for(late, 2)
        assert not server.requests
