"""The session against a server that breaks the rules of HTTP, or has several addresses."""

import asyncio
import errno
import socket
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.transport import session as session_module
from bot.transport.errors import NotSent, ResponseLost
from bot.transport.session import SharedSession, Upload
from tests.support.scripted_server import TOKEN
from tests.support.waiting import until
from tests.transport.hostile_server import Answering, Caller, HostileServer, hostile, saying, whole

SOON = 0.05
YES = (200, b"yes")


async def call(
    session: SharedSession, server: HostileServer, seconds: float = 10.0
) -> tuple[int, bytes]:
    url = f"http://127.0.0.1:{server.port}/bot{TOKEN}/sendMessage"
    return await session.post(url, {"chat_id": 7}, seconds)


@pytest.fixture
async def session() -> AsyncIterator[SharedSession]:
    async with SharedSession(connections=2) as session:
        yield session


async def test_a_request_is_what_a_server_expects(session: SharedSession) -> None:
    async with hostile(saying(whole())) as server:
        assert await call(session, server) == YES
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    assert first == f"POST /bot{TOKEN}/sendMessage HTTP/1.1"
    assert sorted(headers) == [
        "Accept-Encoding: identity",
        "Accept: */*",
        "Content-Length: 13",
        "Content-Type: application/json",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: petition-bot",
    ]
    assert body == b'{"chat_id":7}'


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "byte by byte": saying(*(bytes([byte]) for byte in whole())),
    "in chunks": saying(CHUNKED, b"2\r\nye\r\n", b"1\r\ns\r\n0\r\n\r\n"),
    "with a long header": saying(whole(b"yes", b"X: " + b"x" * 60_000)),
}


@pytest.mark.parametrize("name", WHOLE)
async def test_an_answer_is_read_and_its_connection_used_again(
    session: SharedSession, name: str
) -> None:
    async with hostile(WHOLE[name]) as server:
        assert [await call(session, server) for _ in range(3)] == [YES] * 3
        assert server.connections == 1


async def test_an_answer_sends_nobody_elsewhere(session: SharedSession) -> None:
    elsewhere = whole(b"yes", b"Location: /other", status=b"302 Found")
    async with hostile(saying(elsewhere)) as server:
        assert [await call(session, server) for _ in range(2)] == [(302, b"yes")] * 2
    assert len(server.requests) == 2


