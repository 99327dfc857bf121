"""What the demo's organisation types in a shell beside the bot, from the list to the erasing."""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pyrage
from rich.console import Console

from bot.cli.context import open_cli_context
from bot.cli.dossier import DossierOptions, make_files
from bot.cli.export import ExportOrder, write_list
from bot.cli.handover import HandoverOrder, prepare_handover
from bot.cli.ids import short_id
from bot.cli.notices import prepare_notices
from bot.cli.person import ERASE, Letter, prepare
from bot.cli.purge import prepare_purge
from bot.console import CannotDo, list_counts
from bot.export import ListFormat
from bot.settings import Settings

# After this the retention of the bundled petition is over.
_MUCH_LATER = timedelta(days=75)


@dataclass(frozen=True, slots=True)
class DemoShell:
    """The commands of one demo; each prints itself and what it says.

    In `folder` the list is decrypted, as on the organisation's own computer.
    """

    out: Console
    settings: Settings
    folder: Path

    async def hand_over(self) -> None:
        """Writes the list encrypted, opens it, sets it as PDF and records the handover."""
        key, encrypted = pyrage.x25519.Identity.generate(), self.folder / "list.json.age"
        order = ExportOrder(ListFormat.JSON, encrypted, [key.to_public()])
        async with open_cli_context(self.settings) as context:
            self._typed("export --format json --output list.json.age")
            header, _ = await write_list(context, order, lambda *_: None)
            self._says(list_counts(header.with_name, header.without_name))
            opened = self.folder / "list.json"
            opened.write_bytes(pyrage.decrypt(encrypted.read_bytes(), [key]))
            manifest = await asyncio.to_thread(self._dossier, opened)
            today = datetime.now(context.clock().tzinfo).date().isoformat()
            id_ = short_id(header.export)
            self._typed(f"delivered --on {today} --export {id_} --manifest {manifest[:8]}…")
            plan = await prepare_handover(context, HandoverOrder(today, manifest, id_))
            self._says(await plan.carry_out(context))

    async def answer_letter(self, number: int, code: str) -> None:
        """Erases a signature as its owner asks in a letter, and lists who has to be told."""
        async with open_cli_context(self.settings) as context:
            self._typed(f"person {number} erase --code {code}")
            plan = await prepare(context, Letter(ERASE, number, code))
            self._says(await plan.carry_out(context))
            self._typed("notices")
            self._says((await prepare_notices(context)).shown)

    async def erase(self) -> None:
        """Erases what is due when the retention is over."""
        async with open_cli_context(self.settings) as context:
            later = replace(context, clock=lambda: datetime.now().astimezone() + _MUCH_LATER)
            self._typed("purge")
            plan = await prepare_purge(later)
            self._says(await plan.carry_out(later))

    def _dossier(self, opened: Path) -> str:
        """Sets the list as PDF, if the extra for it is installed; returns the manifest's hash."""
        self._typed("dossier list.json --reference 2026/1")
        options = DossierOptions(
            output=self.folder / "dossier", reference="2026/1", contact="Marta", language="es"
        )
        try:
            make_files(opened, options)
        except CannotDo as error:
            self._says(str(error))
            return hashlib.sha256(opened.read_bytes()).hexdigest()
        self._says(", ".join(sorted(each.name for each in (self.folder / "dossier").iterdir())))
        return hashlib.sha256((self.folder / "dossier" / "manifest.txt").read_bytes()).hexdigest()

    def _typed(self, command: str) -> None:
        self.out.print(f"\n  $ petition-bot {command}", style="cyan", markup=False)

    def _says(self, text: str) -> None:
        self.out.print(f"  {text}", markup=False, soft_wrap=True)
