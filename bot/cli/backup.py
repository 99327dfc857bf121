"""`petition-bot backup` and `petition-bot restore`, and the reports of their results."""

import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot import restore as restoration
from bot.age_encryption import read_identities
from bot.backup import (
    Manifest,
    names_open_with,
    read_manifest,
    remove_old_backups,
    was_made_with,
    write_backup,
)
from bot.cli.context import CliContext, required_recipients, run_with_context
from bot.cli.purge import refuse_another_date, telegram_time
from bot.console import CannotDo, Yes, agrees, progress, run_to_end, say, signatures, tell
from bot.file_locations import make_database_folder
from bot.petition.petition import BUNDLED, load_petition
from bot.settings import PetitionSettings, SettingsInvalid, require_key_file
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import mark
from storage.admins import add_audit
from storage.errors import KeyFileMissing
from storage.keyring import Keyring

_File = Annotated[Path, typer.Argument(metavar="ARCHIVO", help="La copia, un solo archivo.")]


def backup(
    file: _File,
    keep: Annotated[
        int | None,
        typer.Option(min=1, max=30, help="Borra de su carpeta las que tienen más días."),
    ] = None,
) -> None:
    """Backs up the database into one encrypted file, also while the bot runs.

    Only who holds a key of PETITION_AGE_RECIPIENTS can open it. The bot's own key file is not in
    it: keep a copy of that elsewhere.
    """
    settings = PetitionSettings.load()
    recipients = required_recipients(settings)
    stopped = label("Interrumpido: no hay ninguna copia.")
    with progress(label("Copiando"), stopped, in_bytes=True) as done:

        async def made(context: CliContext) -> Manifest:
            url, keyring = settings.database_url, context.storage.keyring
            manifest = await write_backup(file, url, recipients, keyring, wrote=done)
            where = f"{platform.node()}:{file.resolve()}"
            await context.storage.write(add_audit, "backup", at=manifest.made_at, detail=where)
            return manifest

        manifest = run_with_context(made)
    say(
        label("La copia está en {path}: {content}.", path=file, content=_content(manifest)),
        label(
            "Guárdala en otra máquina. Hace falta también el archivo de clave, que no va en ella."
        ),
    )
    if keep is not None:
        _remove_older(file, manifest.made_at, keep)
        return
    tell(
        "Tiene lo que la gente retire desde ahora: bórrala a los treinta días, como se "
        "les prometió. --keep 30 borra las más antiguas."
    )


def _remove_older(file: Path, made_at: datetime, days: int) -> None:
    """Removes the backups beside a new one that are older than this many days, and says which."""
    settings = PetitionSettings.load()
    # As a clock that is years ahead would take all of them. Without an answer its own day counts.
    told = run_to_end(telegram_time(settings))
    if told is not None:
        refuse_another_date(told, made_at)
    own = Keyring.load(require_key_file(settings.key_file))
    removed, doubtful = remove_old_backups(file, own, made_at - timedelta(days=days))
    if removed:
        files = ", ".join(each.name for each in removed)
        tell("Borradas, porque tenían más de {days} días: {files}.", days=days, files=files)
    if doubtful:
        tell(
            "También son más antiguas, pero siguen ahí: {files}. Están dañadas, o no se "
            "hicieron con este archivo de clave. Si son tuyas, bórralas.",
            files=", ".join(each.name for each in doubtful),
        )


