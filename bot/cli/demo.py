"""The demo: a petition with the real bot and a simulated Telegram, on a page or by itself.

By itself it lives from the first signature to the end. People sign with a name and without; one
of them keeps a receipt, corrects his name and withdraws. An admin closes it and tells how it
ended, as a second admin approves. In a shell beside the bot the list is handed over and a letter
answered, and what is due is erased.
"""

import asyncio
import hashlib
import os
import re
import shlex
from contextlib import chdir
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer

from bot.cli.context import open_cli_context
from bot.cli.main import app
from bot.cli.purge import prepare_purge
from bot.clocks import utc_now
from bot.console import INTERRUPTED, Port, out, run_to_end, say
from bot.logs import configure_logging
from bot.petition.petition import BUNDLED, load_petition
from bot.petition.stages import Action
from bot.settings import PREFIX
from bot.text.terminal_language import label
from bot.tryout.demo_session import DemoSession, served, unless_interrupted
from bot.tryout.page import TryoutPage
from bot.tryout.visitors.admin import Admin
from bot.tryout.visitors.visitor import Move, Traits, Visitor
from simulator.call_log import RecordedCall
from simulator.chats import Event, Message
from simulator.errors import SimulatorError
from simulator.person import Person

_CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")
# After this the retention of the bundled petition is over.
_MUCH_LATER = timedelta(days=75)
# How Ana, Jordi, Seán and Rubén sign, and what they do next.
_SIGNERS: tuple[tuple[str, dict[str, Any], tuple[Move, ...]], ...] = (
    ("Ana reads the appeal, and signs with her name", {}, ()),
    (
        "Jordi, whose Catalan it lacks, signs without his name, gives it, and takes it off again",
        {"with_name": False},
        (
            *("/mydata", Action.ASK_NAME_CONSENT, Action.PROFILE_NAME, Action.GIVE_NAME),
            Action.REMOVE_NAME,
        ),
    ),
    ("Seán signs in English", {}, ()),
    (
        "Rubén types his name, keeps a receipt, corrects the name, and withdraws",
        {"reads_appeal": False, "typed": ("www.ruben.example/hola", "Ruben Soto")},
        (
            *("/mydata", Action.OTHER_RIGHTS, Action.RECEIPT),
            *("/mydata", Action.CORRECT_NAME, "Rubén Soto", "/withdraw", Action.ERASE),
        ),
    ),
)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Vive sola una petición entera, sin página, y termina.")
    ] = False,
    port: Port = None,
) -> None:
    """Tries the bot on a web page, with an open petition; nothing leaves this machine."""
    configure_logging("WARNING")
    raise typer.Exit(run_to_end(_run_once() if once else _run_demo(port)) or 0)


async def _run_demo(port: int | None) -> None:
    """Serves the page with an open petition until it is interrupted."""
    page = TryoutPage()
    async with served(page, port), DemoSession(page, opens_petition=True).open() as session:
        say(
            label(
                "La petición está abierta: fírmala. Después, como Marta, ciérrala y cuenta a todo "
                "el mundo cómo ha terminado."
            ),
            label("Si prefieres mirar, --once la recorre entera sin ti: make demo ARGS=--once"),
            label("Es una prueba: nada sale de este ordenador. Con Ctrl-C se termina."),
        )
        await session.start()
        await unless_interrupted(asyncio.Event().wait())


async def _run_once() -> int:
    """Plays a whole life to its end without a page, and prints it; returns the exit code."""
    async with DemoSession(TryoutPage()).open() as session:
        session.simulator.world.listeners.append(_print_event)
        try:
            refused = await unless_interrupted(_play(session))
        except SimulatorError as error:
            say(f"\nNot as it should be: {error}", style="red")
            return 1
    if refused is None:
        out.print("\nThe demo was interrupted.")
        return INTERRUPTED
    if refused:
        say(f"\nRefused: {refused[0].method}: {refused[0].error}", style="red")
        return 1
    out.print("\n[green]Everything was as it should be.[/green]")
    return 0


async def _play(session: DemoSession) -> list[RecordedCall]:
    """Returns the calls that the simulated Telegram refused; raises SimulatorError."""
    await session.start()
    people = session.people
    signers = (people.ana, people.jordi, people.sean, people.stranger)
    for person, (heading, traits, moves) in zip(signers, _SIGNERS, strict=True):
        await _begin(session, heading)
        visitor = _visitor(person, **traits)
        await visitor.visit("newsletter")
        if not visitor.has_signed:
            raise SimulatorError(f"{person} could not sign")
        for move in moves:
            if await visitor.goes(move) is None:
                raise SimulatorError(f"{person} could not go on: {move}")
    await _begin(session, "Marta, the admin, closes it, and tells how it ended as Pau approves")
    people.marta.start()
    people.pau.start()
    await session.simulator.world.idle()
    marta = Admin(people.marta, session.app, load_petition(BUNDLED), approver=people.pau)
    await marta.closes()
    await marta.tells_everybody()
    await people.sean.sees("On 18 July 2025")
    with chdir(session.folder):
        await _begin(session, "The list is handed over")
        await _hand_over(session)
        people.ana.start()
        await people.ana.sees("Tu nombre está en la lista que se entregó")
        await _begin(session, "Seán writes a letter, and is erased")
        await _write_letter(people.sean)
    await _begin(session, "Two months later, what is left is erased")
    await _erase(session)
    people.ana.start()
    await people.ana.sees("Ya no guardamos ninguna firma")
    await session.simulator.world.idle()
    return session.simulator.refused


