"""Fixtures: the intake over real HTTP to a test server."""

from collections.abc import AsyncIterator

import pytest

from bot.transport import SharedSession
from tests.intake.bench import Running
from tests.transport.wire import serve


@pytest.fixture
async def bench() -> AsyncIterator[Running]:
    async with serve() as wire, SharedSession() as session:
        yield Running(wire, session)
