"""What can be wrong with an installation: each check says what is so, and what to do.

None changes anything, writes to anybody, or takes a lock that would keep a bot away.
"""

import asyncio
import errno
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bot import file_locations
from bot.addresses import CannotListen, ListenAddress
from bot.cli.run import how_to_finish, nobody_approves
from bot.console import reason_of
from bot.monitoring.readiness import check_backlog, check_webhook
from bot.petition.petition import BUNDLED, petition_of
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import unready_problems
from bot.settings import Settings, key_apart_from_data, require_key_file, unknown_settings
from bot.setup import BotCalls
from bot.telegram_session import shared_session
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import mark
from storage.database import SqliteAddress, parse_address
from storage.database_contents import reached_in
from storage.errors import StorageError
from storage.keyring import Keyring
from storage.private_files import reason_and_command

_CLOCK_SECONDS = 60  # how much the clock may differ
_ANSWER_SECONDS = 3.0
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
    """What is looked at: its settings, and a sentence for each wrong one."""

    settings: Settings
    wrong: dict[str, str]


Findings = AsyncIterator[Finding]


class CheckGroup(NamedTuple):
    """What looks at something: its checks in order, and the settings that it needs."""

    look: Callable[[Installation], Findings]
    checks: tuple[Check, ...]
    needs: tuple[str, ...] = ()


SETTINGS = Check("settings", mark("ajustes"))


async def _look_at_settings(installation: Installation) -> Findings:
    for said in installation.wrong.values():
        yield Finding(SETTINGS, Level.BROKEN, said)
    if names := unknown_settings():
        yield SETTINGS.mend(
            "El bot no lee estos ajustes: {names}. Están mal escritos o, como HTTPS_PROXY, solo "
            "valen en el entorno y no en un archivo.",
            names=", ".join(names),
        )
    elif not installation.wrong:
        path = file_locations.env_file()
        yield SETTINGS.fine(
            "Valen los del entorno y los de {path}" if path.exists() else "Valen los del entorno.",
            path=path,
        )


PETITION, CONTACT = Check("petition", mark("petición")), Check("contact", mark("contacto"))


async def _look_at_petition(installation: Installation) -> Findings:
    settings, level = installation.settings, Level.FINE
    folder = settings.folder or BUNDLED
    read = await asyncio.to_thread(read_folder, folder)
    if read.problems:
        yield PETITION.broken(
            "Problemas en su carpeta: {n}. Los muestra petition-bot check {folder}",
            n=len(read.problems),
            folder=folder,
        )
        return
    petition = petition_of(read)
    if unready := unready_problems(read):
        reached = None
        with suppress(StorageError):  # which is said of the database
            reached = await reached_in(settings.database_url, petition.slug)
        # One that people have signed is started all the same.
        level = Level.MEND if reached is not None and reached.number > 0 else Level.BROKEN
        said = label("Todavía no está lista para personas de verdad.")
        yield Finding(PETITION, level, " ".join((said, *how_to_finish(settings))))
    else:
        yield PETITION.fine("{slug} está lista.", slug=petition.slug)
    its = {f"controller.{key}" for key, said in petition.controller if said == petition.contact}
    if of_contact := next((each for each in unready if each.key in its), None):
        yield Finding(CONTACT, level, of_contact.said(terminal_words()))
    else:
        yield CONTACT.fine(
            "Quien pregunta por sus datos lo hace en {contact}. Mira que alguien lo lea.",
            contact=petition.contact,
        )


KEY = Check("key", mark("clave"))


