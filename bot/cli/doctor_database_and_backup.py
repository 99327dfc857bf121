"""What can be wrong with a petition's database, what is in it, and its backups."""

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread

from bot.backup import BACKUP_IS_OLD, names_open_with, read_manifest, was_made_with
from bot.cli.context import open_cli_context, required_recipients
from bot.cli.doctor_installation import Check, CheckGroup, Finding, Findings, Installation, Level
from bot.console import CannotDo, reason_of, signatures
from bot.high_water_mark import HighWaterMark
from bot.petition.petition import BUNDLED, load_petition
from bot.restore import require_finished
from bot.retention import find_overdue
from bot.settings import require_key_file
from bot.text.problems import PetitionInvalid
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import mark
from storage.admins import last_done
from storage.database import data_folder, parse_address, without_password
from storage.database_contents import reached_in, schema_in
from storage.durability import durability_of
from storage.errors import (
    BackupUnusable,
    DatabaseBehind,
    SchemaMissing,
    SchemaUnknown,
    StorageError,
)
from storage.keyring import Keyring
from storage.migrate import SCHEMAS
from storage.petitions import petition_state
from storage.private_files import network_file_system

_FILE_SECONDS = 8  # for reading a backup, of what doctor gives its group

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
            "pon fsync = on, full_page_writes = on y synchronous_commit = on."
        )
    if found.standbys == 0 and found.is_named:
        yield DURABILITY.mend(
            "La base de datos se ha quedado sin su servidor de reserva. La gente puede seguir "
            "firmando, pero si ahora falla el servidor que queda, se pierden firmas que ya se "
            "agradecieron. Pon en marcha el de reserva, y nómbralo otra vez en "
            "synchronous_standby_names (Patroni lo hace solo). Si no va a volver, quítalo de "
            "PETITION_DATABASE_URL, o quita de ahí target_session_attrs."
        )
    elif found.standbys == 0:
        yield DURABILITY.fine(
            "No hay servidor de reserva (synchronous_standby_names): si se pierde el servidor, se "
            "pierden las firmas posteriores a la última copia."
        )
    elif not found.waits_for_standby:
        yield DURABILITY.mend(
            "Hay un servidor de reserva, pero las firmas se agradecen antes de que las tenga. En "
            "los ajustes de PostgreSQL, pon synchronous_commit = on."
        )
    elif found.in_step is None:
        yield DURABILITY.mend(
            "El usuario del bot no puede ver si el servidor de reserva sigue a la base de datos. "
            "Ejecuta en ella, como administrador: GRANT pg_read_all_stats TO usuario"
        )
    elif found.is_stuck:
        yield DURABILITY.broken(
            "La base de datos espera a su servidor de reserva (necesarios: {n}; al día: {there}), "
            "y mientras tanto nadie puede firmar. Pon en marcha lo que falta o, si no va a "
            "volver, quítalo de synchronous_standby_names.",
            n=found.standbys,
            there=found.in_step,
        )
    else:
        yield DURABILITY.fine(
            "Cada firma se agradece cuando la tiene el servidor de reserva."
            if found.is_named
            else "Cada firma se agradece cuando la tiene el servidor de reserva. Para que el bot "
            "avise si un día falta, añade al final de PETITION_DATABASE_URL "
            "?target_session_attrs=read-write (con & en vez de ? si ya hay un ?)."
        )


