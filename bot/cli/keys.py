"""`petition-bot keys rotate`: exchanges the key that encrypts, while the bot runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli.reference_change import KeepOld, rotate_references
from bot.cli.with_context import INTERRUPTED, run_with_context
from bot.console import CannotDo, Yes, agrees, in_sentences, progress_bar, say
from bot.settings import load_petition_settings
from storage import HeldElsewhere, KeyFileMissing, acquire_process_lock
from storage.key_file import add_encryption_key, remove_older_encryption_keys
from storage.process_lock import KEYS_LOCK

if TYPE_CHECKING:
    from rich.progress import Progress

    from bot.cli.context import CliContext
    from storage.key_rotation import KeyRotation, Resealed

keys = typer.Typer(name="keys", help="Exchange the keys in the key file.", no_args_is_help=True)


@keys.command()
@in_sentences
def rotate(
    keep_old: KeepOld = False,
    yes: Yes = False,
) -> None:
    """Exchange the encryption key, also while the bot runs; names and chats are encrypted anew."""
    settings = load_petition_settings()
    if settings.key_file is None:
        raise KeyFileMissing
    url, path = settings.database_url, settings.key_file
    say(run_with_context(lambda context: _prospect(context, url, path, keep_old=keep_old)))
    if not agrees("Exchange the key?", yes=yes):
        return
    try:
        say(run_with_context(lambda context: _rotate(context, url, path, keep_old=keep_old)))
    except KeyboardInterrupt:
        typer.echo("You have stopped it; run it again, and it goes on.", err=True)
        raise typer.Exit(INTERRUPTED) from None


keys.command()(rotate_references)


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
