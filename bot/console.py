"""The terminal: output, and errors that a person can fix printed as one sentence."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console

from bot.file_locations import found_here
from bot.settings import SettingsInvalid
from bot.text.problems import PetitionInvalid, Sentence, with_controls_shown
from bot.text.terminal_language import terminal_words
from storage import NeedsAPerson, StorageError

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

NEEDS_A_PERSON = 78
"""The exit code after which a service is not started again: EX_CONFIG of sysexits.h."""

INTERRUPTED = 130
"""The exit code that shells use for a command that Ctrl-C ended."""

P = ParamSpec("P")
R = TypeVar("R")


class CannotDo(Exception):
    """A command cannot do what was asked; the message says why, and what can be done."""

    def __init__(self, said: str, *, code: int = 1) -> None:
        super().__init__(said)
        self.code = code


def read_day(typed: str) -> date:
    """Reads a day as it is typed; raises CannotDo for anything else."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise CannotDo(
            f"{typed} is no day. Expected: year, month and day, like 2026-11-24."
        ) from None


def counted(count: int, noun: str) -> str:
    """Returns a number with its noun, like 1,530 signatures."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def say(*lines: str, style: str | None = None, console: Console = out) -> None:
    """Prints lines as they are, also where they look like markup."""
    for line in lines:
        line = with_controls_shown(line)
        console.print(line, style=style, markup=False, soft_wrap=True)


def say_in_terminal(reason: Sentence) -> None:
    """Says, in a terminal and its language, what the log says in English."""
    if _err.is_terminal:
        say(reason.said(terminal_words()), style="yellow", console=_err)


def say_files_here(url: str) -> None:
    """Says, in a terminal, which files are used because they lie in the working directory."""
    files = " and ".join(str(file) for file in found_here(url))
    if files and _err.is_terminal:
        say(f"Used, since it is in this folder: {files}", style="dim", console=_err)


def explain(title: str, text: str) -> None:
    """Prints a heading and a text below it, which is broken between words."""
    say("", title, style="bold")
    out.print(text, markup=False)


def agrees(question: str, *, yes: bool, otherwise: str = "Nothing was changed.") -> bool:
    """Asks, unless it was answered with the command; says so where nothing is to be done.

    Outside an event loop, in which Ctrl-C would not end the question.
    """
    if yes or typer.confirm(question, err=True):
        return True
    say(otherwise)
    return False


@contextmanager
def interruptible(otherwise: str) -> Iterator[None]:
    """Ends the command with a sentence where Ctrl-C, or a signal like it, ends the block."""
    try:
        yield
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo(otherwise, err=True)
        raise typer.Exit(INTERRUPTED) from None


def progress_bar(numbers: ProgressColumn | None = None, *, console: Console = out) -> Progress:
    """Returns a bar that is drawn on a terminal alone; it counts, unless a column says else."""
    # Imported here, since it takes a moment to load, which --help does not need.
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        numbers or MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def fail(sentence: str, code: int = 1) -> NoReturn:
    """Prints a sentence to the standard error and ends with this exit code."""
    _err.print(with_controls_shown(sentence), style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def in_sentences(command: Callable[P, R]) -> Callable[P, R]:
    """Decorates a command: an error that a person can fix ends it with a sentence."""

    @functools.wraps(command)
    def said(*args: P.args, **kwargs: P.kwargs) -> R:
        if any(_is_garbled(each) for each in (*args, *kwargs.values())):
            fail("Something that was typed is not text in UTF-8. Nothing was done.")
        try:
            return command(*args, **kwargs)
        except PetitionInvalid as error:
            fail(error.said(terminal_words()), NEEDS_A_PERSON)
        except (SettingsInvalid, NeedsAPerson) as error:
            fail(str(error), NEEDS_A_PERSON)
        except CannotDo as error:
            fail(str(error), error.code)
        except StorageError as error:
            fail(str(error))
        except OSError as error:
            fail(f"{error.strerror or 'The system refused'}: {error.filename or ''}".rstrip(": "))

    return said


def _is_garbled(argument: object) -> bool:
    """Returns whether an argument has bytes that are no text: Python passes them as surrogates."""
    return isinstance(argument, str | Path) and any(
        "\ud800" <= c <= "\udfff" for c in str(argument)
    )


def run_to_end(main: Coroutine[Any, Any, R]) -> R:
    """Runs a coroutine in a new event loop and returns its result."""
    import uvloop

    return uvloop.run(main)
