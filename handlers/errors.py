"""The only broad catch: what becomes of an update whose handling failed."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import structlog
from telegram import Update
from telegram.error import TelegramError

from bot.intake import TryAgain
from bot.petition.words import mark
from bot.transport.outcome import Remedy, remedy, seconds_to_wait
from storage import BrokenData, Unavailable

from .afterwards import Afterwards
from .context import PetitionApplication
from .incidents import Incidents

_log = structlog.get_logger("handlers")

# What passes by itself: the update stays unacknowledged and is tried again.
_PASSES = frozenset({Remedy.RETRY, Remedy.UNKNOWN, Remedy.CONFLICT})
# What no repetition mends and nobody needs to be told: the person is gone, or was answered.
_IS_OVER = frozenset({Remedy.UNREACHABLE, Remedy.GONE, Remedy.EXPIRED})


_MISTAKEN = mark("Algo ha fallado, y no es culpa tuya. Escribe /start para volver a la petición.")
_DAMAGED = mark(
    "No hemos podido terminar lo que has pedido: los datos que guardamos están dañados y no se "
    "pueden leer. Tiene que repararlos quien administra este bot. Prueba más adelante con /start."
)


class Reception:
    """Takes raw updates from the intake and hands them to the handlers."""

    def __init__(self, application: PetitionApplication, incidents: Incidents) -> None:
        self._application = application
        self._incidents = incidents
        self.afterwards = Afterwards()

    async def __call__(self, raw: dict[str, Any]) -> None:
        """Handles one update.

        Raises:
            TryAgain: something passing stands in the way; nothing was acknowledged.
            Exception: a defect, or an update that cannot be read; the intake counts it and
                goes on, and the person has been told that it did not work.
        """
        update = Update.de_json(raw, self._application.bot)
        if update.effective_chat is not None:
            self.afterwards.drop(update.effective_chat.id)
        await self._handle(update)

    async def _handle(self, update: Update) -> None:
        try:
            await self._application.process_update(update)
        except Unavailable as error:
            raise TryAgain from error
        except TelegramError as error:
            await self._sort(update, error)
        except BrokenData as error:
            # Acknowledged: what is damaged is so until a person mends it, and the one who asked
            # knows that it was not done.
            self._incidents.note(error)
            await self._apologise(update, _DAMAGED)
            raise
        except Exception:
            await self._apologise(update)
            raise

    async def _sort(self, update: Update, error: TelegramError) -> None:
        kind = remedy(error)
        if kind in _PASSES:
            raise TryAgain from error
        if kind is Remedy.WAIT:
            # Waiting here would keep everybody behind this update from being acknowledged.
            if not self._answer_later(update, seconds_to_wait(error)):
                raise TryAgain from error
            return
        if kind not in _IS_OVER:
            await self._apologise(update)
            raise error
        _log.info("not_shown", update_id=update.update_id, remedy=kind)

    def _answer_later(self, update: Update, seconds: float) -> bool:
        """Handles the update again after the pause, which every handler can bear."""
        chat = update.effective_chat
        if chat is None:
            return True
        _log.info("answer_owed", update_id=update.update_id, seconds=seconds)
        return self.afterwards.owe(chat.id, seconds, lambda: self._handle(update))

    async def _apologise(self, update: Update, said: str = _MISTAKEN) -> None:
        """One calm sentence, so that nobody is left looking at a screen that does nothing."""
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None or chat.id != user.id:
            return
        if update.callback_query is not None:
            await self._quietly(update, update.callback_query.answer())
        services = self._application.services
        language = services.campaign.language_for(user.language_code)
        sentence = services.catalogues.words(language).label(said)
        await self._quietly(update, self._application.bot.send_message(chat.id, sentence))

    async def _quietly(self, update: Update, call: Awaitable[object]) -> None:
        try:
            await call
        except TelegramError as error:
            _log.warning("apology_not_sent", update_id=update.update_id, remedy=remedy(error))
