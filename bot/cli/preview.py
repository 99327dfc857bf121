"""The preview: shows a petition while it is being written; saved files appear at once."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from bot.console import CannotDo, Port, run_to_end, tell
from bot.logs import configure_logging
from bot.petition.petition import BUNDLED
from bot.petition_folder.files import FolderState, folder_state
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import unready_problems
from bot.petition_folder.warnings import find_warnings
from bot.text.terminal_language import terminal_words
from bot.tryout.demo_session import DemoSession, served, unless_interrupted
from bot.tryout.folder_editor import FolderEditor, Refusal
from bot.tryout.page import TryoutPage

_CHECK_EVERY_SECONDS = 0.15
_NO_BUTTON_OF_THE_BOT = "look again"


def preview(
    folder: Annotated[Path, typer.Argument(metavar="CARPETA", help="La carpeta de una petición.")],
    port: Port = None,
) -> None:
    """Shows a petition on a web page while you write it; saved files appear at once."""
    configure_logging("ERROR")
    if not folder.is_dir():
        (mistyped,) = read_folder(folder).problems
        raise CannotDo(mistyped.said(terminal_words()))
    run_to_end(_run_preview(folder, port))


async def _run_preview(folder: Path, port: int | None) -> None:
    """Serves the page and watches the folder until it is interrupted."""
    page = TryoutPage(folder=str(folder), editor=FolderEditor(folder, closed_for(folder)))
    async with served(page, port), DemoSession(page, petition=folder).open() as session:
        tell(
            "Lo que cambies ahí o en un archivo se ve al momento; Ctrl-C termina la vista previa."
        )
        await unless_interrupted(Preview(folder, page, session).watch())


def closed_for(folder: Path) -> Refusal | None:
    """Returns why this folder is not to be written, or None."""
    if folder.resolve().is_relative_to(BUNDLED.parent.resolve()):
        return Refusal.BUNDLED
    return None if os.access(folder, os.W_OK) else Refusal.FOLDER


@dataclass(slots=True)
class Preview:
    """Keeps the page up to date with the folder; while that has problems, the page stays."""

    folder: Path
    page: TryoutPage
    session: DemoSession
    _shown: bool = field(default=False, init=False)

    async def watch(self) -> None:
        """Shows every change of the folder, once its files have stopped changing."""
        known: FolderState | None = None
        before: FolderState | None = None
        while True:
            now = folder_state(self.folder)
            if now == before and now != known:
                known = now
                await self.look()
            before = now
            await asyncio.sleep(_CHECK_EVERY_SECONDS)

    async def look(self) -> None:
        """Checks the folder and shows the petition if there are no problems."""
        read = await asyncio.to_thread(read_folder, self.folder)
        problems, unready = read.problems, unready_problems(read)
        warnings = await asyncio.to_thread(find_warnings, read)
        if not problems and await self.session.restart():
            self._draw_again()
            self._open_the_bot()
            self._shown = True
        found = {"problems": problems, "warnings": warnings, "unready": unready}
        self.page.publish_preview(shown=self._shown, **found)

    def _open_the_bot(self) -> None:
        """Lets a reader of either language and an admin press Start: they see it."""
        people = self.session.people
        for person in (people.ana, people.sean, people.marta):
            if not (person.messages or person.blocked or person.deactivated):
                person.start()

    def _draw_again(self) -> None:
        """Makes the bot draw each person's screen again, with its new texts.

        It taps a button that the bot does not know, which the bot answers with the present screen.
        """
        for person in self.session.people.everybody:
            if person.blocked or person.deactivated:
                continue
            for message in reversed(person.messages):
                if any(button.data for row in message.buttons for button in row):
                    person.tap_data(message.id, _NO_BUTTON_OF_THE_BOT)
                    break
