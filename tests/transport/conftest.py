"""Fixtures: a server, a session, a gate, the client that uses them, and a bot over it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop
from telegram import Bot

from bot.back_off import BackOff
from bot.transport import client as client_module
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate, Lane
from bot.transport.session import SharedSession
from tests.support.scripted_server import TOKEN, ScriptedServer, serve

QUICK = BackOff(0.01)


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Runs what is about connections on the bot's own loop, in which they end in their own way."""
    if item.path.name in ("test_session.py", "test_proxies.py", "test_tls.py"):
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with serve() as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[SharedSession]:
    async with SharedSession() as session:
        yield session


@pytest.fixture
async def gate() -> Gate:
    return Gate(rate=1000, burst=100, clock=asyncio.get_running_loop().time)


@pytest.fixture
def client(
    server: ScriptedServer, session: SharedSession, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> TelegramClient:
    monkeypatch.setitem(client_module._LONGEST_WAIT_SECONDS, Lane.REPLY, 0.5)
    return TelegramClient(session, gate, api_url=server.url, token=TOKEN, pauses=QUICK)


@pytest.fixture
def bot(server: ScriptedServer, client: TelegramClient, monkeypatch: pytest.MonkeyPatch) -> Bot:
    monkeypatch.setattr(client_module, "_ANSWER_SECONDS", 0.3)
    return Bot(TOKEN, f"{server.url}/bot", request=client, get_updates_request=client)