def restore(
    file: _File,
    identity: Annotated[
        Path | None, typer.Option("--identity", "-i", metavar="CLAVE", help="La clave de age.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Solo mira si está entera; no hace falta la clave.")
    ] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Lo prueba todo en otro sitio, sin cambiar nada.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Puts a backup in the place of the database; who withdrew since does not come back.

    Stop the bot first. The database that was there is moved aside, and nothing is sent until an
    admin has looked.
    """
    manifest = _checked(file)
    if check:
        return
    if identity is None:
        raise CannotDo.because(
            "Una copia se abre con la clave de age: --identity CLAVE. No se ha hecho nada."
        )
    read_identities(identity)  # so that nothing is asked where the key is not there
    if not drill and not agrees(
        label("¿Pongo esta copia en el lugar de la base de datos?"), yes=yes
    ):
        return
    stopped = label(
        "Interrumpido: la copia no está restaurada. Para restaurarla, ejecútalo otra vez."
    )
    with progress(label("Abriendo"), stopped, manifest.payload_bytes, in_bytes=True) as done:
        order = _order(file, manifest, identity, done)
        work = restoration.drill(order) if drill else restoration.restore(order)
        outcome = run_to_end(work)
    if outcome is None:
        tell("La clave la abre, y pg_restore la lee hasta el final. No se ha cambiado nada.")
    elif drill:
        tell(
            "La clave la abre, su base de datos está sana y el archivo de clave abre sus nombres. "
            "Así quedaría. {outcome} No se ha cambiado nada.",
            outcome=" ".join(_outcome(outcome)),
        )
    else:
        _say_restored(outcome)


def _checked(file: Path) -> Manifest:
    """Checks that a backup is whole, and reports what it contains; raises BackupUnusable."""
    manifest = read_manifest(file)
    day = terminal_words().date(manifest.made_at.date())
    tell(
        "El archivo está entero. Dice de sí mismo que es la copia del {moment}: {content}.",
        moment=f"{day}, {manifest.made_at:%H:%M} UTC",
        content=_content(manifest),
    )
    try:
        keyring = Keyring.load(require_key_file(PetitionSettings.load().key_file))
    except (KeyFileMissing, SettingsInvalid):  # as on the machine where the backups are kept
        tell("Sin el archivo de clave del bot, PETITION_KEY_FILE, no se puede saber si es verdad.")
        return manifest
    if not was_made_with(keyring, manifest):
        tell(
            "No se hizo con el archivo de clave de los ajustes, o se ha cambiado su primera "
            "línea: eso lo ha podido escribir cualquiera."
        )
    elif names_open_with(keyring, manifest):
        tell("Se hizo aquí, con el archivo de clave de los ajustes.")
    else:
        tell(
            "Se hizo aquí, pero sus nombres se cifraron con la clave {key}, que ya no está en "
            "{path}: se cambió después. Para restaurarla, añade debajo de la actual la línea de "
            "esa clave, de la copia del archivo de entonces.",
            key=manifest.key,
            path=keyring.path,
        )
    return manifest


def _say_restored(restored: restoration.Restored) -> None:
    """Reports the result of a restore, and what to do next."""
    tell("La copia está restaurada. {outcome}", outcome=" ".join(_outcome(restored)))
    if (aside := restored.moved_aside) is not None:
        tell(
            "La base de datos que había es ahora {path}. Tiene a las mismas personas: el bot "
            "la borra al cabo de una semana.",
            path=aside,
        )
    tell(
        "Pon ya el bot en marcha. No envía nada hasta que lo mire alguien que administra: les "
        "cuenta en el chat qué se restauró, con un botón que deja salir los mensajes."
    )


def _order(
    file: Path, manifest: Manifest, identity: Path, read: Callable[[int], None]
) -> restoration.Order:
    settings = PetitionSettings.load()
    make_database_folder(settings.database_url)
    return restoration.Order(
        path=file,
        manifest=manifest,
        identities=read_identities(identity),
        url=settings.database_url,
        keyring=Keyring.load(require_key_file(settings.key_file)),
        slug=load_petition(settings.folder or BUNDLED).slug,
        at=datetime.now(UTC),
        read=read,
    )


def _content(manifest: Manifest) -> str:
    held = "; ".join(
        label(
            "{slug}, con {signatures}, hasta la número {last}",
            slug=each.slug,
            signatures=signatures(each.signatures),
            last=terminal_words().number(each.last_number),
        )
        for each in manifest.petitions
    )
    return f"{held}; {terminal_words().speed(manifest.payload_bytes / 1e6)} MB"


def _outcome(restored: restoration.Restored) -> Iterator[str]:
    number = terminal_words().number
    yield label("Tiene {signatures}.", signatures=signatures(restored.signatures))
    if restored.lost:
        yield label(
            "Números dados después de ella: {n}. Como mucho se han perdido esas firmas, y ninguno "
            "de esos números se vuelve a dar.",
            n=number(restored.lost),
        )
    if repeated := restored.repeated:
        said = mark("Repetido del diario, lo que la gente pidió después: {n}.")
        yield label(said, n=number(repeated))
    if not restored.knows_all:
        yield label(
            "Junto al archivo de clave no está entero el diario, que dice quién se retiró "
            "después de la copia y quién no quiere mensajes: puede que algunas de esas "
            "personas hayan vuelto. Si lo tienes entero, ponlo ahí, y restaura otra vez antes "
            "de poner el bot en marcha; si hay una copia posterior, restaura esa."
        )
        if not restored.lost:
            yield label("Tampoco se sabe si faltan firmas posteriores.")
