"""`petition-bot keys`: exchanges the key that encrypts, while the bot is stopped."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import CliContext, Plan, confirmed
from bot.console import Yes, progress
from bot.text.terminal_language import label
from bot.text.translations import mark
from storage.admins import add_audit, last_done
from storage.database import data_folder
from storage.key_rotation import outdated_values, petitions_with_key, reseal
from storage.keyring import Keyring, add_encryption_key, remove_older_encryption_keys
from storage.leases import lock_name
from storage.process_lock import acquire_process_lock

keys = typer.Typer(name="keys", no_args_is_help=True)


@keys.command(help="Cambia la clave que cifra, con el bot parado.")
def rotate(
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Deja también la clave anterior en el archivo.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Exchanges the encryption key and encrypts all names and chats anew; no bot may run."""
    confirmed(partial(_prepare, keep_old=keep_old), yes=yes)


@asynccontextmanager
async def _no_bot_running(context: CliContext) -> AsyncIterator[None]:
    """Keeps the bots of all petitions with this key from starting; raises if one runs."""
    url, storage = context.settings.database_url, context.storage
    async with AsyncExitStack() as stack:
        for slug in await storage.read(petitions_with_key, storage.keyring):
            await stack.enter_async_context(acquire_process_lock(url, lock_name(slug)))
        yield


async def _prepare(context: CliContext, *, keep_old: bool) -> Plan:
    async with _no_bot_running(context):
        left = await _left_of_an_exchange(context)
    said = label(
        "{path} recibe una clave nueva, con la que todo se cifra otra vez.",
        path=context.storage.keyring.path,
    )
    if left:
        n = context.words.number(left)
        said = label("Había un cambio sin terminar, y sigue. Datos que faltan: {n}.", n=n)
    after = label("La clave anterior se queda también en el archivo.")
    if not keep_old:
        after = label(
            "Después, la clave anterior sale del archivo. Las copias hechas hasta entonces "
            "no se pueden leer sin ella: guarda aparte el archivo como está ahora, mientras "
            "guardes esas copias. Si otro bot usa este archivo con otra base de datos, elige "
            "--keep-old."
        )
    if data_folder(context.settings.database_url) is None:  # so others can stand by
        everywhere = label(
            "Si otras máquinas tienen un bot con esta base de datos, páralos antes todos y copia "
            "después este archivo a cada una."
        )
        after = f"{after} {everywhere}"
    carry_out = partial(_rotate, keep_old=keep_old)
    return Plan(f"{said} {after}", label("¿Cambio la clave?"), carry_out)


async def _rotate(context: CliContext, *, keep_old: bool) -> str:
    """Exchanges the key, or ends an exchange; returns the result in sentences."""
    async with _no_bot_running(context):
        storage, keyring = context.storage, context.storage.keyring
        path = keyring.path
        if not await _left_of_an_exchange(context):
            add_encryption_key(path)
            keyring = Keyring.load(path)
        await _note(context, f"{keyring.newest.hex()} begun")
        stopped = label("Interrumpido. Ejecútalo otra vez, y sigue.")
        left = await storage.read(outdated_values, keyring)
        with progress(label("Cifrando"), stopped, left) as show:
            done, damaged = await reseal(storage, keyring, show)
        removed = not keep_old and not await storage.read(outdated_values, keyring)
        if removed:
            remove_older_encryption_keys(path, keyring.newest)
        older = "removed" if removed else "kept"
        counts = f"{done} values, {damaged.total()} damaged, older {older}"
        await _note(context, f"{keyring.newest.hex()} ended: {counts}")
    said = label("Datos cifrados con la clave nueva: {n}.", n=context.words.number(done))
    return f"{said} {_older_key(path, damaged, removed=removed)}"


async def _note(context: CliContext, detail: str) -> None:
    await context.storage.write(
        add_audit, "rotate keys", actor=None, at=context.clock(), detail=detail
    )


async def _left_of_an_exchange(context: CliContext) -> int:
    """Returns how many values are still to be encrypted; 0 after the end, also of damaged ones."""
    keyring = context.storage.keyring
    if await context.storage.read(last_done, "rotate keys", f"{keyring.newest.hex()} ended"):
        return 0
    return await context.storage.read(outdated_values, keyring)


def _older_key(path: Path, damaged: Counter[str], *, removed: bool) -> str:
    """Says where the older key is now, and what to do with the file."""
    if removed:
        return label(
            "La anterior ya no está en {path}. Haz una copia del archivo como está ahora, y "
            "guarda la copia anterior solo mientras haya copias de la base de datos de antes.",
            path=path,
        )
    said = mark("La anterior se queda en {path}. Haz una copia del archivo como está ahora.")
    if damaged:
        said = mark(
            "Algunos no se pudieron descifrar: {damaged}. Por eso la anterior se queda en {path}."
        )
    listed = ", ".join(f"{name} {count}" for name, count in sorted(damaged.items()))
    return label(said, path=path, damaged=listed)
