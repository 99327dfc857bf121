"""What can be wrong with an installation: each check says what is so, and what to do.

None changes anything, writes to anybody, or takes a lock that would keep a bot away.
"""

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bot import file_locations
from bot.backup import BACKUP_IS_OLD, names_open_with, read_manifest, was_made_with
from bot.cli.context import open_cli_context, required_recipients
from bot.cli.run import how_to_finish, nobody_approves
from bot.console import (
    CannotDo,
    reason_of,
    signatures,
)
from bot.high_water_mark import HighWaterMark
from bot.monitoring.checks import check_backlog
from bot.petition.petition import BUNDLED, load_petition, petition_of
from bot.petition_folder.links import EXAMPLE
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import unready_problems
from bot.restore import require_finished
from bot.retention import find_overdue
from bot.settings import (
    Settings,
    key_apart_from_data,
    require_key_file,
    unknown_settings,
)
from bot.setup.bot_calls import BotCalls
from bot.telegram_session import shared_session
from bot.text.problems import PetitionInvalid
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import mark
from storage.audit import last_done
from storage.database_contents import reached_in, schema_in
from storage.database_url import SqliteAddress, data_folder, parse_address, without_password
from storage.durability import durability_of
from storage.errors import DatabaseBehind, SchemaMissing, SchemaTooNew, SchemaTooOld, StorageError
from storage.keyring import Keyring
from storage.migrate import SCHEMAS
from storage.petitions import petition_state
from storage.private_files import network_file_system, reason_and_command

_CLOCK_SECONDS = 60  # how much the clock may differ
_MEGABYTE = 10**6
_ROOM = 200 * _MEGABYTE  # in bytes, below which a disk is nearly full


class Level(IntEnum):
    """How bad something is; the worst decides how the command ends."""

    FINE = 0
    UNKNOWN = 1
    MEND = 2
    BROKEN = 3
    """The bot cannot run like this."""


