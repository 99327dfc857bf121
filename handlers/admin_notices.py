"""Tells all admins of problems that somebody has to look at, such as damaged data."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import structlog
from telegram.error import TelegramError

from bot.text.markup import Html
from bot.text.translations import Words, mark
from bot.transport.error_kinds import error_kind
from handlers.context import Bot, Services
from handlers.conversation_message import send_screen
from handlers.screens.screen import Screen
from storage import BrokenData, StorageError

_log = structlog.stdlib.get_logger()

TOKEN_USED_ELSEWHERE = mark(
    "⚠️ <b>Otro programa está usando el token de este bot.</b> Desde hace más de un minuto, "
    "Telegram le entrega al menos una parte de los mensajes. Este bot no los recibe, así que no "
    "puede contestarlos ni guardar las firmas que lleguen con ellos. Si lo ha puesto en marcha "
    "alguien de tu equipo, hay que parar uno de los dos. Si no, el token ha caído en otras manos: "
    "pide uno nuevo a @BotFather y cámbialo en la configuración del bot."
)

DAMAGED = mark(
    "⚠️ <b>Hay datos dañados entre los que guarda el bot.</b> Al menos uno no se puede leer: o lo "
    "ha cambiado algo ajeno al bot, o el archivo de la clave no es el que corresponde. El bot "
    "sigue en marcha. Quien administra el servidor encontrará el lugar exacto en el registro, en "
    "las líneas «data_damaged», y debería mirar la última copia de seguridad."
)


async def tell_admins(
    bot: Bot, services: Services, text: str | Callable[[Words], Html | Screen]
) -> bool:
    """Sends each admin a message; returns whether any was told, as some cannot be.

    `text` is a source sentence that is marked for translation, or what writes it in the words of
    a language.
    """
    told = False
    for admin in sorted(services.admins):
        words = await words_or_default(services, admin)
        try:
            said = words.text(text) if isinstance(text, str) else text(words)
            await send_screen(bot, admin, Screen(said) if isinstance(said, Html) else said)
        except TelegramError as error:
            _log.warning("admin_not_told", error_kind=error_kind(error))
        else:
            told = True
    return told


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to all admins; one with the same kind and `about` is sent once."""

    kind: str
    about: str
    text: Callable[[Words], Html | Screen]


async def send_notices(bot: Bot, services: Services, notices: Iterable[Notice]) -> None:
    """Sends the notices that were not sent before; one that reaches nobody comes again."""
    petitions = services.storage.petitions
    for notice in notices:
        if await petitions.notice_was_sent(notice.kind, notice.about):
            continue
        if await tell_admins(bot, services, notice.text):
            await petitions.mark_notice_sent(notice.kind, notice.about, services.clock())


async def words_or_default(services: Services, chat: int) -> Words:
    """Returns the words of a chat's language, or of the petition's default one.

    The default is used when the database fails, so that a notice about that still goes out.
    """
    try:
        return await services.words_for(chat)
    except StorageError:
        return services.words(None)


class DamageReporter:
    """Remembers of which damaged data `tell` has told somebody since the start of the process."""

    def __init__(self, tell: Callable[[], Awaitable[bool]]) -> None:
        self._tell = tell
        self._told: set[str | None] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._last: BrokenData | None = None

    def report(self, error: BrokenData) -> None:
        """Logs the error; tells the admins about the first in each column."""
        if error is self._last:
            return  # the same error reaches this from where it was found and from its caller
        self._last = error
        _log.critical("data_damaged", column=error.column, exc_info=error)
        if error.column not in self._told:
            self._told.add(error.column)
            task = asyncio.create_task(self._tell_of(error.column))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell_of(self, column: str | None) -> None:
        if not await self._tell():
            self._told.discard(column)  # tell of the next one instead
