"""The script of the demo: simulated people use the real bot from first signature to end.

Three supporters sign in two languages, one of them without a name, which he gives later and takes
off again. A stranger tries to close the petition, signs, after an invalid name, keeps a receipt,
corrects the name and withdraws. An admin closes it and asks
to send the closing update, which a second admin approves. In a shell beside the bot, the list is
handed over and a letter answered; a visitor comes late, and what is due is erased.
"""

import asyncio
import hashlib
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyrage
import typer

from bot.cli.context import open_cli_context, short_id
from bot.cli.dossier import dossier
from bot.cli.export import write_list
from bot.cli.handover import prepare_handover
from bot.cli.notices import prepare_notices
from bot.cli.person import Asked, Letter, prepare
from bot.cli.purge import prepare_purge
from bot.console import list_counts, out, say
from bot.petition.petition import BUNDLED, load_petition
from bot.petition.retention_days import day_of
from bot.petition.stages import Action
from bot.tryout.demo_session import DemoSession
from bot.tryout.visitors.admin import Admin
from bot.tryout.visitors.journeys import Reason, Step
from bot.tryout.visitors.people import Traits
from bot.tryout.visitors.screens import closing_lines, closing_updates
from bot.tryout.visitors.visits import Visitor
from simulator.errors import SimulatorError
from simulator.person import Person

_CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")
_WAIT_SECONDS = 10.0
_RUBENS_NAMES = ("www.ruben.example/hola", "Ruben Soto")
# After this the retention of the bundled petition is over.
_MUCH_LATER = timedelta(days=75)


