"""The preview: shows a petition while it is being written; saved files appear at once."""

import asyncio
import contextlib
import os
import re
import shutil
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from bot.console import CannotDo, tell
from bot.petition.petition import BUNDLED
from bot.petition_folder.edit import NotEditable, changed
from bot.petition_folder.files import FolderState, folder_state
from bot.petition_folder.read import read_folder
from bot.petition_folder.schema_fields import at, path_of
from bot.petition_folder.unready import unready_problems
from bot.petition_folder.warnings import find_warnings
from bot.text.problems import Problem
from bot.text.terminal_language import terminal_words
from bot.tryout.demo_session import DemoSession, served, unless_interrupted
from bot.tryout.folder_editor import FolderEditor, Refusal
from bot.tryout.page import TryoutPage

_CHECK_EVERY_SECONDS = 0.15
_NO_BUTTON_OF_THE_BOT = "look again"


async def run_preview(folder: Path, port: int | None) -> None:
    """Serves the page and watches the folder until it is interrupted."""
    _require_folder(folder)
    page = TryoutPage(folder=str(folder), editor=FolderEditor(folder, closed_for(folder)))
    async with served(page, port), DemoSession(page, petition=folder).open() as session:
        tell(
            "Lo que cambies ahí o en un archivo se ve al momento; Ctrl-C termina la vista previa."
        )
        await unless_interrupted(Preview(folder, page, session).watch())


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        (mistyped,) = read_folder(folder).problems
        raise CannotDo(mistyped.said(terminal_words()))


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
    _good: dict[str, str] = field(default_factory=dict, init=False)

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
        folder = None if problems else self.folder
        if problems and self._good:
            with contextlib.suppress(OSError):  # a file was removed meanwhile
                folder = await asyncio.to_thread(self._mended, problems)
        if folder is not None and await self.session.restart(folder):
            if self._shown:
                self._draw_again()
            else:
                self._open_the_bot()
            self._shown = True
        if not problems:
            with contextlib.suppress(OSError):
                files = (each for each in self.folder.glob("*.toml") if each.is_file())
                self._good = {each.name: each.read_text("utf-8-sig") for each in files}
        found = {"problems": problems, "warnings": warnings, "unready": unready}
        self.page.publish_preview(shown=self._shown, **found)

    def _mended(self, problems: list[Problem]) -> Path | None:
        """Returns a copy of the folder in which what is wrong says what it said before.

        So one bad text does not hide what else was changed. None where it cannot be made.
        """
        mended = self.session.folder / "mended"
        shutil.rmtree(mended, ignore_errors=True)
        mended.mkdir()
        for each in self.folder.iterdir():
            if each.is_file():
                shutil.copy(each, mended)
        for problem in problems:
            file, good = mended / problem.file, self._good.get(problem.file)
            if good is None:
                return None
            path = path_of(re.sub(r"(\.\d+)+$", "", problem.key))
            try:
                value = at(tomllib.loads(good), path)
                content = changed(file.read_text("utf-8-sig"), path, value)
            except (NotEditable, OSError, ValueError, TypeError):
                content = good
            file.write_text(content if problem.key else good, "utf-8")
        return None if read_folder(mended).problems else mended

    def _open_the_bot(self) -> None:
        """Lets a reader of either language and an admin press Start: they see it."""
        people = self.session.people
        for person in (people.ana, people.sean, people.marta):
            if not person.messages:
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
