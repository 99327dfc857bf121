"""Tells every admin what they have to know; who is not reached is told later, with a back-off."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.text.translations import Words, mark
from bot.transport.errors import error_kind
from handlers.context import Services
from handlers.conversation_message import send_screen
from handlers.screens.screen import Screen
from storage.errors import BrokenData
from storage.petitions import (
    forget_petition_notices,
    mark_petition_notice_sent,
    petition_notice_at,
    petition_notice_was_sent,
)
from telegram_text.markup import Html

_log = structlog.stdlib.get_logger()

LOOK_SECONDS = 20.0  # also of `due_notices`: the transaction of signing keeps the date itself

NoticeKey = tuple[str, str]
"""What tells a notice apart: its kind, and what it is about."""

_ABOUT_STANDBY = "standby "  # how the notice begins that is forgotten once it is back
_STANDBY: NoticeKey = ("standby", f"{_ABOUT_STANDBY}is gone")

Text = Callable[[Words], Html | Screen]
"""What writes a notice in the words of a language."""

Send = Callable[[int], Awaitable[bool]]
"""Sends something to an admin, by their user id; returns False if there is nothing to be said."""


DAMAGED = mark(
    "⚠️ <b>Hay datos dañados entre los que guarda el bot.</b> Al menos uno no se puede leer: o "
    "lo ha cambiado algo ajeno al bot, o el archivo de la clave no es el que corresponde. El "
    "bot sigue en marcha. Quien administra el servidor encontrará el lugar exacto en el "
    "registro, en las líneas «data_damaged», y debería mirar la última copia de seguridad."
)
"""Says that damaged data was found."""


def _standby_is_gone(words: Words) -> Html:
    return words.text(
        "⚠️ <b>La base de datos se ha quedado sin su servidor de reserva.</b> La gente puede "
        "seguir firmando, pero si ahora falla el servidor que queda, se pierden firmas que ya se "
        "agradecieron. Avisa a quien administra el servidor: <code>petition-bot doctor</code> "
        "dice qué hacer."
    )


def _standby_is_back(words: Words) -> Html:
    return words.text(
        "✅ <b>La base de datos vuelve a tener su servidor de reserva.</b> Como antes, una firma "
        "solo se agradece cuando la tienen los dos servidores."
    )


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to admins, each of whom is sent one of the same kind and `about` once.

    `admins` are those to whom it goes; None: all of them.
    """

    kind: str
    about: str
    text: Text
    admins: frozenset[int] | None = None

    @property
    def key(self) -> NoticeKey:
        """Its kind, and what it is about."""
        return self.kind, self.about

    def for_whom(self, services: Services) -> frozenset[int]:
        """Returns the admins to whom it goes."""
        return services.admins if self.admins is None else self.admins


SECOND_POLLER = Notice(
    "second poller",
    "",
    lambda words: words.text(
        "⚠️ <b>Otro programa está usando el token de este bot.</b> Desde hace más de un minuto, "
        "Telegram le entrega al menos una parte de los mensajes. Este bot no los recibe, así que "
        "no puede contestarlos ni guardar las firmas que lleguen con ellos. Si lo ha puesto en "
        "marcha alguien de tu equipo, hay que parar uno de los dos. Si no, el token ha caído en "
        "otras manos: pide uno nuevo a @BotFather y cámbialo en la configuración del bot."
    ),
)


def owe_admins(services: Services, notice: Notice) -> None:
    """Has the admins told; who is not reached is told later, until the bot stops.

    A newer notice of the same kind and `about` takes its place.
    """
    send = partial(_send_text, services, notice.text)
    _owe(services, notice.key, send, notice.for_whom(services))


def ask_admins(
    services: Services, kind: str, about: str, ask: Send, admins: frozenset[int]
) -> None:
    """Has these admins asked, each of whom is asked the same once, also after a restart.

    Who is not reached is asked later, until the bot stops.
    """
    _owe(services, (kind, about), partial(_once, services, (kind, about), ask), admins)


