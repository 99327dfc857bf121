"""`petition-bot keys rotate-references`: exchanges the key by which people are recognised."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.with_context import INTERRUPTED
from bot.console import CannotDo, R, Yes, agrees, in_sentences, progress_bar, run_to_end, say
from bot.petition.petition import BUNDLED, load_petition
from bot.settings import SettingsInvalid, load_petition_settings, load_settings
from storage import (
    DatabaseBehind,
    HeldElsewhere,
    KeyFileMissing,
    Keyring,
    Storage,
    acquire_process_lock,
    assemble,
    open_database,
    require_newest,
)
from storage.key_file import add_reference_key, remove_older_reference_keys
from storage.restores import require_finished

if TYPE_CHECKING:
    from storage.reference_change import ReferenceChange


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the change is made, and the admins whom the settings name."""

    url: str
    key_file: Path
    slug: str
    admins: frozenset[int]


KeepOld = Annotated[
    bool, typer.Option("--keep-old", help="Leave the older key in the file as well.")
]


@in_sentences
def rotate_references(
    keep_old: KeepOld = False,
    yes: Yes = False,
) -> None:
    """Exchange the key by which people are recognised; the bot has to be stopped for it."""
    settings = load_petition_settings()
    if settings.key_file is None:
        raise KeyFileMissing
    slug = load_petition(settings.folder or BUNDLED).slug
    place = _Place(settings.database_url, settings.key_file, slug, _admins())
    say(run_to_end(_in_place(place, lambda storage: _prospect(storage, place))))
    if not agrees("Exchange the key?", yes=yes):
        return
    try:
        say(run_to_end(_in_place(place, lambda storage: _change(storage, place, keep_old))))
    except KeyboardInterrupt:
        typer.echo(
            "You have stopped it. Run it again before you start the bot: it goes on.", err=True
        )
        raise typer.Exit(INTERRUPTED) from None


async def _prospect(storage: Storage, place: _Place) -> str:
    """Returns what is going to be done, in sentences; raises if it cannot be."""
    change = _change_of(storage, place)
    begun = await change.is_begun()
    await change.require_derivable()
    said = [
        f"Signatures: {await change.signatures():,}. Each gets a reference under another key, by"
        " which the bot recognises who gave it.",
        f"People who have not signed, or have withdrawn: {await change.forgotten(place.admins):,}."
        " Their chat is not stored, so what they chose and typed is forgotten, and they begin"
        " anew. Codes for letters are void.",
        f"Backups made until then can be restored only with {place.key_file} as it is now: keep a"
        " copy of it, apart, for as long as you keep them. Leave the bot stopped until this has"
        " ended.",
    ]
    return " ".join(("An exchange was begun and is not over. It goes on.", *said)[not begun :])


async def _change(storage: Storage, place: _Place, keep_old: bool) -> str:
    """Exchanges the key; returns the result in sentences."""
    if not await _change_of(storage, place).is_begun():
        add_reference_key(place.key_file)
    keyring = Keyring.load(place.key_file)
    change = _change_of(assemble(storage.database, keyring, place.slug), place)
    total = await change.signatures()
    with progress_bar() as bar:
        task = bar.add_task("Exchanging", total=total)
        changed = await change.carry_out(
            lambda done: bar.update(task, completed=done), place.admins, datetime.now(UTC)
        )
    said = (
        f"Signatures with another reference: {changed.signatures:,}. People who begin anew:"
        f" {changed.forgotten:,}."
    )
    if not await change.is_journal_changed():
        return (
            f"{said} The journal beside the key is damaged and could not be written anew, so the"
            f" older key stays in {place.key_file}. Start the bot."
        )
    if keep_old or await change.needs_older_key():
        why = "" if keep_old else ", as another petition in this database needs it"
        return f"{said} The older key stays in {place.key_file}{why}. Start the bot."
    remove_older_reference_keys(place.key_file)
    return (
        f"{said} The older key is no longer in {place.key_file}. Make a copy of the file as it is"
        " now, and a backup, and start the bot."
    )


async def _in_place(place: _Place, work: Callable[[Storage], Awaitable[R]]) -> R:
    try:
        async with (
            acquire_process_lock(place.url, f"intake/{place.slug}"),
            _opened(place) as storage,
        ):
            return await work(storage)
    except HeldElsewhere as error:
        raise CannotDo(
            "The bot is running. Stop it first: while it is going on, nobody would be recognised."
        ) from error


@asynccontextmanager
async def _opened(place: _Place) -> AsyncIterator[Storage]:
    """Opens the database also while a change is not over, when no bot starts on it."""
    from bot.cli.context import RESTORED  # texts take a moment to load

    await require_newest(place.url)
    keyring = Keyring.load(place.key_file)
    require_finished(keyring, place.slug)
    storage = assemble(await open_database(place.url, cleans_up=False), keyring, place.slug)
    try:
        if await storage.restores.awaits_repetition():
            raise DatabaseBehind(RESTORED)
        yield storage
    finally:
        await storage.close()


def _change_of(storage: Storage, place: _Place) -> ReferenceChange:
    from storage.reference_change import ReferenceChange

    return ReferenceChange(storage.database, storage.journal, storage.keyring, place.slug)


def _admins() -> frozenset[int]:
    """Returns the admins of the settings; those who did something are in the database besides."""
    try:
        return load_settings().admin_ids
    except SettingsInvalid:  # the settings of the shell need no token
        return frozenset()
