"""Tells every admin what they have to know; who is not reached is owed it, with a back-off."""

import asyncio
import hashlib
import threading
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.text.translations import Words
from bot.transport.error_kinds import error_kind
from handlers.context import Services
from handlers.conversation_message import send_screen
from handlers.screens.screen import Screen
from storage.errors import BrokenData
from storage.petitions import mark_petition_notice_sent, petition_notice_was_sent
from storage.seen_updates import handling_update
from telegram_text.markup import Html

_log = structlog.stdlib.get_logger()

LOOK_SECONDS = 20.0  # also of `due_notices`: the transaction of signing keeps the date itself

Send = Callable[[int], Awaitable[bool]]
"""Sends something to an admin, by their user id; returns False if there is nothing to be said."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to admins, each of whom is sent one of the same kind and `about` once.

    Attributes:
        text: what writes it in the words of a language.
        admins: to whom it goes; None: to all of them.
    """

    kind: str
    about: str
    text: Callable[[Words], Html | Screen]
    admins: frozenset[int] | None = None

    def for_whom(self, services: Services) -> frozenset[int]:
        """Returns the admins to whom it goes."""
        return services.admins if self.admins is None else self.admins


def damaged(words: Words) -> Html:
    """Says that damaged data was found."""
    return words.text(
        "⚠️ <b>Hay datos dañados entre los que guarda el bot.</b> Al menos uno no se puede leer: o "
        "lo ha cambiado algo ajeno al bot, o el archivo de la clave no es el que corresponde. El "
        "bot sigue en marcha. Quien administra el servidor encontrará el lugar exacto en el "
        "registro, en las líneas «data_damaged», y debería mirar la última copia de seguridad."
    )


def _second_poller(words: Words) -> Html:
    return words.text(
        "⚠️ <b>Otro programa está usando el token de este bot.</b> Desde hace más de un minuto, "
        "Telegram le entrega al menos una parte de los mensajes. Este bot no los recibe, así que "
        "no puede contestarlos ni guardar las firmas que lleguen con ellos. Si lo ha puesto en "
        "marcha alguien de tu equipo, hay que parar uno de los dos. Si no, el token ha caído en "
        "otras manos: pide uno nuevo a @BotFather y cámbialo en la configuración del bot."
    )


SECOND_POLLER = Notice("second poller", "", _second_poller)


async def tell_admins(services: Services, notice: Notice) -> None:
    """Tells the admins what is so now.

    Who is not reached is owed it, until the bot stops or there is a newer notice of the same kind
    and `about`.
    """
    owe_admins(services, notice)
    await _tell_owed(services, (notice.kind, notice.about), is_new=True)


async def ask_admins(
    services: Services, kind: str, about: str, ask: Send, admins: frozenset[int]
) -> None:
    """Asks these admins, each of whom is asked the same once, also after a restart.

    Who was not reached is asked later, until the bot stops.
    """
    services.owed_notices[kind, about] = partial(_once, services, kind, about, ask), set(admins)
    await _tell_owed(services, (kind, about), is_new=True)


def owe_admins(services: Services, notice: Notice) -> None:
    """Has each admin told at the next look."""
    send, admins = partial(_send_text, services, notice.text), notice.for_whom(services)
    services.owed_notices[notice.kind, notice.about] = send, set(admins)


async def tell_what_is_owed(services: Services) -> None:
    """Tells the admins what they are owed, also those who were not reached before."""
    for key in list(services.owed_notices):
        await _tell_owed(services, key)


async def _tell_owed(services: Services, key: tuple[str, str], *, is_new: bool = False) -> None:
    for admin in sorted(services.owed_notices[key][1]):
        send, owed = services.owed_notices[key]  # the newest, if another task tells it now
        # Who was not reached with the one before it may be there again.
        if admin in owed and (is_new or not _is_too_early(services, *key, admin)):
            owed.remove(admin)  # no other task tells them now
            is_done = False
            try:
                is_done = await _is_done(services, key, admin, send)
            finally:  # also if it was cancelled
                if not is_done:
                    owed.add(admin)


