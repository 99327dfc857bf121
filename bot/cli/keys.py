"""`petition-bot keys`: exchanges the key that encrypts, or that by which people are recognised."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import RESTORED, CliContext, run_with_context
from bot.console import (
    CannotDo,
    R,
    Yes,
    agrees,
    in_sentences,
    interruptible,
    progress_bar,
    run_to_end,
    say,
)
from bot.petition.petition import BUNDLED, load_petition
from bot.settings import SettingsInvalid, load_petition_settings, load_settings
from bot.text.terminal_language import label
from storage import (
    DatabaseBehind,
    HeldElsewhere,
    Keyring,
    Storage,
    acquire_process_lock,
    open_database,
    require_key_file,
    require_newest,
)
from storage.key_file import (
    add_encryption_key,
    add_reference_key,
    remove_older_encryption_keys,
    remove_older_reference_keys,
)
from storage.process_lock import KEYS_LOCK
from storage.restores import require_finished

if TYPE_CHECKING:
    from rich.progress import Progress

    from storage.key_rotation import KeyRotation, Resealed
    from storage.reference_change import ReferenceChange

keys = typer.Typer(
    name="keys", help="Cambia las claves del archivo de clave.", no_args_is_help=True
)


KeepOld = Annotated[
    bool, typer.Option("--keep-old", help="Deja también la clave anterior en el archivo.")
]


@keys.command(help="Cambia la clave que cifra, también con el bot en marcha.")
@in_sentences
def rotate(
    keep_old: KeepOld = False,
    yes: Yes = False,
) -> None:
    """Exchange the encryption key, also while the bot runs; names and chats are encrypted anew."""
    settings = load_petition_settings()
    url, path = settings.database_url, require_key_file(settings.key_file)
    say(run_with_context(lambda context: _prospect(context, url, path, keep_old=keep_old)))
    if not agrees("Exchange the key?", yes=yes):
        return
    with interruptible("You have stopped it; run it again, and it goes on."):
        say(run_with_context(lambda context: _rotate(context, url, path, keep_old=keep_old)))


async def _prospect(context: CliContext, url: str, path: Path, *, keep_old: bool) -> str:
    """Returns what is going to be done, in sentences."""
    values = context.words.number(await _rotation(context, url).outdated())
    if await _is_begun(context, url):
        said = [f"An exchange was begun and is not over. It goes on. Values left: {values}."]
    else:
        said = [f"{path} gets a new encryption key, with which all values are encrypted anew."]
    if keep_old:
        return " ".join((*said, "The older key stays in the file as well."))
    return " ".join(
        (
            *said,
            "Then the older key is taken out of the file. Backups made until then cannot be read"
            " without it: keep a copy of the file as it is now, apart, for as long as you keep"
            " them. If a bot on another database uses this file, choose --keep-old.",
        )
    )


async def _rotate(context: CliContext, url: str, path: Path, *, keep_old: bool) -> str:
    """Exchanges the key; returns the result in sentences."""
    try:
        async with acquire_process_lock(url, KEYS_LOCK):
            return await _rotate_alone(context, url, path, keep_old=keep_old)
    except HeldElsewhere as error:
        raise CannotDo("Another petition-bot keys rotate is under way.") from error


async def _rotate_alone(context: CliContext, url: str, path: Path, *, keep_old: bool) -> str:
    audit, keyring = context.storage.audit, context.storage.keyring
    if not await _is_begun(context, url):
        add_encryption_key(path)
        keyring.take_up()
    newest = keyring.newest.hex()
    await audit.record("rotate keys", actor=None, at=context.clock(), detail=f"{newest} begun")
    rotation = _rotation(context, url)
    with progress_bar() as bar:
        done = await _carry_out(rotation, bar)
    removed = not keep_old and not done.damaged
    if removed:
        remove_older_encryption_keys(path, keyring.newest)
    await audit.record(
        "rotate keys",
        actor=None,
        at=context.clock(),
        detail=(
            f"{newest} ended: {done.values} values, {sum(done.damaged.values())} damaged, older "
            f"{'removed' if removed else 'kept'}"
        ),
    )
    return " ".join(_result(context, path, done, removed=removed))


async def _carry_out(rotation: KeyRotation, bar: Progress) -> Resealed:
    task = bar.add_task("Waiting until the bot has the new key", total=None)
    await rotation.until_taken_up()
    total = await rotation.outdated()
    bar.update(task, description="Encrypting", total=total)

    def progress(values: int) -> None:
        bar.update(task, completed=values, total=max(total, values))
        if values >= total:
            bar.update(task, description="Waiting two minutes")

    progress(0)
    return await rotation.complete(progress)


def _result(context: CliContext, path: Path, done: Resealed, *, removed: bool) -> list[str]:
    said = [f"Values encrypted with the new key: {context.words.number(done.values)}."]
    if removed:
        said.append(
            f"The older one is no longer in {path}. Make a copy of the file as it is now, and keep"
            " the former copy only for as long as there are backups from before."
        )
    elif done.damaged:
        listed = ", ".join(f"{name} {count}" for name, count in sorted(done.damaged.items()))
        said.append(
            f"Some could not be decrypted, and are as they were: {listed}. So the older key stays"
            f" in {path}."
        )
    else:
        said.append(f"The older one stays in {path}. Make a copy of the file as it is now.")
    return said


async def _is_begun(context: CliContext, url: str) -> bool:
    """Returns whether an exchange was interrupted: then there is no need for another key."""
    if not context.storage.keyring.has_older:
        return False
    return await _rotation(context, url).outdated() > 0


def _rotation(context: CliContext, url: str) -> KeyRotation:
    from storage.key_rotation import KeyRotation  # SQLAlchemy takes a moment to load

    return KeyRotation(context.storage.database, url, context.storage.keyring)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the change is made, and the admins whom the settings name."""

    url: str
    key_file: Path
    slug: str
    admins: frozenset[int]


@keys.command(help="Cambia la clave por la que se reconoce a las personas; con el bot parado.")
@in_sentences
def rotate_references(
    keep_old: KeepOld = False,
    yes: Yes = False,
) -> None:
    """Exchange the key by which people are recognised; the bot has to be stopped for it."""
    settings = load_petition_settings()
    key_file = require_key_file(settings.key_file)
    slug = load_petition(settings.folder or BUNDLED).slug
    place = _Place(settings.database_url, key_file, slug, _admins())
    say(run_to_end(_in_place(place, lambda storage: _prospect_of_change(storage, place))))
    if not agrees("Exchange the key?", yes=yes):
        return
    with interruptible("You have stopped it. Run it again before you start the bot: it goes on."):
        say(run_to_end(_in_place(place, lambda storage: _change(storage, place, keep_old))))


async def _prospect_of_change(storage: Storage, place: _Place) -> str:
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
    change = _change_of(Storage(storage.database, keyring, place.slug), place)
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
    await require_newest(place.url)
    keyring = Keyring.load(place.key_file)
    require_finished(keyring, place.slug)
    storage = Storage(await open_database(place.url, cleans_up=False), keyring, place.slug)
    try:
        if await storage.restores.awaits_repetition():
            raise DatabaseBehind(label(RESTORED))
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
