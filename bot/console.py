"""The terminal: where lines go, and how every failure a person can cause becomes a sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console

from bot.petition.petition import CampaignInvalid
from bot.settings import SettingsInvalid
from storage import StorageError

out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

P = ParamSpec("P")
R = TypeVar("R")


class CannotDo(Exception):
    """What was asked for cannot be done; the text says why, and what can."""


def fail(sentence: str) -> NoReturn:
    """Prints it on the side of errors and ends with exit code 1."""
    _err.print(sentence, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(1)


def in_sentences(command: Callable[P, R]) -> Callable[P, R]:
    """Turns every failure a person can cause into a sentence on what to do."""

    @functools.wraps(command)
    def said(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (SettingsInvalid, CampaignInvalid, StorageError, CannotDo) as error:
            fail(str(error))
        except OSError as error:
            fail(f"{error.strerror or 'The system refused'}: {error.filename or ''}".rstrip(": "))

    return said


def run_to_end(main: Coroutine[Any, Any, R]) -> R:
    """Runs it in an event loop of its own."""
    import uvloop

    return uvloop.run(main)