async def send_notices(services: Services, notices: Iterable[Notice]) -> None:
    """Sends each notice to every admin who has not had it; who is not reached gets it later."""
    for notice in notices:
        key = kind, about = notice.kind, notice.about
        if await was_told(services, kind, about):
            continue
        send = partial(_once, services, kind, about, partial(_send_text, services, notice.text))
        is_told = True
        for admin in sorted(notice.for_whom(services)):
            is_too_early = _is_too_early(services, kind, about, admin)
            is_told &= not is_too_early and await _is_done(services, key, admin, send)
        if is_told:
            await mark_told(services, kind, about)


async def mark_told(services: Services, kind: str, about: str) -> None:
    """Stores that the admins need not be told, or told again."""
    await services.storage.write(mark_petition_notice_sent, kind, about, services.clock())


async def was_told(services: Services, kind: str, about: str) -> bool:
    """Returns whether the admins need not be told, or told again."""
    return await services.storage.read(petition_notice_was_sent, kind, about)


async def may_be_sent(services: Services, kind: str, about: str) -> bool:
    """Returns whether there is an admin who has not had a notice, and can be tried now."""
    if await was_told(services, kind, about):
        return False
    for admin in services.admins:
        is_told = await was_told(services, kind, _about_to(services, about, admin))
        if not is_told and not _is_too_early(services, kind, about, admin):
            return True
    return False


def _about_to(services: Services, about: str, admin: int) -> str:
    """Returns what tells apart to whom a notice was sent, without an admin's id."""
    return f"{about}@{hashlib.sha256(services.reference(admin)).hexdigest()[:16]}"


def _is_too_early(services: Services, kind: str, about: str, admin: int) -> bool:
    return services.notice_retries.is_too_early((kind, about, admin), services.monotonic())


async def _is_done(services: Services, notice: tuple[str, str], admin: int, send: Send) -> bool:
    """Sends a notice to one admin; returns whether nothing is left to do."""
    key = (*notice, admin)
    try:
        await send(admin)
    except Exception as error:  # whatever it is, the others are told, and these later
        again_in = services.notice_retries.record_failure(key, services.monotonic())
        if isinstance(error, TelegramError):
            _log.warning("admin_not_told", error_kind=error_kind(error), again_in=again_in)
        else:
            _log.warning("admin_not_told", again_in=again_in, exc_info=error)
        return False
    services.notice_retries.forget(key)
    return True


async def _once(services: Services, kind: str, about: str, send: Send, admin: int) -> bool:
    """Sends a notice to an admin who does not have it, and stores that they do."""
    about_them = _about_to(services, about, admin)
    is_sent = not await was_told(services, kind, about_them) and await send(admin)
    if is_sent:
        await mark_told(services, kind, about_them)
    return is_sent


async def _send_text(
    services: Services, text: Callable[[Words], Html | Screen], admin: int
) -> bool:
    said = text(await services.words_for(admin))
    await send_screen(services.bot, admin, Screen(said) if isinstance(said, Html) else said)
    return True


class DamageReporter:
    """Tells the admins of damaged data, once of each column since the start of the process."""

    def __init__(self, services: Services) -> None:
        services.keyring.on_damage = self.report
        self._services = services
        self._told: set[str | None] = set()
        self._telling: set[asyncio.Task[object]] = set()
        self._last: BrokenData | None = None
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()

    def report(self, error: BrokenData) -> None:
        """Logs the error; tells the admins about the first in each column.

        Most is found in the thread of a transaction.
        """
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.report, error)
            return
        if error is self._last:
            return  # the same error reaches this from where it was found and from its caller
        self._last = error
        _log.critical("data_damaged", column=error.column, exc_info=error)
        if error.column not in self._told:
            self._told.add(error.column)
            notice = Notice("damaged", error.column or "", damaged)
            with handling_update(None):  # it goes on after the update
                task = asyncio.create_task(tell_admins(self._services, notice))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