LOST: dict[str, Answering] = {
    "closed before an answer": saying(then=Caller.hang_up),
    "cut before an answer": saying(then=Caller.cut),
    "cut in the body": saying(whole(b"yes and no")[:-3], then=Caller.hang_up),
    "not HTTP": saying(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "an answer and something else": saying(whole() + b"junk"),
    "a header without end": saying(b"HTTP/1.1 200 OK\r\nX: ", *[b"x" * 9_000] * 9),
}


@pytest.mark.parametrize("name", LOST)
async def test_what_is_no_whole_answer_is_an_unknown_outcome_at_once(
    session: SharedSession, name: str
) -> None:
    async with hostile(LOST[name], saying(whole())) as server:
        with pytest.raises(ResponseLost) as caught:
            await call(session, server)
        assert "in time" not in str(caught.value)
        assert TOKEN not in f"{caught.value!r}"
        assert await call(session, server) == YES
        assert (server.connections, len(server.requests)) == (2, 2), "and never sent again unseen"


async def test_an_answer_larger_than_any_is_not_kept(
    session: SharedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transport.session._LARGEST_ANSWER", 10_000)
    async with hostile(saying(CHUNKED, *[b"1000\r\n" + bytes(4096) + b"\r\n"] * 9)) as server:
        with pytest.raises(ResponseLost, match="too large"):
            await call(session, server)


async def trickle(caller: Caller) -> None:
    caller.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not caller.writer.is_closing():
        caller.say(b"x")
        await asyncio.sleep(0.01)


async def silence(caller: Caller) -> None:
    await caller.is_gone()


@pytest.mark.parametrize("answering", [trickle, silence])
async def test_an_answer_that_is_not_whole_in_time_is_cut_off(
    session: SharedSession, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transport.session._CONNECT_SECONDS", 0.2)
    async with hostile(answering, saying(whole())) as server:
        with pytest.raises(ResponseLost, match="in time"):
            await call(session, server, SOON)
        assert await call(session, server) == YES
        assert server.connections == 2


async def test_an_answer_that_came_while_the_process_was_frozen_is_read(
    session: SharedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All its timers are over when it wakes, and the message has arrived."""
    monkeypatch.setattr("bot.transport.session._CONNECT_SECONDS", 0.1)

    async def answer(caller: Caller) -> None:
        caller.say(whole())
        time.sleep(0.6)  # noqa: ASYNC251 - so that this process stands still

    async with hostile(answer) as server:
        assert await call(session, server, 0.3) == YES


@pytest.mark.parametrize("ends", [Caller.hang_up, Caller.cut])
async def test_a_connection_that_is_closed_as_its_next_call_arrives_is_an_unknown_outcome(
    session: SharedSession, ends: Callable[[Caller], None]
) -> None:
    async with hostile(saying(whole()), saying(then=ends), saying(whole())) as server:
        assert await call(session, server) == YES
        with pytest.raises(ResponseLost):
            await call(session, server)
        assert (server.connections, len(server.requests)) == (1, 2), "and not sent again unseen"
        assert await call(session, server) == YES


async def test_a_connection_that_speaks_while_idle_is_not_used(session: SharedSession) -> None:
    spoke = asyncio.Event()

    async def speak_up(caller: Caller) -> None:
        caller.say(whole())
        await asyncio.sleep(0.01)
        caller.say(whole(b"no"))
        await asyncio.sleep(0.01)
        spoke.set()

    async with hostile(speak_up, saying(whole())) as server:
        assert await call(session, server) == YES
        await spoke.wait()
        assert await call(session, server) == YES
        assert server.connections == 2


async def test_an_idle_connection_is_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.transport.session._IDLE_SECONDS", 0.02)
    async with hostile(saying(whole())) as server, SharedSession() as session:
        assert await call(session, server) == YES
        await until(lambda: not server.open)


async def test_a_call_that_is_cancelled_takes_its_connection_with_it(
    session: SharedSession,
) -> None:
    async with hostile(silence, saying(whole())) as server:
        task = asyncio.create_task(call(session, server))
        await until(lambda: len(server.requests) == 1)
        task.cancel()
        await until(lambda: not server.open)
        assert await call(session, server) == YES


async def test_a_connection_on_which_a_refused_file_may_still_be_leaving_is_not_used_again(
    session: SharedSession,
) -> None:
    over, connections = asyncio.Event(), 0

    async def refuses_unread(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(whole(status=b"413 Too Large"))
        await over.wait()
        writer.close()

    server = await asyncio.start_server(refuses_unread, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot{TOKEN}/sendDocument"
    try:
        for size in (20_000_000, 1):
            fields = {"document": Upload("x", b"x" * size)}
            assert await session.post(url, fields) == (413, b"yes")
    finally:
        over.set()
        server.close()
    assert connections == 2


async def test_a_call_too_many_waits_for_a_free_connection(session: SharedSession) -> None:
    async with hostile(saying(whole())) as server:
        answers = await asyncio.gather(*(call(session, server) for _ in range(50)))
        assert answers == [YES] * 50
        assert server.connections == 2


async def test_no_free_connection_in_time_is_surely_not_sent(
    session: SharedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hostile(silence, silence, saying(whole())) as server:
        busy = [asyncio.create_task(call(session, server)) for _ in range(2)]
        await until(lambda: len(server.requests) == 2)
        with monkeypatch.context() as patch:
            patch.setattr("bot.transport.session._CONNECT_SECONDS", SOON)
            with pytest.raises(NotSent):
                await call(session, server)
        waiting = [asyncio.create_task(call(session, server)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        for task in busy:
            task.cancel()
        assert await asyncio.gather(*waiting[1:]) == [YES] * 2


async def test_no_answer_to_the_greeting_of_tls_is_surely_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.transport.session._CONNECT_SECONDS", SOON)
    async with SharedSession() as session, hostile(silence) as server:
        url = f"https://127.0.0.1:{server.port}/bot{TOKEN}/getMe"
        with pytest.raises(NotSent):
            await session.post(url, {})


async def test_closing_tells_everybody_what_became_of_their_call() -> None:
    async with hostile(silence) as server:
        async with SharedSession(connections=1) as session:
            sent = asyncio.create_task(call(session, server))
            await until(lambda: len(server.requests) == 1)
            waiting = asyncio.create_task(call(session, server))
            await asyncio.sleep(0)
        results = await asyncio.gather(sent, waiting, return_exceptions=True)
        assert [type(result) for result in results] == [ResponseLost, NotSent]
        await until(lambda: not server.open)


async def test_what_time_it_is_for_the_server_is_known_from_its_last_answer() -> None:
    time = [100.0]
    dates = [b"Sat, 28 Nov 2026 12:00:00 GMT", b"soon", b"Sat, 28 Nov 99999999999 12:00:00 GMT"]
    answers = [*(saying(whole(b"yes", b"Date: " + each)) for each in dates), saying(whole())]
    async with SharedSession(clock=lambda: time[0]) as session, hostile(*answers) as server:
        time[0] += 5
        assert session.server_time() == (None, timedelta(seconds=5))
        await call(session, server)
        time[0] += 60
        noon = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
        assert session.server_time() == (noon + timedelta(minutes=1), timedelta(minutes=1))
        for _ in answers[1:]:  # what is no date says nothing, as if there were none for a week
            await call(session, server)
        assert session.server_time() == (noon + timedelta(minutes=1), timedelta(minutes=1))


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
