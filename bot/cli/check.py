"""What `petition-bot check` prints: the problems of a petition and of the bot's own texts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bot.console import out, say, tell
from bot.petition.petition import BUNDLED, petition_of
from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import entries_of, unready_problems
from bot.petition_folder.warnings import find_warnings
from bot.settings import PetitionSettings
from bot.text.problems import Problem
from bot.text.terminal_language import label, plural_label, terminal_words
from bot.text.translations import mark


def check(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="CARPETA",
            help="La carpeta de una petición. Si no se da: esta, si tiene un "
            "petition.toml; si no, la de los ajustes; si no, la de ejemplo.",
        ),
    ] = None,
) -> None:
    """Lists every problem in a petition's texts."""
    folder = folder or _folder_meant()
    read = read_folder(folder)
    unready, warnings = unready_problems(read), find_warnings(read)
    print_problems(read.problems)
    print_problems(unready, mark("por escribir"), "yellow")
    print_problems(warnings, mark("aviso"), "yellow")
    if read.problems:
        said = plural_label(
            "{n} problema en {folder}. El bot no puede usar la petición hasta que se resuelva.",
            "{n} problemas en {folder}. El bot no puede usar la petición hasta que se resuelvan.",
            len(read.problems),
            folder=folder,
        )
        say(said)
        raise typer.Exit(1)
    slug = petition_of(read).slug
    languages = ", ".join(map(terminal_words().language_name, read.languages))
    if unready:
        left = plural_label(
            "{slug} ({languages}): aún no está lista: queda {n} cosa por escribir.",
            "{slug} ({languages}): aún no está lista: quedan {n} cosas por escribir.",
            len(entries_of(unready)),
            slug=slug,
            languages=languages,
        )
        say(left)
        tell(
            "Mientras, petition-bot run no la pone en marcha. Se puede ensayar: petition-bot run "
            "--rehearsal"
        )
        return
    tell("{slug}: sin problemas ({languages}).", slug=slug, languages=languages)
    if warnings:
        tell("Con los avisos funciona, pero míralos antes de empezar.")


def _folder_meant() -> Path:
    """Returns the folder that is checked if none is named, and says which it is."""
    here = Path.cwd()
    # Also one that an editor has saved as petition.toml.txt, which the check then says.
    is_here = any(each.name.lower().startswith(PETITION_FILE) for each in here.iterdir())
    folder = here if is_here else PetitionSettings.load().folder or BUNDLED
    tell("Se comprueba la petición de {folder}", folder=folder)
    return folder


def print_problems(
    problems: Iterable[Problem], kind: str = mark("problema"), style: str = "red"
) -> None:
    """Prints one line for each."""
    for each in problems:
        line = Text.assemble((f"{label(kind)}  ", style), each.said(terminal_words()))
        out.print(line, soft_wrap=True)
