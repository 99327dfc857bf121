"""The terminal: output, and errors that a person can fix printed as one sentence."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console

from bot.file_locations import found_here
from bot.settings import SettingsInvalid
from bot.text.problems import PetitionInvalid, Sentence, with_controls_shown
from bot.text.terminal_language import TerminalError, label, plural_label, terminal_words
from storage.errors import NeedsAPerson, StorageError

if TYPE_CHECKING:
    from rich.progress import Progress

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Port = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, help="El puerto de la página; si no se da, uno libre cerca del 8080."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="No preguntar.")]
AsJson = Annotated[bool, typer.Option("--json", help="Para programas.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Solo lo muestra, y no cambia nada.")]

# In both languages at once, as the answer of a hurried person may be in either.
YES, NO = frozenset({"s", "sí", "si", "y", "yes"}), frozenset({"n", "no"})

NEEDS_A_PERSON = 78
"""The exit code after which a service is not started again: EX_CONFIG of sysexits.h."""

_WIDE = 200  # columns of a file or a pipe, where no line should wrap
_QUIET_ZONE = 2  # modules around the code; without it some cameras do not find it

INTERRUPTED = 130
"""The exit code that shells use for a command that Ctrl-C ended."""

R = TypeVar("R")


class CannotDo(TerminalError):
    """A command cannot do what was asked; the message says why, and what can be done."""

    def __init__(self, said: str, *, code: int = 1) -> None:
        super().__init__(said)
        self.code = code


def read_day(typed: str) -> date:
    """Reads a day as it is typed; raises CannotDo for anything else."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise CannotDo.because(
            "{typed} no es un día. Se escribe con año, mes y día: 2026-11-24.", typed=typed
        ) from None


def signatures(count: int) -> str:
    """Counts signatures: 1 firma, 1.530 firmas."""
    return plural_label("{n} firma", "{n} firmas", count)


def list_counts(with_name: int, without_name: int) -> str:
    """Counts the signatures in a list that was written, as a sentence."""
    number, counted = terminal_words().number, signatures(with_name + without_name)
    if not with_name:
        return label("{signatures}: ningún nombre, solo el número.", signatures=counted)
    return label(
        "{signatures}: {named} con su nombre y {unnamed} sin él.",
        signatures=counted,
        named=number(with_name),
        unnamed=number(without_name),
    )


def say(*lines: str, style: str | None = None, console: Console = out) -> None:
    """Prints lines as they are, also where they look like markup."""
    for line in lines:
        line = with_controls_shown(line)
        console.print(line, style=style, markup=False, soft_wrap=True)


def tell(source: str, /, *, style: str | None = None, **values: object) -> None:
    """Says a message in the terminal's language."""
    say(label(source, **values), style=style)


def say_table(rows: Iterable[Sequence[str]], headings: Sequence[str] = ()) -> None:
    """Prints rows in columns, also cells that look like markup; the first column is never cut."""
    from rich.table import Table

    cells = [[with_controls_shown(each) for each in row] for row in rows]
    table = Table(box=None, pad_edge=False, show_header=bool(headings))
    for number, heading in enumerate(headings or cells[0]):
        table.add_column(heading, no_wrap=number == 0, overflow="fold")
    for row in cells:
        table.add_row(*row)
    console = out if out.is_terminal else Console(file=out.file, width=_WIDE)
    console.print(table, markup=False)


def say_in_terminal(reason: Sentence) -> None:
    """Says, in a terminal and its language, what the log says in English."""
    if err.is_terminal:
        say(reason.said(terminal_words()), style="yellow", console=err)


def say_files_here(url: str) -> None:
    """Says, in a terminal, which files are used because they lie in the working directory."""
    files = ", ".join(str(file) for file in found_here(url))
    if files and err.is_terminal:
        said = label("Se usa lo que hay en esta carpeta: {files}", files=files)
        say(said, style="dim", console=err)


def draw_link(link: str) -> None:
    """Draws the link as a QR code, light on dark whatever the terminal's colours are."""
    import segno  # only two commands need it

    drawn = io.StringIO()
    segno.make(link, micro=False).terminal(drawn, border=_QUIET_ZONE, compact=True)
    say(*drawn.getvalue().splitlines(), style="bright_white on black")


def explain(title: str, text: str) -> None:
    """Prints a heading and a text below it, which is broken between words."""
    say("", title, style="bold")
    out.print(text, markup=False)


