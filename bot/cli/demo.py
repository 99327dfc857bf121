"""The demo: a whole petition with the real bot and a simulated Telegram."""

import asyncio

from bot.cli.demo_script import DemoScript
from bot.console import INTERRUPTED, out, say
from bot.text.terminal_language import label
from bot.tryout.demo_session import DemoSession, served, unless_interrupted
from bot.tryout.page import TryoutPage
from simulator.chats import Event, Message
from simulator.errors import SimulatorError

_LINES_SHOWN = 6


async def run_demo(port: int | None) -> int:
    """Serves the page with an open petition until it is interrupted; returns the exit code."""
    page = TryoutPage()
    async with (
        served(page, port),
        DemoSession(page, opens_petition=True).open() as session,
    ):
        say(
            label(
                "La petición está abierta: fírmala. Después, como Marta, ciérrala y cuenta a todo "
                "el mundo cómo ha acabado."
            ),
            label("Si prefieres mirar, --once la recorre entera sin ti: make demo ARGS=--once"),
            label("Es una prueba: nada sale de este ordenador. Con Ctrl-C se acaba."),
        )
        await session.start()
        await unless_interrupted(asyncio.Event().wait())
    return 0


async def run_once() -> int:
    """Plays a whole life to its end without a page, and prints it; returns the exit code."""
    async with DemoSession(TryoutPage()).open() as session:
        session.simulator.world.listeners.append(_print_event)
        try:
            refused = await unless_interrupted(DemoScript(session).run())
        except SimulatorError as error:
            out.print(f"\nNot as it should be: {error}", style="red", markup=False)
            return 1
    if refused is None:
        out.print("\nThe demo was interrupted.")
        return INTERRUPTED
    for call in refused:
        out.print(f"\nRefused: {call.method}: {call.error}", style="red", markup=False)
    if refused:
        return 1
    out.print("\n[green]Everything was as it should be.[/green]")
    return 0


def _print_event(event: Event) -> None:
    message, person = event.message, event.chat.person
    if message is None or person is None:
        return
    name = person.user.first_name
    if event.kind == "tapped":
        _print(f"{name} ▸ taps [{_tapped(message, event)}]", "cyan")
    elif event.kind == "deleted" and not message.from_bot:
        _print(f"{name} · what was typed is deleted from the chat", "dim")
    elif event.kind in ("sent", "edited"):
        _print_message(name, message)


def _print_message(name: str, message: Message) -> None:
    lines = [line for line in message.text.splitlines() if line.strip()]
    if len(lines) > _LINES_SHOWN:
        # The last line of a screen is its question or its count.
        lines = [*lines[: _LINES_SHOWN - 2], "…", lines[-1]]
    if message.media is not None:
        lines = [f"({message.media.kind}) {message.text}"]
    lines += ["  ".join(f"[{button.label}]" for button in row) for row in message.buttons]
    mark, style = ("◂", "") if message.from_bot else ("▸", "cyan")
    _print("\n    ".join((f"{name} {mark} {lines[0]}", *lines[1:])), style)


def _tapped(message: Message, event: Event) -> str:
    data = (event.detail or {}).get("data")
    buttons = (button for row in message.buttons for button in row)
    return next((button.label for button in buttons if button.data == data), "an old button")


def _print(text: str, style: str) -> None:
    out.print(f"  {text}", style=style, markup=False)
