"""The demo: plays a whole petition with the real bot and a simulated Telegram."""

import asyncio

from rich.table import Table
from rich.text import Text

from bot.cli.demo_shell import DemoShell
from bot.console import INTERRUPTED, out, say
from bot.petition.petition import BUNDLED, load_petition
from bot.text.terminal_language import terminal_words
from bot.text.translations import Words
from bot.tryout.demo_script import DemoScript, TranscriptLine, transcript_lines
from bot.tryout.demo_session import DemoSession, served, unless_interrupted
from bot.tryout.page import TryoutPage
from simulator.page import LOOPBACK

_NAME_WIDTH = 7
_TEXT_WIDTH = 84


async def run_demo(*, host: str = LOOPBACK, port: int | None = None) -> int:
    """Serves the page with an open petition until it is interrupted; returns the exit code."""
    async with served(page := TryoutPage(), host, port):
        session = DemoSession(page)
        session.opens_petition = True
        async with session.open():
            _say_what_to_try(terminal_words())
            await unless_interrupted(_run_on(session))
    return 0


async def _run_on(session: DemoSession) -> None:
    await session.start()
    await asyncio.Event().wait()


async def run_once() -> int:
    """Plays a whole life to its end without a page, and prints it; returns the exit code."""
    async with DemoSession().open() as session:
        return _print_verdict(await unless_interrupted(_play_script(session)))


def _say_what_to_try(words: Words) -> None:
    say(
        words.label(
            "La petición está abierta: fírmala. Después, como Marta, ciérrala y cuenta a todo el "
            "mundo cómo ha acabado."
        ),
        words.label("Si prefieres mirar, --once la recorre entera sin ti: make demo ARGS=--once"),
        words.label("Es una prueba: nada sale de este ordenador. Con Ctrl-C se acaba."),
    )


async def _play_script(show: DemoSession) -> list[str]:
    await show.start()
    simulator = show.simulator
    script = DemoScript(
        simulator.world,
        show.people,
        load_petition(BUNDLED),
        show.app,
        DemoShell(out, show.settings, show.folder),
        on_heading=lambda heading: out.print(f"\n[bold]{heading}[/bold]\n"),
    )
    with simulator.world.subscribe() as events:

        async def print_all() -> None:
            while True:
                for line in transcript_lines(await events.get()):
                    _print(line)

        printing = asyncio.create_task(print_all())
        try:
            mismatches = await script.run()
            await asyncio.sleep(0)
        finally:
            printing.cancel()
    refused = [f"the simulator refused {call.method}: {call.error}" for call in simulator.refused]
    return mismatches + refused


def _print(line: TranscriptLine) -> None:
    style, mark = {"person": ("cyan", "▸"), "bot": ("", "◂"), "note": ("dim", "·")}[line.actor]
    row = Table.grid(padding=(0, 1))
    row.add_column(width=_NAME_WIDTH, justify="right", style="bold")
    row.add_column(width=1)
    row.add_column(max_width=_TEXT_WIDTH)
    row.add_row(
        line.chat if line.first else "", mark if line.first else "", Text(line.text, style)
    )
    out.print(row)


def _print_verdict(mismatches: list[str] | None) -> int:
    out.print()
    if mismatches is None:
        out.print("The demo was interrupted.")
        return INTERRUPTED
    if not mismatches:
        out.print("[green]Everything was as it should be.[/green]")
    for mismatch in mismatches:
        out.print(Text(f"Not as it should be: {mismatch}", style="red"))
    return 1 if mismatches else 0
