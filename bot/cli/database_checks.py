"""What can be wrong with a petition's database, what is in it, and its backups."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot.backup import BACKUP_IS_OLD, names_open_with, read_manifest, was_made_with
from bot.cli.context import open_cli_context, required_recipients
from bot.cli.installation_checks import Check, CheckGroup, Finding, Findings, Installation, Level
from bot.console import CannotDo, reason_of, signatures
from bot.high_water_mark import HighWaterMark
from bot.petition.petition import BUNDLED, load_petition
from bot.restore import require_finished
from bot.retention import find_overdue
from bot.settings import require_key_file
from bot.text.problems import PetitionInvalid
from bot.text.terminal_language import terminal_words
from bot.text.translations import mark
from storage.audit import last_done
from storage.database_contents import reached_in, schema_in
from storage.database_url import data_folder, parse_address, without_password
from storage.durability import durability_of
from storage.errors import DatabaseBehind, SchemaMissing, SchemaUnknown, StorageError
from storage.keyring import Keyring
from storage.migrate import SCHEMAS
from storage.petitions import petition_state
from storage.private_files import network_file_system

DATABASE = Check("database", mark("base de datos"))
SCHEMA, DURABILITY = Check("schema", mark("tablas")), Check("durability", mark("al guardar"))


async def _look_at_database(installation: Installation) -> Findings:
    url = installation.settings.database_url
    schema: str | StorageError | None
    try:
        schema = await schema_in(url)
    except SchemaUnknown as error:
        schema = error
    place = without_password(parse_address(url))
    yield DATABASE.fine(
        "Todavía no tiene nada del bot: {place}" if schema is None else "Se puede leer: {place}",
        place=place,
    )
    if isinstance(schema, StorageError):
        yield Finding(SCHEMA, Level.BROKEN, reason_of(schema))
    elif schema is None or schema == SCHEMAS[-1]:
        yield SCHEMA.fine(
            "Son las de esta versión." if schema else "Las hace petition-bot run al arrancar."
        )
    else:
        yield SCHEMA.mend(
            "Son de una versión anterior. Las pone al día petition-bot run al arrancar."
        )
    if folder := data_folder(url):
        kind = await asyncio.to_thread(network_file_system, folder)
        if kind is None:
            yield DURABILITY.fine("Cada firma se agradece cuando está en el disco.")
        else:
            yield DURABILITY.mend(
                "La base de datos está en un disco de red ({kind}), y ahí SQLite se puede dañar. "
                "Ponla en un disco de esta máquina, o usa PostgreSQL.",
                kind=kind,
            )
        return
    async for each in _of_server(url):
        yield each


async def _of_server(url: str) -> Findings:
    """Looks at what PostgreSQL waits for before it says that something is saved."""
    found = await durability_of(url)
    if found is None:
        return
    if not found.is_on_disk:
        yield DURABILITY.mend(
            "Un corte de luz pierde firmas que ya se agradecieron. En los ajustes de PostgreSQL, "
            "pon en on fsync, full_page_writes y synchronous_commit."
        )
    if found.standbys == 0:
        yield DURABILITY.fine(
            "No hay servidor de reserva síncrono (synchronous_standby_names): si se pierde el "
            "servidor, se pierde lo que no esté en la última copia."
        )
    elif not found.waits_for_standby:
        yield DURABILITY.mend(
            "Hay un servidor de reserva, pero una firma se agradece sin que la tenga. En los "
            "ajustes de PostgreSQL, pon en on synchronous_commit."
        )
    elif found.in_step is None:
        yield DURABILITY.mend(
            "El usuario del bot no puede ver si el servidor de reserva sigue a la base de datos. "
            "Ejecuta en ella, como administrador: GRANT pg_read_all_stats TO usuario"
        )
    elif found.is_stuck:
        yield DURABILITY.broken(
            "La base de datos espera a {n} servidores de reserva, y la siguen {there}: mientras "
            "tanto nadie puede firmar. Ponlos en marcha o, si no van a volver, quítalos de "
            "synchronous_standby_names.",
            n=found.standbys,
            there=found.in_step,
        )
    else:
        yield DURABILITY.fine("Cada firma se agradece cuando la tiene el servidor de reserva.")


SIGNATURES, RUNNING = Check("signatures", mark("firmas")), Check("running", mark("en marcha"))
BACKUP, RETENTION = Check("backup", mark("copia")), Check("retention", mark("borrado"))


async def _look_at_data(installation: Installation) -> Findings:
    settings = installation.settings
    try:
        petition = await asyncio.to_thread(load_petition, settings.folder or BUNDLED)
        keyring = await asyncio.to_thread(Keyring.load, require_key_file(settings.key_file))
        reached = await reached_in(settings.database_url, petition.slug)
    except (PetitionInvalid, StorageError):
        return  # which is said of the petition, the key or the database
    await HighWaterMark(keyring.path, settings.database_url, petition.slug).require_reached()
    require_finished(keyring, petition.slug)
    if reached is None:
        for each in (SIGNATURES, RUNNING, BACKUP, RETENTION):
            yield each.fine("La petición no ha empezado todavía.")
        return
    try:
        async with open_cli_context(settings, only_looks=True) as context:
            read = context.storage.read
            state = await read(petition_state)
            made_at, is_attended = await read(last_done, "backup"), await context.is_attended()
            overdue = await find_overdue(context.storage, context.petition, context.clock())
    except SchemaMissing:
        return  # which is said of the tables
    except DatabaseBehind as error:  # a copy that the next start brings up to date
        yield Finding(SIGNATURES, Level.MEND, reason_of(error))
        return
    yield SIGNATURES.fine("Hay {signatures}.", signatures=signatures(state.signatures))
    if is_attended:
        yield RUNNING.fine("Un bot atiende la petición.")
    else:
        yield RUNNING.mend("Ningún bot atiende ahora la petición: petition-bot run")
    try:
        required_recipients(settings)
    except CannotDo as error:
        yield Finding(BACKUP, Level.MEND, str(error))
    if made_at is not None:
        yield _age_of(made_at, BACKUP)
    elif reached.number > 0:
        yield BACKUP.mend("No consta ninguna. Haz una: petition-bot backup ARCHIVO")
    else:
        yield BACKUP.fine("Nadie ha firmado todavía.")
    if overdue is None:
        yield RETENTION.fine("No queda nada que ya tuviera que estar borrado.")
    else:
        yield RETENTION.mend(
            "Ya tenía que estar borrado: {signatures}. Lo borra el bot que esté en marcha, "
            "después de avisar a quienes administran. Por qué toca: petition-bot purge --dry-run",
            signatures=signatures(overdue.people),
        )


BACKUP_FILE = Check("backup_file", mark("archivo de la copia"))


async def _look_at_backup(installation: Installation) -> Findings:
    try:
        manifest = await asyncio.to_thread(read_manifest, installation.backup or Path())
        keyring = Keyring.load(require_key_file(installation.settings.key_file))
    except StorageError as error:
        yield Finding(BACKUP_FILE, Level.MEND, reason_of(error))
        return
    if was_made_with(keyring, manifest) and names_open_with(keyring, manifest):
        yield _age_of(manifest.made_at, BACKUP_FILE)
    else:
        yield BACKUP_FILE.mend(
            "Está entero, pero no es de aquí o la clave de los ajustes no abre sus nombres. Más: "
            "petition-bot restore ARCHIVO --check"
        )


def _age_of(made_at: datetime, check: Check) -> Finding:
    """Says from when a backup is."""
    day = terminal_words().date(made_at.date())
    if datetime.now(UTC) - made_at <= BACKUP_IS_OLD:
        return check.fine("La última copia es del {day}.", day=day)
    return check.mend(
        "La última copia es del {day}. Haz otra: petition-bot backup ARCHIVO", day=day
    )


_NEEDS = ("database_url", "folder", "key_file")
GROUPS = (
    CheckGroup(_look_at_database, (DATABASE, SCHEMA, DURABILITY), ("database_url",)),
    CheckGroup(_look_at_data, (SIGNATURES, RUNNING, BACKUP, RETENTION), _NEEDS),
)
OF_BACKUP = CheckGroup(_look_at_backup, (BACKUP_FILE,))
"""Looks at the backup that was named."""
