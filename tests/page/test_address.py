import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from simulator.page import LOOPBACK
from simulator.page.access_guard import listen


@pytest.fixture
async def runner() -> AsyncIterator[web.AppRunner]:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    yield runner
    await runner.cleanup()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something else listens."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield int(server.getsockname()[1])


async def test_without_a_wish_a_free_port_is_found(
    runner: web.AppRunner, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.page.access_guard._NEAR", (taken,))
    port = await listen(runner, None)
    assert port not in (0, taken)
    assert runner.addresses == [(LOOPBACK, port)]
