"""The command line: reads what a person wants, calls the one that does it, says what failed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console

from bot.logs import configure_logging
from bot.petition.campaign import BUNDLED, CampaignInvalid
from bot.settings import SettingsInvalid, load_settings, load_storage_settings
from storage import Keyring, StorageError
from storage import migrate as migrate_database

app = typer.Typer(
    name="petition-bot",
    help="A petition inside a Telegram chat.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

P = ParamSpec("P")
R = TypeVar("R")


def _fail(sentence: str) -> NoReturn:
    _err.print(sentence, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(1)


def _in_sentences(command: Callable[P, R]) -> Callable[P, R]:
    """Turns every failure a person can cause into a sentence on what to do."""

    @functools.wraps(command)
    def said(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (SettingsInvalid, CampaignInvalid, StorageError) as error:
            _fail(str(error))
        except OSError as error:
            _fail(f"{error.strerror or 'The system refused'}: {error.filename or ''}".rstrip(": "))

    return said


@app.command()
@_in_sentences
def run() -> None:
    """Run the bot with the settings of the environment or of the file .env."""
    settings = load_settings()
    configure_logging(settings.log_level, secrets=[settings.bot_token.get_secret_value()])
    # Telegram's library takes a moment to load, and the other commands have no use for it.
    from bot.running import CannotGoOn, TokenUnknown, run_until_stopped

    try:
        _run(run_until_stopped(settings))
    except (TokenUnknown, CannotGoOn) as error:
        _fail(str(error))


@app.command()
@_in_sentences
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the story.")] = False,
) -> None:
    """Play a whole petition in the terminal; nothing leaves this machine."""
    configure_logging("WARNING")
    from bot.demo import play

    raise typer.Exit(_run(play(_out, once=once)))


@app.command()
@_in_sentences
def check(
    folder: Annotated[Path, typer.Argument(help="A petition's folder.")] = BUNDLED,
    words: Annotated[bool, typer.Option("--words", help="Check the bot's own words too.")] = False,
) -> None:
    """Look for every problem in a petition's texts at once."""
    from bot.checking import report

    if not report(_out, folder, words=words):
        raise typer.Exit(1)


@app.command()
@_in_sentences
def keygen(
    path: Annotated[Path, typer.Argument(help="Where the key goes: outside the data folder.")],
) -> None:
    """Make the key that signatures are encrypted with."""
    Keyring.generate(path)
    _out.print(
        f"The key is in {path}. Keep a copy of it apart from the database: without the key "
        "nobody can read the signatures, and with both anybody can.",
        markup=False,
        soft_wrap=True,
    )


@app.command()
@_in_sentences
def migrate() -> None:
    """Bring the database to this version's tables."""
    settings = load_storage_settings()
    revision = _run(migrate_database(settings.database_url))
    _out.print(f"The database is at revision {revision}.", markup=False)


def _run(main: Coroutine[Any, Any, R]) -> R:
    import uvloop

    return uvloop.run(main)