class Finding(NamedTuple):
    """What a check found, in a sentence that says what to do where it is bad."""

    check: "Check"
    level: Level
    said: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at: its name for programs, which stays, and the one for people."""

    key: str
    name: str

    def fine(self, source: str, /, **values: object) -> Finding:
        """Returns that it is as it should be."""
        return Finding(self, Level.FINE, label(source, **values))

    def mend(self, source: str, /, **values: object) -> Finding:
        """Returns what is to be mended, though the bot runs."""
        return Finding(self, Level.MEND, label(source, **values))

    def broken(self, source: str, /, **values: object) -> Finding:
        """Returns why the bot cannot run."""
        return Finding(self, Level.BROKEN, label(source, **values))


class Installation(NamedTuple):
    """What is looked at: its settings, a sentence for each wrong one, perhaps a backup."""

    settings: Settings
    wrong: dict[str, str]
    backup: Path | None


Findings = AsyncIterator[Finding]

SETTINGS = Check("settings", mark("ajustes"))


async def _look_at_settings(installation: Installation) -> Findings:
    for said in installation.wrong.values():
        yield Finding(SETTINGS, Level.BROKEN, said)
    if names := unknown_settings():
        yield SETTINGS.mend(
            "El bot no lee estos ajustes: {names}. Están mal escritos o, si los leen "
            "también otros programas, solo valen en el entorno.",
            names=", ".join(names),
        )
    elif not installation.wrong:
        yield SETTINGS.fine(
            "Valen los del entorno y los de {path}", path=file_locations.env_file()
        )


PETITION, CONTACT = Check("petition", mark("petición")), Check("contact", mark("contacto"))


async def _look_at_petition(installation: Installation) -> Findings:
    settings, level = installation.settings, Level.FINE
    folder = settings.folder or BUNDLED
    read = read_folder(folder)
    if read.problems:
        yield PETITION.broken(
            "Problemas en su carpeta: {n}. Los muestra petition-bot check {folder}",
            n=len(read.problems),
            folder=folder,
        )
        return
    petition = petition_of(read)
    if unready_problems(read):
        reached = None
        with suppress(StorageError):  # which is said of the database
            reached = await reached_in(settings.database_url, petition.slug)
        # One that people have signed is started all the same.
        level = Level.MEND if reached is not None and reached.number > 0 else Level.BROKEN
        said = label("Todavía no está lista para personas de verdad.")
        yield Finding(PETITION, level, " ".join((said, *how_to_finish(settings))))
    else:
        yield PETITION.fine("{slug} está lista.", slug=petition.slug)
    if EXAMPLE.search(petition.contact):
        said = label(
            "{value} es un ejemplo: pon el de tu organización antes de empezar",
            value=petition.contact,
        )
        yield Finding(CONTACT, level, said)
    else:
        yield CONTACT.fine(
            "Quien pregunta por sus datos lo hace en {contact}. Mira que alguien lo lea.",
            contact=petition.contact,
        )


KEY = Check("key", mark("clave"))


async def _look_at_key(installation: Installation) -> Findings:
    key_file = require_key_file(installation.settings.key_file)
    key_apart_from_data(key_file, installation.settings.database_url)
    Keyring.load(key_file)
    if os.access(key_file.parent, os.W_OK):
        yield KEY.fine(
            "Está aparte de los datos, y nadie más la puede leer: {path}", path=key_file
        )
        return
    refused = OSError(errno.EACCES, os.strerror(errno.EACCES))
    yield KEY.mend(
        "El bot anota junto a ella hasta dónde ha llegado y quién se retira, y no puede escribir "
        "en {path}: {reason}",
        path=key_file.parent,
        reason=reason_of(reason_and_command(key_file.parent, refused)),
    )


DISK = Check("disk", mark("disco"))


async def _look_at_disk(installation: Installation) -> Findings:
    address = parse_address(installation.settings.database_url)
    key_file, needed = installation.settings.key_file, _ROOM
    folders = [key_file.resolve().parent] if key_file else []
    if isinstance(address, SqliteAddress):
        folders.append(address.path.resolve().parent)
        if address.path.exists():
            needed = max(needed, 2 * address.path.stat().st_size)
    there = [next(up for up in (each, *each.parents) if up.exists()) for each in folders]
    number = terminal_words().number
    for folder in {each.stat().st_dev: each for each in there}.values():
        free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
        megabytes = {"free": number(free // _MEGABYTE), "n": number(needed // _MEGABYTE)}
        if free >= needed:
            yield DISK.fine("Donde está {folder} quedan {free} MB.", folder=folder, **megabytes)
        else:
            yield DISK.mend(
                "Donde está {folder} quedan {free} MB, y conviene que haya {n}: con el disco "
                "lleno nadie puede firmar.",
                folder=folder,
                **megabytes,
            )


DATABASE = Check("database", mark("base de datos"))
SCHEMA, DURABILITY = Check("schema", mark("tablas")), Check("durability", mark("al guardar"))


async def _look_at_database(installation: Installation) -> Findings:
    url = installation.settings.database_url
    schema: str | StorageError | None
    try:
        schema = await schema_in(url)
    except (SchemaTooNew, SchemaTooOld) as error:
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
    async for each in _look_at_server(url):
        yield each


async def _look_at_server(url: str) -> Findings:
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
        petition = load_petition(settings.folder or BUNDLED)
        keyring = Keyring.load(require_key_file(settings.key_file))
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


TOKEN, CLOCK = Check("token", mark("token")), Check("clock", mark("reloj"))
WEBHOOK, BACKLOG = Check("webhook", mark("webhook")), Check("backlog", mark("mensajes"))
ADMINS = Check("admins", mark("quien administra"))


async def _look_at_telegram(installation: Installation) -> Findings:
    settings = installation.settings
    async with shared_session(settings.api_url, settings.proxy) as session:
        calls = BotCalls(session, settings.api_url, settings.bot_token.get_secret_value())
        bot = await calls.identity()
        yield TOKEN.fine("Telegram lo conoce: es de @{bot}.", bot=bot.username)
        ahead = session.server_time()[0]
        difference = 0.0 if ahead is None else (datetime.now(UTC) - ahead).total_seconds()
        if abs(difference) < _CLOCK_SECONDS:
            yield CLOCK.fine("Va como el de Telegram.")
        else:
            yield CLOCK.mend(
                "Va con {time} de diferencia respecto al de Telegram, y lo que tiene hora "
                "ocurre a otra. Pon en hora la máquina: timedatectl set-ntp true",
                time=terminal_words().duration(abs(difference)),
            )
        webhook = await calls.webhook()
        if url := webhook.get("url"):
            yield WEBHOOK.mend(
                "Telegram manda los mensajes a {host}, y el bot no los recibe. Al arrancar, "
                "petition-bot run lo quita; si no lo pusiste tú, pide antes otro token a "
                "@BotFather.",
                host=urlsplit(url).hostname or "?",
            )
        else:
            yield WEBHOOK.fine("No hay ninguno: es el bot quien pregunta a Telegram.")
        pending = int(webhook.get("pending_update_count", 0))
        too_many = check_backlog(pending)
        for each in too_many.values():
            yield Finding(BACKLOG, Level.MEND, each.said(terminal_words()))
        if not too_many:
            yield BACKLOG.fine("Mensajes que esperan en Telegram: {n}.", n=pending)
        admins = sorted(settings.admin_ids)
        has_chat = await asyncio.gather(*map(calls.has_chat, admins))
        strangers = [str(each) for each, has in zip(admins, has_chat, strict=True) if not has]
        if strangers:
            yield ADMINS.mend(
                "El bot no puede escribir a {ids}. Cada una de esas personas tiene que abrir "
                "{link} y escribirle algo.",
                ids=", ".join(strangers),
                link=f"https://t.me/{bot.username}",
            )
        elif admins:
            yield ADMINS.fine("El bot puede escribir a todas las personas que administran.")


APPROVAL = Check("approval", mark("aprobación"))


async def _look_at_approval(installation: Installation) -> Findings:
    admins, above = len(installation.settings.admin_ids), installation.settings.approval_above
    if above is None:
        yield Finding(APPROVAL, Level.MEND, nobody_approves(admins))
    else:
        yield APPROVAL.fine("Lo que llega a más de {n} personas lo aprueba otra.", n=above)


class Group(NamedTuple):
    """What looks at something: its checks in order, and the settings that it needs."""

    look: Callable[[Installation], Findings]
    checks: tuple[Check, ...]
    needs: tuple[str, ...] = ()


_STORED = ("database_url", "key_file")
GROUPS = (
    Group(_look_at_settings, (SETTINGS,)),
    Group(_look_at_petition, (PETITION, CONTACT), ("folder",)),
    Group(_look_at_key, (KEY,), _STORED),
    Group(_look_at_disk, (DISK,), _STORED),
    Group(_look_at_database, (DATABASE, SCHEMA, DURABILITY), ("database_url",)),
    Group(_look_at_data, (SIGNATURES, RUNNING, BACKUP, RETENTION), ("folder", *_STORED)),
    Group(_look_at_backup, (BACKUP_FILE,)),
    Group(
        _look_at_telegram,
        (TOKEN, CLOCK, WEBHOOK, BACKLOG, ADMINS),
        ("bot_token", "api_url", "proxy"),
    ),
    Group(_look_at_approval, (APPROVAL,), ("admin_ids", "approval_above")),
)