SIGNATURES, RUNNING = Check("signatures", mark("firmas")), Check("running", mark("en marcha"))
RETENTION, BACKUP = Check("retention", mark("borrado")), Check("backup", mark("copia"))
# In the order in which they are found: a backup may take long to be read.
_OF_DATA = (SIGNATURES, RUNNING, RETENTION, BACKUP)


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
        for each in _OF_DATA:
            yield each.fine("La petición no ha empezado todavía.")
        return
    try:
        async with open_cli_context(settings, only_looks=True) as context:
            read = context.storage.read
            state = await read(petition_state)
            backup, is_attended = await read(last_done, "backup"), await context.is_attended()
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
        yield RUNNING.mend(
            "Ningún bot atiende ahora la petición. Para arrancar uno: petition-bot run o, si es "
            "un servicio, systemctl start petition-bot"
        )
    if overdue is None:
        yield RETENTION.fine("No queda nada que ya tuviera que estar borrado.")
    else:
        yield RETENTION.mend(
            "Ya tenía que estar borrado: {signatures}. Lo borra el bot que esté en marcha, "
            "después de avisar a quienes administran. Por qué toca: petition-bot purge --dry-run",
            signatures=signatures(overdue.people),
        )
    try:
        required_recipients(settings)
    except CannotDo as error:
        yield Finding(BACKUP, Level.MEND, str(error))
    if backup is not None:
        yield _age_of(backup.at)
        yield await _of_file(keyring, backup.at, backup.detail)
    elif reached.number > 0:
        yield BACKUP.mend("No consta ninguna. Haz una: petition-bot backup ARCHIVO")
    else:
        yield BACKUP.fine("Nadie ha firmado todavía.")


async def _of_file(keyring: Keyring, made_at: datetime, where: str) -> Finding:
    """Looks at the last backup in a thread that ends with the program, as its disk may hang."""
    said = mark(
        "No consta dónde está su archivo. Donde esté, mira si está entero: petition-bot restore "
        "ARCHIVO --check"
    )
    if where:
        said = mark(
            "Su archivo tarda demasiado en leerse: {where}. Mira si está entero: petition-bot "
            "restore ARCHIVO --check"
        )
        found = Future[Finding]()
        found.set_running_or_notify_cancel()  # who waits no longer does not take it away
        read = partial(_read_file, keyring, made_at, where)

        def look() -> None:
            try:
                found.set_result(read())
            except Exception as error:  # a bug, which whoever waits tells
                found.set_exception(error)

        Thread(target=look, daemon=True).start()
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.wrap_future(found), _FILE_SECONDS)
    return Finding(BACKUP, Level.UNKNOWN, label(said, where=where))


def _read_file(keyring: Keyring, made_at: datetime, where: str) -> Finding:
    """Reads the last backup to its end, where its file is on this machine."""
    path = Path(where.partition(":")[2])
    try:
        manifest = read_manifest(path)
    except BackupUnusable as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            return Finding(BACKUP, Level.MEND, reason_of(error))
        manifest = None
    # Another machine may call its own the same. It is to be kept elsewhere, as `backup` says.
    if manifest is None or manifest.made_at != made_at.replace(microsecond=0):
        return BACKUP.fine(
            "Su archivo no está en esta máquina; se guardó en {where}. Donde esté ahora, mira si "
            "está entero: petition-bot restore ARCHIVO --check",
            where=where,
        )
    if was_made_with(keyring, manifest) and names_open_with(keyring, manifest):
        return BACKUP.fine(
            "Su archivo está entero y se hizo con la clave de los ajustes: {path}", path=path
        )
    return BACKUP.mend(
        "Su archivo está entero, pero no se hizo con la clave de los ajustes, o esta ya no abre "
        "sus nombres: {path}. Detalles: petition-bot restore ARCHIVO --check",
        path=path,
    )


def _age_of(made_at: datetime) -> Finding:
    """Says from when the last backup is."""
    day = terminal_words().date(made_at.date())
    if datetime.now(UTC) - made_at <= BACKUP_IS_OLD:
        return BACKUP.fine("La última copia es del {day}.", day=day)
    return BACKUP.mend(
        "La última copia es del {day}. Haz otra: petition-bot backup ARCHIVO", day=day
    )


_NEEDS = ("database_url", "folder", "key_file")
GROUPS = (
    CheckGroup(_look_at_database, (DATABASE, SCHEMA, DURABILITY), ("database_url",)),
    CheckGroup(_look_at_data, _OF_DATA, _NEEDS),
)
