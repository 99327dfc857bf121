"""A whole petition on this machine alone: our Telegram, the real bot, and the story in between."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app import App, open_app
from bot.petition.campaign import BUNDLED, load_campaign
from bot.petition.words import Catalogues
from bot.settings import Settings, load_settings
from bot.simulator import Simulator
from bot.simulator.story import ADMIN_ID, Story
from bot.simulator.transcript import Line, lines_of
from storage import Keyring

# It opens nothing: no Telegram but our own has ever heard of it.
DEMO_TOKEN = "1000000001:a-token-for-the-demo-that-opens-nothing"  # noqa: S105
_NAME_WIDTH = 7
_TEXT_WIDTH = 84


async def play(out: Console, *, once: bool) -> int:
    """Plays the story and then stays up until it is interrupted; with `once` it ends.

    Returns:
        The exit code: 0 when everything was as it should be.
    """
    async with Simulator(token=DEMO_TOKEN) as simulator:
        with tempfile.TemporaryDirectory() as folder:
            settings = _settings(Path(folder), simulator.url)
            async with open_app(settings) as app, _running(app):
                faults = await _tell(out, simulator)
                _judge(out, faults)
                if not once:
                    await _stay(out, simulator)
    return 1 if faults else 0


async def _tell(out: Console, simulator: Simulator) -> list[str]:
    story = Story(
        simulator.world,
        load_campaign(BUNDLED),
        Catalogues.load(),
        chapter=lambda heading: out.print(f"\n[bold]{heading}[/bold]\n"),
    )
    with simulator.world.subscribe() as events:

        async def print_all() -> None:
            while True:
                for line in lines_of(await events.get()):
                    _print(out, line)

        printing = asyncio.create_task(print_all())
        try:
            faults = await story.play()
            await asyncio.sleep(0)
        finally:
            printing.cancel()
    refused = [f"the simulator refused {call.method}: {call.error}" for call in simulator.refused]
    return faults + refused


def _settings(folder: Path, api_url: str) -> Settings:
    """Settings of the demo's own; the operator's environment and .env have no say in them."""
    data, keys = folder / "data", folder / "keys"
    data.mkdir()
    keys.mkdir()
    Keyring.generate(keys / "petition.key")
    return load_settings(
        bot_token=DEMO_TOKEN,
        admin_ids=frozenset({ADMIN_ID}),
        database_url=f"sqlite+aiosqlite:///{data / 'petition.db'}",
        key_file=keys / "petition.key",
        api_url=api_url,
        campaign=BUNDLED,
        paid_broadcast=False,
        broadcast_rate=28.0,
        log_level="WARNING",
    )


@asynccontextmanager
async def _running(app: App) -> AsyncIterator[None]:
    running = asyncio.create_task(app.run())
    try:
        yield
    finally:
        app.stop()
        await running


def _print(out: Console, line: Line) -> None:
    style, mark = {"person": ("cyan", "▸"), "bot": ("", "◂"), "note": ("dim", "·")}[line.actor]
    row = Table.grid(padding=(0, 1))
    row.add_column(width=_NAME_WIDTH, justify="right", style="bold")
    row.add_column(width=1)
    row.add_column(max_width=_TEXT_WIDTH)
    row.add_row(
        line.chat if line.first else "", mark if line.first else "", Text(line.text, style)
    )
    out.print(row)


def _judge(out: Console, faults: list[str]) -> None:
    out.print()
    if not faults:
        out.print("[green]Everything was as it should be.[/green]")
    for fault in faults:
        out.print(Text(f"Not as it should be: {fault}", style="red"))


async def _stay(out: Console, simulator: Simulator) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    out.print(f"\nThe petition goes on at {simulator.url} until you press Ctrl-C.")
    await stopped.wait()
