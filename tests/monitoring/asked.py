"""Asks a bot's own server what an operator's tools ask it."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bot.addresses import LOOPBACK, ListenAddress
from bot.monitoring.readiness import Readiness, RunState
from bot.monitoring.server import start_server


class Answer(NamedTuple):
    """What it said."""

    status: int
    text: str

    @property
    def metrics(self) -> Mapping[str, float]:
        """The values by name and labels, as they are written."""
        return {
            f"{each.name}{''.join(f' {name}={value}' for name, value in each.labels.items())}": (
                each.value
            )
            for family in text_string_to_metric_families(self.text)
            for each in family.samples
        }


def free_address() -> ListenAddress:
    with socket.create_server((LOOPBACK, 0)) as server:
        return ListenAddress(LOOPBACK, server.getsockname()[1])


async def ask(address: ListenAddress, path: str) -> Answer:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://{address.host}:{address.port}{path}") as response,
    ):
        return Answer(response.status, await response.text())


@asynccontextmanager
async def monitored(
    state: RunState, database_url: str, *, by_webhook: bool = False
) -> AsyncIterator[ListenAddress]:
    """Starts the server beside the bot; yields where it listens."""
    address, readiness = free_address(), Readiness(state, database_url, by_webhook=by_webhook)
    runner = await start_server(address, readiness)
    yield address
    await runner.cleanup()
