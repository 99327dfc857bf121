"""`petition-bot rehearse`: lives through a petition in simulation, and says what was found."""

import os
import secrets
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown

from bot.cli.check import print_problems
from bot.console import INTERRUPTED, CannotDo, out, progress_bar, tell
from bot.logs import configure_logging
from bot.petition.petition import petition_of
from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import unready_problems
from bot.petition_folder.warnings import find_warnings
from bot.text.terminal_language import label, terminal_words
from bot.tryout.demo_session import unless_interrupted
from bot.tryout.rehearsal.accelerated_time import FACTOR, AcceleratedTime, run_accelerated
from bot.tryout.rehearsal.report import faults, write_report
from bot.tryout.rehearsal.run import Rehearsal

_MEMORY = Path("/dev/shm")  # noqa: S108 - for a folder that only this user can open
_SEEDS = 1_000_000


def rehearse(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="CARPETA", help="La carpeta de una petición; si no, aquella en la que estás."
        ),
    ] = None,
    people: Annotated[
        int, typer.Option(min=1, max=10_000, help="Cuántas personas participan.")
    ] = 500,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="El número del azar: con el mismo se repite un ensayo."),
    ] = None,
) -> None:
    """Rehearses a petition and prints the report."""
    # The calls that a simulated Telegram refuses are in the report.
    configure_logging("CRITICAL")
    if folder is None and not Path(PETITION_FILE).is_file():
        raise CannotDo.because(
            "Aquí no hay ningún petition.toml. Di la carpeta: petition-bot rehearse CARPETA"
        )
    folder, words = folder or Path(), terminal_words()
    read = read_folder(folder)
    if read.problems:
        print_problems(read.problems)
        tell("Cuando esté resuelto, vuelve a ensayar.")
        raise typer.Exit(1)
    petition = petition_of(read)
    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    # Waiting for a disk at each signature takes most of a rehearsal's time, and shows nothing.
    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as data, progress_bar() as bar:
        task = bar.add_task(label("Pasan por la petición"), total=people)
        clock = AcceleratedTime(FACTOR)
        rehearsal = Rehearsal(
            petition=petition,
            data=Path(data),
            clock=clock,
            people=people,
            seed=seed,
            one_more=partial(bar.advance, task),
        )
        run_accelerated(unless_interrupted(rehearsal.run()), clock)
    result = rehearsal.result
    warnings = sorted([*unready_problems(read), *find_warnings(read)])
    out.print(Markdown(write_report(words, result, petition, warnings, seed=seed)))
    if any(faults(words, result)):
        raise typer.Exit(1)
    if not result.is_over:
        raise typer.Exit(INTERRUPTED)