async def _look_at_key(installation: Installation) -> Findings:
    key_file = require_key_file(installation.settings.key_file)
    # In a thread, as all that is a file's: its disk may not answer.
    await asyncio.to_thread(key_apart_from_data, key_file, installation.settings.database_url)
    await asyncio.to_thread(Keyring.load, key_file)
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
    number = terminal_words().number
    for folder, free, needed in await asyncio.to_thread(_room, installation.settings):
        values = {"folder": folder, "free": number(free // _MEGABYTE)}
        if free >= needed:
            yield DISK.fine("Donde está {folder} quedan {free} MB.", **values)
        else:
            yield DISK.mend(
                "Donde está {folder} quedan {free} MB, y conviene que haya {n}: con el disco "
                "lleno nadie puede firmar.",
                **values,
                n=number(needed // _MEGABYTE),
            )


def _room(settings: Settings) -> list[tuple[Path, int, int]]:
    """Returns a folder of each disk, the bytes that are free there, and those that should be."""
    address, needed = parse_address(settings.database_url), _ROOM
    folders = [settings.key_file.resolve().parent] if settings.key_file else []
    if isinstance(address, SqliteAddress):
        folders.append(address.path.resolve().parent)
        if address.path.exists():
            needed = max(needed, 2 * address.path.stat().st_size)
    there = [next(up for up in (each, *each.parents) if up.exists()) for each in folders]
    disks = {each.stat().st_dev: each for each in there}.values()
    return [(each, shutil.disk_usage(each).free, needed) for each in disks]


TOKEN, CLOCK = Check("token", mark("token")), Check("clock", mark("reloj"))
WEBHOOK, BACKLOG = Check("webhook", mark("webhook")), Check("backlog", mark("mensajes"))
ADMINS = Check("admins", mark("quien administra"))
ONLINE = (TOKEN, CLOCK, WEBHOOK, BACKLOG, ADMINS)


async def _look_at_telegram(installation: Installation) -> Findings:
    settings = installation.settings
    is_known = installation.wrong.keys().isdisjoint(("webhook_url", "webhook_address"))
    if settings.webhook_url and is_known:
        error = await _cannot_listen(settings.webhook_address)
        if error is not None:
            yield Finding(WEBHOOK, Level.BROKEN, reason_of(error))
    async with shared_session(settings) as session:
        calls = BotCalls(session, settings.api_url, settings.bot_token.get_secret_value())
        bot = await calls.identity()
        yield TOKEN.fine("Telegram lo conoce: es de @{bot}.", bot=bot.username)
        if (now := session.server_time()[0]) is not None:
            yield _of_clock(now)
        webhook = await calls.webhook()
        if "webhook_url" not in installation.wrong:
            yield _of_webhook(webhook, settings.webhook_url)
        pending = int(webhook.get("pending_update_count", 0))
        if too_many := check_backlog(pending):
            yield Finding(BACKLOG, Level.MEND, too_many.said(terminal_words()))
        else:
            yield BACKLOG.fine("Mensajes que esperan en Telegram: {n}.", n=pending)
        admins = sorted(settings.admin_ids)
        can_write = await asyncio.gather(*map(calls.can_write_to, admins))
        strangers = [str(each) for each, can in zip(admins, can_write, strict=True) if not can]
        if strangers:
            yield ADMINS.mend(
                "El bot no puede escribir a {ids}. Cada una de esas personas tiene que abrir "
                "{link} y escribirle algo.",
                ids=", ".join(strangers),
                link=f"https://t.me/{bot.username}",
            )
        elif admins:
            yield ADMINS.fine("El bot puede escribir a todas las personas que administran.")


async def _cannot_listen(address: ListenAddress) -> CannotListen | None:
    """Returns why a bot could not listen there, unless one does."""
    try:
        # It is bound and nothing listens, so that a bot which starts meanwhile gets it.
        server = await asyncio.get_running_loop().create_server(
            asyncio.Protocol, *address, start_serving=False
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await _bot_answers(address):
            return None
        return CannotListen("PETITION_WEBHOOK_ADDRESS", address, error)
    server.close()
    return None


async def _bot_answers(address: ListenAddress) -> bool:
    """Whether what listens there refuses, as a bot does, what comes without its secret."""
    with suppress(OSError):  # and what does not answer in time
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(*address)
            try:
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                said = await reader.read()
                return b" 403 " in said and b"Content-Length: 0" in said
            finally:
                writer.close()
    return False


def _of_clock(now: datetime) -> Finding:
    """Compares the machine's clock with what Telegram's says."""
    seconds = abs((datetime.now(UTC) - now).total_seconds())
    if seconds < _CLOCK_SECONDS:
        return CLOCK.fine("Va como el de Telegram.")
    return CLOCK.mend(
        "Va con {time} de diferencia respecto al de Telegram, y lo programado ocurre a otra "
        "hora. Pon en hora la máquina: timedatectl set-ntp true",
        time=terminal_words().duration(seconds),
    )


def _of_webhook(info: Mapping[str, Any], wanted: str | None) -> Finding:
    """Compares where Telegram sends the updates with the settings."""
    url = info.get("url", "")
    host = urlsplit(url).hostname or "?"
    if url and url != wanted:
        return WEBHOOK.mend(
            "Telegram manda los mensajes a {host}, y los ajustes no dicen eso. Lo cambia "
            "petition-bot run al arrancar; si no lo pusiste tú, pide antes otro token a "
            "@BotFather.",
            host=host,
        )
    if wanted and not url:
        return WEBHOOK.mend(
            "Telegram no tiene el de los ajustes. Lo pone petition-bot run al arrancar."
        )
    if failure := check_webhook(info, time.time()):
        return Finding(WEBHOOK, Level.MEND, failure.said(terminal_words()))
    if url:
        return WEBHOOK.fine("Telegram manda los mensajes a {host}.", host=host)
    return WEBHOOK.fine("No hay ninguno: es el bot quien pregunta a Telegram.")


APPROVAL = Check("approval", mark("aprobación"))


async def _look_at_approval(installation: Installation) -> Findings:
    admins, above = len(installation.settings.admin_ids), installation.settings.approval_above
    if above is None:
        yield Finding(APPROVAL, Level.MEND, nobody_approves(admins))
    else:
        yield APPROVAL.fine(
            "Lo que llega a más de {n} personas lo tiene que aprobar otra persona.", n=above
        )


GROUPS = (
    CheckGroup(_look_at_settings, (SETTINGS,)),
    CheckGroup(_look_at_petition, (PETITION, CONTACT), ("folder", "database_url")),
    CheckGroup(_look_at_key, (KEY,), ("key_file", "database_url")),
    CheckGroup(_look_at_disk, (DISK,), ("key_file", "database_url")),
    CheckGroup(_look_at_telegram, ONLINE, ("bot_token", "api_url", "proxy")),
    CheckGroup(_look_at_approval, (APPROVAL,), ("admin_ids", "approval_above")),
)
