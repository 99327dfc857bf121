"""Asks Telegram about the bot for `petition-bot init`, and says what stands in the way."""

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.cli.init_state import FOLDER, Setup
from bot.console import CannotDo, run_to_end
from bot.petition_folder.schema import PETITION_FILE
from bot.setup.bot_calls import BotCalls, BotIdentity, FetchedElsewhere, TooManyUpdates
from bot.text.translations import Words
from storage import HeldElsewhere, acquire_process_lock
from storage.database_url import data_folder


def identity_of(setup: Setup, token: str, *, is_new: bool) -> BotIdentity:
    """Returns whose a token is; a new one must not be in use by another program.

    Raises what `alone` does.
    """

    async def asked() -> BotIdentity:
        async with alone(setup, token, checks=is_new) as calls:
            return await calls.identity()

    return run_to_end(asked())


@asynccontextmanager
async def alone(setup: Setup, token: str, *, checks: bool = True) -> AsyncIterator[BotCalls]:
    """Opens the connection to Telegram for a bot that no other program fetches.

    Raises:
        CannotDo: another program does, or shows itself later; not looked for without `checks`.
        TokenRefused, Unreachable: see `bot.setup.bot_calls`.
    """
    words = setup.words
    try:
        async with setup.open_calls(token) as calls:
            if not checks:
                yield calls
                return
            async with _lock(setup):
                if not setup.was_alone:
                    await calls.require_alone()
                    setup.was_alone = True
                yield calls
    except HeldElsewhere:
        raise CannotDo(
            words.label(
                "Este bot está en marcha en esta misma máquina (petition-bot run). Detenlo, repite"
                " petition-bot init, y ponlo en marcha otra vez."
            )
        ) from None
    except FetchedElsewhere as error:
        raise CannotDo(_elsewhere(words, error)) from None
    except TooManyUpdates:
        raise CannotDo(
            words.label(
                "Hay más de cien mensajes de otras personas esperando en Telegram, y para ver el"
                " tuyo habría que perder alguno. Di tú quién administra, con su id numérico:"
                " petition-bot init --admin ID"
            )
        ) from None


def _elsewhere(words: Words, error: FetchedElsewhere) -> str:
    """Returns why a bot cannot be set up whose updates another program gets, and what helps."""
    if error.webhook is None:
        return words.label(
            "Otro programa está recibiendo los mensajes de este bot con el mismo token. Detenlo y"
            " repite petition-bot init. Si no sabes cuál es, pide a @BotFather otro token con"
            " /revoke: el de ahora deja de valer."
        )
    return words.label(
        "Los mensajes de este bot van a un servidor ({host}), porque alguien puso un webhook. Si"
        " ya no lo usas, quítalo donde lo pusiste y repite petition-bot init; o pide a @BotFather"
        " un bot nuevo.",
        host=error.webhook,
    )


@asynccontextmanager
async def _lock(setup: Setup) -> AsyncIterator[None]:
    """Takes the bot's own process lock, if there is a petition and a database to take it on."""
    slug, folder = _slug(setup), data_folder(setup.database_url)
    if slug is None or (folder is not None and not folder.is_dir()):
        yield
        return
    async with acquire_process_lock(setup.database_url, f"intake/{slug}"):
        yield


def _slug(setup: Setup) -> str | None:
    path = Path(setup.known.get(FOLDER, "")) / PETITION_FILE
    try:
        slug = tomllib.loads(path.read_text(encoding="utf-8")).get("slug")
    except (OSError, ValueError):
        return None
    return slug if isinstance(slug, str) else None