def _owe(services: Services, key: NoticeKey, send: Send, admins: frozenset[int]) -> None:
    services.owed_notices[key] = send, set(admins)
    for admin in admins:  # who was not reached with the one before it may be there again
        services.notice_retries.forget((*key, admin))
    services.notices_came.set()


async def tell_what_is_owed(services: Services) -> None:
    """Tells the admins what they are owed, also those who were not reached before."""
    services.notices_came.clear()
    for key, (_, admins) in list(services.owed_notices.items()):
        for admin in sorted(admins):
            send, owed = services.owed_notices[key]  # the newest by now
            if admin in owed and await _is_done(services, key, admin, send):
                owed.discard(admin)


async def send_notices(services: Services, notices: Iterable[Notice]) -> None:
    """Sends each notice to every admin who has not had it; who is not reached gets it later."""
    for notice in notices:
        if await was_told(services, *notice.key):
            continue
        send = partial(_once, services, notice.key, partial(_send_text, services, notice.text))
        admins = sorted(notice.for_whom(services))
        if all([await _is_done(services, notice.key, admin, send) for admin in admins]):
            await mark_told(services, *notice.key)


async def tell_of_standby(services: Services, *, is_gone: bool) -> None:
    """Has the admins told when PostgreSQL goes on without its standby, and when it is back.

    Once each. Who is not reached is told later, also after a restart while it is gone.
    """
    kind, about = _STANDBY
    if is_gone:
        if _STANDBY in services.owed_notices:  # that it is back must not come after it
            services.owed_notices[_STANDBY][1].clear()
        await send_notices(services, [Notice(kind, about, _standby_is_gone)])
    elif await services.storage.read(petition_notice_at, kind) is not None:
        await services.storage.write(forget_petition_notices, _ABOUT_STANDBY)
        owe_admins(services, Notice(kind, about, _standby_is_back))


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
        if not is_told and not _is_too_early(services, (kind, about), admin):
            return True
    return False


def _about_to(services: Services, about: str, admin: int) -> str:
    """Returns what tells apart to whom a notice was sent, without an admin's id."""
    return f"{about}@{hashlib.sha256(services.reference(admin)).hexdigest()[:16]}"


def _is_too_early(services: Services, notice: NoticeKey, admin: int) -> bool:
    return services.notice_retries.is_too_early((*notice, admin), services.monotonic())


async def _is_done(services: Services, notice: NoticeKey, admin: int, send: Send) -> bool:
    """Sends a notice to one admin if it is time; returns whether nothing is left to do."""
    if _is_too_early(services, notice, admin):
        return False
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


async def _once(services: Services, notice: NoticeKey, send: Send, admin: int) -> bool:
    """Sends a notice to an admin who does not have it, and stores that they do."""
    kind, about_them = notice[0], _about_to(services, notice[1], admin)
    is_sent = not await was_told(services, kind, about_them) and await send(admin)
    if is_sent:
        await mark_told(services, kind, about_them)
    return is_sent


async def _send_text(services: Services, text: Text, admin: int) -> bool:
    words = await services.words_for(admin)
    said = text(words)
    await send_screen(services.bot, admin, Screen(said) if isinstance(said, Html) else said)
    return True


def report_damage(services: Services) -> None:
    """Has damaged data logged when found, and the admins told of the first in each column."""

    def report(error: BrokenData) -> None:
        _log.critical("data_damaged", column=error.column, exc_info=error)
        notice = Notice("damaged", error.column or "", lambda words: words.text(DAMAGED))
        if notice.key not in services.owed_notices:
            owe_admins(services, notice)

    def found(error: BrokenData) -> None:
        loop.call_soon_threadsafe(report, error)  # most is found in the thread of a transaction

    loop = asyncio.get_running_loop()
    services.keyring.on_damage = found
