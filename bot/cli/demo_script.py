"""The script of the demo: simulated people use the real bot from first signature to end.

Three supporters sign in two languages, one of them without a name, which he gives later and takes
off again. A stranger tries to close the petition, signs, after an invalid name, keeps a receipt,
corrects the name and withdraws. An admin closes it and asks to send the closing update, which a
second admin approves. In a shell beside the bot, the list is handed over and a letter answered; a
visitor comes late, and what is due is erased.
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
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pyrage

from bot.cli.context import open_cli_context
from bot.cli.main import app
from bot.cli.purge import prepare_purge
from bot.clocks import utc_now
from bot.console import out, say
from bot.petition.petition import BUNDLED, load_petition
from bot.petition.stages import Action
from bot.settings import PREFIX
from bot.tryout.demo_session import DemoSession
from bot.tryout.visitors.admin import Admin
from bot.tryout.visitors.journeys import Reason, Step
from bot.tryout.visitors.people import Traits
from bot.tryout.visitors.visits import Visitor
from simulator.call_log import RecordedCall
from simulator.errors import SimulatorError
from simulator.person import Person

_CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")
_RUBENS_NAMES = ("www.ruben.example/hola", "Ruben Soto")
# After this the retention of the bundled petition is over.
_MUCH_LATER = timedelta(days=75)


class DemoScript:
    """One run of the script, with a bot that runs; prints the headings and the shell."""

    def __init__(self, session: DemoSession) -> None:
        self._session = session
        self._people = session.people

    async def run(self) -> list[RecordedCall]:
        """Runs the script; returns the calls that the simulated Telegram refused.

        Raises:
            SimulatorError: something is not as it should be.
        """
        await self._session.start()
        await self._is_signed()
        await self._ends()
        with chdir(self._session.folder):
            await self._heading("The list is handed over")
            await self._hand_over()
            self._people.ana.start()
            await self._people.ana.sees("Tu nombre está en la lista que se entregó")
            await self._heading("Seán writes a letter, and is erased")
            await self._letter()
        await self._heading("Yusuf comes late")
        yusuf = _visitor(self._people.late)
        await yusuf.visit("poster")
        _expect(yusuf.journey.left_for is Reason.CLOSED, "Yusuf could sign")
        await self._heading("Two months later, what is left is erased")
        await self._erase()
        self._people.ana.start()
        await self._people.ana.sees("Ya no guardamos ninguna firma")
        await self._session.simulator.world.idle()
        return self._session.simulator.refused

    async def _heading(self, heading: str) -> None:
        await self._session.simulator.world.idle()
        out.print(f"\n[bold]{heading}[/bold]\n")

    async def _is_signed(self) -> None:
        people = self._people
        ruben, jordi = people.stranger, people.jordi
        await self._heading("Ana reads the appeal, and signs with her name")
        await _signs(_visitor(people.ana))
        await self._heading("Jordi, whose Catalan it lacks, signs without giving his name")
        await _signs(who := _visitor(jordi, with_name=False))
        await self._heading("Seán signs in English")
        await _signs(_visitor(people.sean))
        await self._heading("A stranger tries to close the petition")
        ruben.send("/close")
        await ruben.sees("Ese comando no existe aquí.")
        await self._heading("He signs, corrects his name, and withdraws")
        await _signs(stranger := _visitor(ruben, reads_appeal=False, typed=_RUBENS_NAMES))
        await stranger.goes("/mydata", Action.OTHER_RIGHTS, Action.RECEIPT)
        await stranger.goes("/mydata", Action.CORRECT_NAME, "Rubén Soto")
        await ruben.sees("Nombre: Rubén Soto")
        await stranger.goes("/withdraw", Action.ERASE)
        await ruben.sees("Tu firma está retirada")
        await self._heading("Jordi gives his name after all, and takes it off again")
        await who.goes("/mydata", Action.ASK_NAME_CONSENT, Action.PROFILE_NAME, Action.GIVE_NAME)
        await jordi.sees("tu firma se entregará con tu nombre")
        await who.goes(Action.REMOVE_NAME)
        await jordi.sees("hemos borrado tu nombre")

    async def _ends(self) -> None:
        await self._heading("Marta, the admin, closes it, and tells how it ended as Pau approves")
        marta, pau = self._people.marta, self._people.pau
        marta.start()
        pau.start()
        await self._session.simulator.world.idle()
        admin = Admin(marta, self._session.app, load_petition(BUNDLED), approver=pau)
        await admin.closes()
        await admin.tells_everybody()
        await self._people.sean.sees("On 18 July 2025")

    async def _hand_over(self) -> None:
        """Writes the list encrypted, opens it, sets it as PDF and records the handover."""
        key, folder = pyrage.x25519.Identity.generate(), self._session.folder
        settings = self._session.settings
        os.environ |= {
            f"{PREFIX}AGE_RECIPIENTS": str(key.to_public()),
            f"{PREFIX}DATABASE_URL": settings.database_url,
            f"{PREFIX}FOLDER": str(settings.folder),
            f"{PREFIX}KEY_FILE": str(settings.key_file),
        }
        await _shell("export --output list.json.age")
        # As on the organisation's own computer.
        opened, manifest = folder / "list.json", folder / "dossier" / "manifest.txt"
        opened.write_bytes(pyrage.decrypt((folder / "list.json.age").read_bytes(), [key]))
        listed = orjson.loads(opened.read_bytes())
        await _shell("dossier list.json --output dossier --reference 2026/1")
        # Without the extra for PDF there is the list alone.
        handed_over = manifest if manifest.is_file() else opened
        hash_ = hashlib.sha256(handed_over.read_bytes()).hexdigest()
        today = datetime.now(ZoneInfo(listed["petition"]["time_zone"])).date()
        await _shell(f"delivered --on {today} --export {listed['id']} --manifest {hash_} --yes")

    async def _letter(self) -> None:
        """Erases a signature as its owner asks in a letter, and lists who has to be told."""
        shown = await _visitor(self._people.sean).goes(
            "/mydata", Action.OTHER_RIGHTS, Action.LETTER_CODE
        )
        code = _CODE.search(shown.message.text if shown else "")
        if code is None:
            raise SimulatorError("Seán is shown no code")
        await _shell(f"person 3 erase --code {code.group()} --yes")
        await _shell("notices")
        await self._people.sean.sees("Done, as your letter or e-mail asked")

    async def _erase(self) -> None:
        """Erases what is due when the retention is over."""
        async with open_cli_context(self._session.settings) as context:
            later = replace(context, clock=lambda: utc_now() + _MUCH_LATER)
            _show_typed("purge")
            say(await (await prepare_purge(later)).carry_out(later))


def _visitor(person: Person, **more: Any) -> Visitor:
    user = person.user
    traits = Traits(user.first_name, user.last_name, user.language, **more)
    return Visitor(person, traits, Random(person.id), looks=lambda _: 0.0)  # noqa: S311


async def _signs(visitor: Visitor) -> None:
    await visitor.visit("newsletter")
    name, journey = visitor.traits.first_name, visitor.journey
    _expect(journey.furthest is Step.SIGNED, f"{name} could not sign: {journey.left_for}")


def _expect(held: bool, fault: str) -> None:
    if not held:
        raise SimulatorError(fault)


async def _shell(command: str) -> None:
    """Runs a command as it is typed in a terminal beside the bot."""
    _show_typed(command)
    failed = await asyncio.to_thread(app, shlex.split(command), standalone_mode=False)
    _expect(not failed or command.startswith("dossier"), f"{command} failed")


def _show_typed(command: str) -> None:
    say(f"\n  $ petition-bot {command}", style="cyan")