async def _begin(session: DemoSession, heading: str) -> None:
    await session.simulator.world.idle()
    out.print(f"\n[bold]{heading}[/bold]\n")


def _visitor(person: Person, **more: Any) -> Visitor:
    user = person.user
    traits = Traits(user.first_name, user.last_name, user.language, **more)
    return Visitor(person, traits, Random(person.id), looks=(0.0, 0.0))  # noqa: S311


async def _hand_over(session: DemoSession) -> None:
    """Writes the list encrypted, opens it, sets it as PDF and records the handover."""
    import pyrage

    key, settings = pyrage.x25519.Identity.generate(), session.settings
    os.environ |= {
        f"{PREFIX}AGE_RECIPIENTS": str(key.to_public()),
        f"{PREFIX}DATABASE_URL": settings.database_url,
        f"{PREFIX}FOLDER": str(settings.folder),
        f"{PREFIX}KEY_FILE": str(settings.key_file),
    }
    await _shell("export --output list.json.age")
    # As on the organisation's own computer.
    opened, manifest = session.folder / "list.json", session.folder / "dossier" / "manifest.txt"
    opened.write_bytes(pyrage.decrypt((session.folder / "list.json.age").read_bytes(), [key]))
    listed = orjson.loads(opened.read_bytes())
    await _shell("dossier list.json --output dossier --reference 2026/1")
    # Without the extra for PDF there is the list alone.
    handed_over = manifest if manifest.is_file() else opened
    hash_ = hashlib.sha256(handed_over.read_bytes()).hexdigest()
    today = datetime.now(ZoneInfo(listed["petition"]["time_zone"])).date()
    await _shell(f"delivered --on {today} --export {listed['id']} --manifest {hash_} --yes")


async def _write_letter(sean: Person) -> None:
    """Erases a signature as its owner asks in a letter, and lists who has to be told."""
    shown = await _visitor(sean).goes("/mydata", Action.OTHER_RIGHTS, Action.LETTER_CODE)
    code = _CODE.search(shown.message.text if shown else "")
    if code is None:
        raise SimulatorError("Seán is shown no code")
    await _shell(f"person 3 erase --code {code.group()} --yes")
    await _shell("notices")
    await sean.sees("Done, as your letter or e-mail asked")


async def _erase(session: DemoSession) -> None:
    """Erases what is due when the retention is over."""
    async with open_cli_context(session.settings) as context:
        later = replace(context, clock=lambda: utc_now() + _MUCH_LATER)
        say("\n  $ petition-bot purge", style="cyan")
        say(await (await prepare_purge(later)).carry_out(later))


async def _shell(command: str) -> None:
    """Runs a command as it is typed in a terminal beside the bot."""
    say(f"\n  $ petition-bot {command}", style="cyan")
    failed = await asyncio.to_thread(app, shlex.split(command), standalone_mode=False)
    if failed and not command.startswith("dossier"):
        raise SimulatorError(f"{command} failed")


def _print_event(event: Event) -> None:
    message, person = event.message, event.chat.person
    if message is None or person is None:
        return
    name = person.user.first_name
    if event.kind == "tapped":
        say(f"  {name} ▸ taps [{_tapped(message, event)}]", style="cyan")
    elif event.kind == "deleted" and not message.from_bot:
        say(f"  {name} · what was typed is deleted from the chat", style="dim")
    elif event.kind in ("sent", "edited"):
        _print_message(name, message)


def _print_message(name: str, message: Message) -> None:
    lines = [line for line in message.text.splitlines() if line.strip()]
    if message.media is not None:
        lines = [f"({message.media.kind}) {message.text}"]
    lines += ["  ".join(f"[{button.label}]" for button in row) for row in message.buttons]
    mark, style = ("◂", "") if message.from_bot else ("▸", "cyan")
    say(f"  {name} {mark} {lines[0]}", *(f"    {line}" for line in lines[1:]), style=style)


def _tapped(message: Message, event: Event) -> str:
    data = (event.detail or {}).get("data")
    buttons = (button for row in message.buttons for button in row)
    return next((button.label for button in buttons if button.data == data), "an old button")
