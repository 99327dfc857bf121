import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from simulator.page import LOOPBACK, others_can_reach
from simulator.page.address import browser_host, listen


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
    monkeypatch.setattr("simulator.page.address._NEAR", (taken,))
    assert await listen(runner, LOOPBACK, None) not in (0, taken)


@pytest.mark.parametrize(
    ("host", "open_to_others"),
    [
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),  # noqa: S104 - it is only asked about
        ("::", True),
        ("192.168.1.7", True),
        ("petition.example", True),
    ],
)
def test_whether_others_can_reach_the_page(host: str, open_to_others: bool) -> None:
    assert others_can_reach(host) is open_to_others


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - it is only asked about
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("192.168.1.7", "192.168.1.7"),
    ],
)
def test_the_address_that_is_printed_can_be_opened(host: str, shown: str) -> None:
    assert browser_host(host) == shown