class DemoScript:
    """One run of the script, with a bot that runs; prints the headings and the shell."""

    def __init__(self, session: DemoSession) -> None:
        self._session = session
        self._people = session.people
        self._petition = load_petition(BUNDLED)

    async def run(self) -> None:
        """Runs the script; raises `SimulatorError` at what is not as it should be."""
        people = self._people
        ana = self._visitor(people.ana, reads="es")
        jordi = self._visitor(people.jordi, reads="es", with_name=False)
        sean = self._visitor(people.sean, reads="en")
        ruben = self._visitor(people.stranger, reads="es", reads_appeal=False, typed=_RUBENS_NAMES)
        await self._heading("Ana reads the appeal, and signs with her name")
        await self._signs(ana)
        await self._heading("Jordi, whose Catalan it lacks, signs without giving his name")
        await self._signs(jordi)
        await self._heading("Seán signs in English")
        await self._signs(sean)
        await self._heading("A stranger tries to close the petition")
        people.stranger.send("/close")
        await self._sees(people.stranger, "Ese comando no existe aquí.")
        await self._heading("He signs, corrects his name, and withdraws")
        await self._changes(ruben)
        await self._heading("Jordi gives his name after all, and takes it off again")
        await self._thinks_again(jordi)
        await self._heading("Marta, the admin, closes it, and tells how it ended as Pau approves")
        await self._told()
        await self._heading("The list is handed over")
        await self._hand_over()
        people.ana.start()
        await self._sees(people.ana, "Tu nombre está en la lista que se entregó")
        await self._heading("Seán writes a letter, and is erased")
        await self._letter(sean)
        await self._heading("Yusuf comes late")
        yusuf = self._visitor(people.late)
        await yusuf.visit("poster")
        _expect(yusuf.journey.left_for is Reason.CLOSED, "Yusuf could sign")
        await self._heading("Two months later, what is left is erased")
        await self._erase()
        people.ana.start()
        await self._sees(people.ana, "Ya no guardamos ninguna firma")
        await self._sees(people.ana, "3 personas")
        await self._session.simulator.world.idle()

    async def _heading(self, heading: str) -> None:
        await self._session.simulator.world.idle()
        out.print(f"\n[bold]{heading}[/bold]\n")

    def _visitor(self, person: Person, *, reads: str = "", **more: Any) -> Visitor:
        user = person.user
        read = frozenset({reads}) if reads else None
        traits = Traits(user.first_name, user.last_name, user.language, read, **more)
        shown = self._petition.language_for(user.language)
        return Visitor(person, traits, Random(person.id), shown, looks=(0.0, 0.0))  # noqa: S311

    async def _signs(self, visitor: Visitor) -> None:
        await visitor.visit("newsletter")
        person, journey = visitor.person, visitor.journey
        why = f"{person.user.first_name} could not sign: {journey.left_for}"
        _expect(journey.furthest is Step.SIGNED, why)
        await self._session.simulator.world.idle()
        typed = [m for m in person.messages if not m.from_bot and not m.text.startswith("/")]
        _expect(not typed, "what was typed for a name is still in the chat")

    async def _changes(self, visitor: Visitor) -> None:
        ruben, world = visitor.person, self._session.simulator.world
        await self._signs(visitor)
        await visitor.goes("/mydata", Action.OTHER_RIGHTS, Action.RECEIPT)
        await world.idle()
        has_file = any(message.document for message in ruben.messages)
        _expect(has_file, "the receipt did not come")
        await visitor.goes("/mydata", Action.CORRECT_NAME)
        await visitor.goes("Rubén Soto")
        await self._sees(ruben, "Nombre: Rubén Soto")
        await visitor.goes("/withdraw", Action.ERASE)
        await self._sees(ruben, "Tu firma está retirada")
        await world.idle()
        left = [m for m in ruben.messages if m.document or "Soto" in m.text]
        _expect(not left, "what names who withdrew is still in the chat")

    async def _thinks_again(self, visitor: Visitor) -> None:
        jordi = visitor.person
        await visitor.goes("/mydata", Action.ASK_NAME_CONSENT, Action.PROFILE_NAME)
        await self._sees(jordi, "Yo, Jordi Puig, consiento")
        await visitor.goes(Action.GIVE_NAME)
        await self._sees(jordi, "tu firma se entregará con tu nombre")
        await visitor.goes(Action.REMOVE_NAME)
        await self._sees(jordi, "hemos borrado tu nombre")
        left = [message for message in jordi.messages if "Puig" in message.text]
        _expect(not left, "the name that was taken off is still in the chat")

    async def _told(self) -> None:
        people = self._people
        people.marta.start()
        people.pau.start()
        await self._session.simulator.world.idle()
        marta = Admin(people.marta, self._session.app, self._petition, approver=people.pau)
        await marta.closes()
        await marta.tells_everybody()
        lines = closing_lines(self._petition, 3)
        for person in (people.ana, people.jordi, people.sean, people.stranger):
            told = len(closing_updates(person, lines))
            is_right = told == (person is not people.stranger)
            _expect(is_right, f"{person.user.first_name} was told {told} times")

    async def _hand_over(self) -> None:
        """Writes the list encrypted, opens it, sets it as PDF and records the handover."""
        folder, key = self._session.folder, pyrage.x25519.Identity.generate()
        encrypted, opened = folder / "list.json.age", folder / "list.json"
        async with open_cli_context(self._session.settings) as context:
            _typed("export --format json --output list.json.age")
            header = await write_list(context, encrypted, [key.to_public()])
            _says(list_counts(header.with_name, header.without_name))
            # As on the organisation's own computer.
            opened.write_bytes(pyrage.decrypt(encrypted.read_bytes(), [key]))
            manifest = await asyncio.to_thread(_set_as_pdf, opened, folder / "dossier")
            today = day_of(context.clock(), context.words.zone).isoformat()
            id_ = short_id(header.export.id)
            _typed(f"delivered --on {today} --export {id_} --manifest {manifest[:8]}…")
            plan = await prepare_handover(context, on=today, manifest=manifest, export=id_)
            _says(await plan.carry_out(context))

    async def _letter(self, visitor: Visitor) -> None:
        """Erases a signature as its owner asks in a letter, and lists who has to be told."""
        shown = await visitor.goes("/mydata", Action.OTHER_RIGHTS, Action.LETTER_CODE)
        code = _CODE.search(shown.message.text if shown else "")
        if code is None:
            raise SimulatorError("Seán is shown no code")
        async with open_cli_context(self._session.settings) as context:
            _typed(f"person 3 erase --code {code.group()}")
            plan = await prepare(context, Letter(Asked.ERASE, 3, code.group()))
            _says(await plan.carry_out(context))
            _typed("notices")
            _says((await prepare_notices(context)).shown)
        await self._sees(visitor.person, "Done, as your letter or e-mail asked")

    async def _erase(self) -> None:
        """Erases what is due when the retention is over."""
        async with open_cli_context(self._session.settings) as context:
            later = replace(context, clock=lambda: datetime.now().astimezone() + _MUCH_LATER)
            _typed("purge")
            plan = await prepare_purge(later)
            _says(await plan.carry_out(later))

    async def _sees(self, person: Person, text: str) -> None:
        await person.sees(text, _WAIT_SECONDS)


def _expect(held: bool, fault: str) -> None:
    if not held:
        raise SimulatorError(fault)


def _set_as_pdf(opened: Path, folder: Path) -> str:
    """Sets the list as PDF, if the extra for it is installed; returns the manifest's hash."""
    _typed("dossier list.json --reference 2026/1")
    try:
        dossier(opened, folder, reference="2026/1")
    except typer.Exit:
        return hashlib.sha256(opened.read_bytes()).hexdigest()
    return hashlib.sha256((folder / "manifest.txt").read_bytes()).hexdigest()


def _typed(command: str) -> None:
    say(f"\n  $ petition-bot {command}", style="cyan")


def _says(text: str) -> None:
    say(f"  {text}")