def agrees(
    question: str, *, yes: bool = False, otherwise: str = "", number: int | None = None
) -> bool:
    """Asks, unless it was answered with the command; says so where nothing is to be done.

    With a `number` it is typed for yes. Outside an event loop, in which Ctrl-C would not end the
    question.
    """
    if yes or (confirms(question) if number is None else _is_typed(question, number)):
        return True
    say(otherwise or label("No se ha cambiado nada."))
    return False


def _is_typed(question: str, number: int) -> bool:
    typed = typer.prompt(question, err=True).strip()
    in_groups = f"{number:,}"
    return typed in (str(number), in_groups, in_groups.replace(",", "."))


def confirms(question: str, *, default: bool | None = False) -> bool:
    """Asks for yes or no, in whichever language; Enter alone is the default, if there is one."""
    yes, no = label("s"), label("n")
    choice = {True: f"{yes.upper()}/{no}", False: f"{yes}/{no.upper()}", None: f"{yes}/{no}"}
    shown = f"{question} [{choice[default]}]"
    while True:
        typed = typer.prompt(shown, default="", show_default=False, err=True)
        answer = typed.strip().lower()
        if answer in YES | NO:
            return answer in YES
        if not answer and default is not None:
            return default
        say(label("Escribe {yes} para sí o {no} para no.", yes=yes, no=no))


def in_terminal() -> bool:
    """Returns whether a person can answer what is asked."""
    return sys.stdin.isatty()


@contextmanager
def interruptible(otherwise: str) -> Iterator[None]:
    """Ends the command with a sentence where Ctrl-C, or a signal like it, ends the block."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort, asyncio.CancelledError):
        typer.echo(otherwise, err=True)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def progress(
    what: str, interrupted: str, total: int | None = None, *, in_bytes: bool = False
) -> Iterator[Callable[..., None]]:
    """Shows on a terminal how far long work is, and when it will end.

    Yields what is told how much is done, and of how much if that is not known before. Ctrl-C, or
    a signal like it, ends the command with the sentence `interrupted`.
    """
    with interruptible(interrupted), progress_bar(in_bytes=in_bytes) as bar:
        task = bar.add_task(what, total=total)

        def show(done: int, total: int | None = None) -> None:
            bar.update(task, completed=done, total=total)

        yield show


def progress_bar(*, in_bytes: bool = False) -> Progress:
    """Returns a bar that is drawn on a terminal alone; it counts, unless told to show bytes."""
    # Imported here, as the table: a bot that runs draws neither.
    from rich import progress

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn() if in_bytes else progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        console=out,
        transient=True,
        disable=not out.is_terminal,
    )


def fail(sentence: str, code: int = 1) -> NoReturn:
    """Prints a sentence to the standard error and ends with this exit code."""
    err.print(with_controls_shown(sentence), style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def reason_of(error: Exception) -> str:
    """Returns what an error says, in the terminal's language where it is known in several."""
    if isinstance(error, PetitionInvalid):
        return error.said(terminal_words())
    if isinstance(error, StorageError):
        return Sentence.of_storage(error).said(terminal_words())
    if not isinstance(error, OSError):
        return str(error)
    reason = error.strerror or "The system refused"
    # Another than the system's is a sentence already, with what somebody typed in it.
    if reason in ("The system refused", os.strerror(error.errno or 0)):
        reason = label(reason)
    return f"{reason}: {error.filename or ''}".rstrip(": ")


@contextmanager
def in_sentences() -> Iterator[None]:
    """Ends a command with a sentence where an error that a person can fix ends the block."""
    try:
        yield
    except asyncio.CancelledError:  # by a signal, as when the connection is lost
        raise typer.Exit(INTERRUPTED) from None
    except typer.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            fail(label("Interrumpido."), INTERRUPTED)
        if in_terminal():
            raise  # the input was ended there, with Ctrl-D
        say("", console=err)  # the question stands on this line
        fail(
            label(
                "Aquí no hay nadie a quien preguntar, porque la entrada no es una terminal. "
                "Ejecútalo en una, o da las respuestas como opciones: las muestra --help."
            )
        )
    except (PetitionInvalid, SettingsInvalid, NeedsAPerson) as error:
        fail(reason_of(error), NEEDS_A_PERSON)
    except (TerminalError, StorageError, OSError) as error:
        fail(reason_of(error), error.code if isinstance(error, CannotDo) else 1)


def run_to_end(main: Coroutine[Any, Any, R]) -> R:
    """Runs a coroutine in a new event loop and returns its result."""
    import uvloop

    return uvloop.run(main)
