"""Fixtures: the intake over real HTTP to a test server."""

from collections.abc import AsyncIterator

import pytest

from bot.transport.session import SharedSession
from tests.intake.running_polling import RunningPolling
from tests.support.scripted_server import serve


@pytest.fixture
async def intake() -> AsyncIterator[RunningPolling]:
    async with serve() as server, SharedSession() as session:
        yield RunningPolling(server, session)
