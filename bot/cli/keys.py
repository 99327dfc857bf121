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
    """Exchanges the encryption key, also while the bot runs; names and chats are encrypted "
    "anew."""
    settings = load_petition_settings()
    url, path = settings.database_url, require_key_file(settings.key_file)
    say(run_with_context(lambda context: _prospect(context, url, path, keep_old=keep_old)))
    if not agrees(label("¿Cambio la clave?"), yes=yes):
        return
    with interruptible(label("Interrumpido. Ejecútalo otra vez, y sigue.")):
        say(run_with_context(lambda context: _rotate(context, url, path, keep_old=keep_old)))


async def _prospect(context: CliContext, url: str, path: Path, *, keep_old: bool) -> str:
    """Returns what is going to be done, in sentences."""
    values = context.words.number(await _rotation(context, url).outdated())
    if await _is_begun(context, url):
        said = [label("Había un cambio sin acabar, y sigue. Datos que faltan: {n}.", n=values)]
    else:
        said = [
            label("{path} recibe una clave nueva, con la que todo se cifra otra vez.", path=path)
        ]
    said.append(
        label(
            "Tarda algo más de dos minutos, porque espera a que se guarde lo que el bot "
            "estuviera cifrando todavía con la anterior."
        )
    )
    if keep_old:
        return " ".join((*said, label("La clave anterior se queda también en el archivo.")))
    return " ".join(
        (
            *said,
            label(
                "Después, la clave anterior sale del archivo. Las copias hechas hasta entonces "
                "no se pueden leer sin ella: guarda aparte el archivo como está ahora, mientras "
                "guardes esas copias. Si otro bot usa este archivo con otra base de datos, elige "
                "--keep-old."
            ),
        )
    )


async def _rotate(context: CliContext, url: str, path: Path, *, keep_old: bool) -> str:
    """Exchanges the key; returns the result in sentences."""
    try:
        async with acquire_process_lock(url, KEYS_LOCK):
            return await _rotate_alone(context, url, path, keep_old=keep_old)
    except HeldElsewhere as error:
        raise CannotDo.because("Ya hay otro petition-bot keys rotate en marcha.") from error


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
    task = bar.add_task(label("Esperando a que el bot tenga la clave nueva"), total=None)
    await rotation.until_taken_up()
    total = await rotation.outdated()
    bar.update(task, description=label("Cifrando"), total=total)

    def progress(values: int) -> None:
        bar.update(task, completed=values, total=max(total, values))
        if values >= total:
            bar.update(task, description=label("Esperando dos minutos"))

    progress(0)
    return await rotation.complete(progress)


def _result(context: CliContext, path: Path, done: Resealed, *, removed: bool) -> list[str]:
    said = [label("Datos cifrados con la clave nueva: {n}.", n=context.words.number(done.values))]
    if removed:
        said.append(
            label(
                "La anterior ya no está en {path}. Haz una copia del archivo como está ahora, y "
                "guarda la copia anterior solo mientras haya copias de la base de datos de antes.",
                path=path,
            )
        )
    elif done.damaged:
        listed = ", ".join(f"{name} {count}" for name, count in sorted(done.damaged.items()))
        said.append(
            label(
                "Algunos no se pudieron descifrar, y están como estaban: {listed}. Por eso la "
                "clave anterior se queda en {path}.",
                listed=listed,
                path=path,
            )
        )
    else:
        said.append(
            label(
                "La anterior se queda en {path}. Haz una copia del archivo como está ahora.",
                path=path,
            )
        )
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
    """Exchanges the key by which people are recognised; the bot has to be stopped for it."""
    settings = load_petition_settings()
    key_file = require_key_file(settings.key_file)
    slug = load_petition(settings.folder or BUNDLED).slug
    place = _Place(settings.database_url, key_file, slug, _admins())
    say(run_to_end(_in_place(place, lambda storage: _prospect_of_change(storage, place))))
    if not agrees(label("¿Cambio la clave?"), yes=yes):
        return
    with interruptible(
        label("Interrumpido. Ejecútalo otra vez antes de poner el bot en marcha, y sigue.")
    ):
        say(run_to_end(_in_place(place, lambda storage: _change(storage, place, keep_old))))


async def _prospect_of_change(storage: Storage, place: _Place) -> str:
    """Returns what is going to be done, in sentences; raises if it cannot be."""
    change = _change_of(storage, place)
    begun = await change.is_begun()
    await change.require_derivable()
    said = [
        label(
            "Firmas: {n}. Cada una recibe otra referencia, por la que el bot reconoce a quien "
            "firmó.",
            n=await change.signatures(),
        ),
        label(
            "Personas que no han firmado, o se han retirado: {n}. Su chat no se guarda, así que "
            "se olvida lo que eligieron y escribieron, y empiezan de nuevo. Los códigos para "
            "cartas dejan de servir.",
            n=await change.forgotten(place.admins),
        ),
        label(
            "Las copias hechas hasta entonces solo se pueden restaurar con {path} como está "
            "ahora: guárdalo aparte mientras guardes esas copias. Deja el bot parado hasta que "
            "esto acabe.",
            path=place.key_file,
        ),
    ]
    unfinished = [label("Había un cambio sin acabar, y sigue.")] if begun else []
    return " ".join((*unfinished, *said))


async def _change(storage: Storage, place: _Place, keep_old: bool) -> str:
    """Exchanges the key; returns the result in sentences."""
    if not await _change_of(storage, place).is_begun():
        add_reference_key(place.key_file)
    keyring = Keyring.load(place.key_file)
    change = _change_of(Storage(storage.database, keyring, place.slug), place)
    total = await change.signatures()
    with progress_bar() as bar:
        task = bar.add_task(label("Cambiando"), total=total)
        changed = await change.carry_out(
            lambda done: bar.update(task, completed=done), place.admins, datetime.now(UTC)
        )
    said = label(
        "Firmas con otra referencia: {n}. Personas que empiezan de nuevo: {forgotten}.",
        n=changed.signatures,
        forgotten=changed.forgotten,
    )
    if not await change.is_journal_changed():
        damaged = label(
            "El diario que está junto a la clave está dañado y no se pudo escribir otra vez, así "
            "que la clave anterior se queda en {path}. Pon el bot en marcha.",
            path=place.key_file,
        )
        return f"{said} {damaged}"
    if keep_old or await change.needs_older_key():
        why = "" if keep_old else label(", porque otra petición de esta base de datos la necesita")
        stays = label(
            "La clave anterior se queda en {path}{why}. Pon el bot en marcha.",
            path=place.key_file,
            why=why,
        )
        return f"{said} {stays}"
    remove_older_reference_keys(place.key_file)
    gone = label(
        "La clave anterior ya no está en {path}. Haz una copia del archivo como está ahora, y "
        "otra de la base de datos, y pon el bot en marcha.",
        path=place.key_file,
    )
    return f"{said} {gone}"


async def _in_place(place: _Place, work: Callable[[Storage], Awaitable[R]]) -> R:
    try:
        async with (
            acquire_process_lock(place.url, f"intake/{place.slug}"),
            _opened(place) as storage,
        ):
            return await work(storage)
    except HeldElsewhere as error:
        raise CannotDo.because(
            "El bot está en marcha. Páralo antes: mientras tanto no reconocería a nadie."
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
