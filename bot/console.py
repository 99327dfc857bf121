"""The terminal: output, and errors that a person can fix printed as one sentence."""

import functools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console

from bot.petition.petition import PetitionInvalid
from bot.settings import SettingsInvalid
from storage import StorageError

out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

P = ParamSpec("P")
R = TypeVar("R")


class CannotDo(Exception):
    """A command cannot do what was asked; the message says why, and what can be done."""


def fail(sentence: str) -> NoReturn:
    """Prints a sentence to the standard error and ends with exit code 1."""
    _err.print(sentence, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(1)


def in_sentences(command: Callable[P, R]) -> Callable[P, R]:
    """Decorates a command: an error that a person can fix ends it with a sentence and code 1."""

    @functools.wraps(command)
    def said(*args: P.args, **kwargs: P.kwargs) -> R:
        if any(_is_garbled(each) for each in (*args, *kwargs.values())):
            fail("Something that was typed is not text in UTF-8. Nothing was done.")
        try:
            return command(*args, **kwargs)
        except (SettingsInvalid, PetitionInvalid, StorageError, CannotDo) as error:
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
