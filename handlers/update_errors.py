"""What becomes of an update whose handling failed, whatever it failed with."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import structlog
from telegram import Update
from telegram.error import TelegramError

from bot.intake import TryAgain
from bot.text.translations import mark
from bot.transport.error_kinds import error_kind
from storage import BrokenData, Unavailable

from .admins import words_anyway
from .calls_before_commit import NOTHING_DONE, NothingDone
from .context import PetitionApplication
from .delayed_replies import OVER, PASSING, Answer
from .incidents import Incidents
from .update_filters import own_chat

_log = structlog.get_logger("handlers")

_MISTAKEN = mark("Algo ha fallado, y no es culpa tuya. Escribe /start para volver a la petición.")
_DAMAGED = mark(
    "No hemos podido terminar lo que has pedido: los datos que guardamos están dañados y no se "
    "pueden leer. Tiene que repararlos quien administra este bot. Prueba más adelante con /start."
)
_CANNOT_BE_SHOWN = mark(
    "No podemos mostrarte cómo ha quedado lo que has pedido: los datos que guardamos están "
    "dañados y no se pueden leer. Tiene que repararlos quien administra este bot. Prueba más "
    "adelante con /start."
)
_NOT_ANSWERED = mark(
    "⚠️ Telegram no respondía, y puede que lo que ves aquí no esté al día. Antes de repetir nada, "
    "comprueba cómo ha quedado."
)


class UpdateHandler:
    """Takes raw updates from the intake and hands them to the handlers."""

    def __init__(self, application: PetitionApplication, incidents: Incidents) -> None:
        self._application = application
        self._incidents = incidents
        application.services.afterwards.apologise_with(self._apology)

    async def __call__(self, raw: dict[str, Any]) -> None:
        """Handles one update.

        Raises:
            TryAgain: the database is away; nothing was acknowledged.
            Exception: a defect, or an update that cannot be read; the intake counts it and
                goes on, and the person has been told that it did not work.
        """
        update = Update.de_json(raw, self._application.bot)
        here = own_chat(update)
        if here is None:
            await self._handle(update)
            return
        async with self._application.services.afterwards.making_way(here[1].id):
            await self._handle(update)

    async def _handle(self, update: Update) -> None:
        try:
            await self._application.process_update(update)
        except Unavailable as error:
            raise TryAgain from error
        except NothingDone:
            await self._tell(update, NOTHING_DONE)
        except TelegramError as error:
            await self._sort(update, error)
        except BrokenData as error:
            # Acknowledged: what is damaged is so until a person mends it, and the one who asked
            # knows that it was not done.
            self._incidents.note(error)
            await self._tell(update, _DAMAGED)
            raise
        except Exception:
            await self._tell(update, _MISTAKEN)
            raise

    def _apology(self, chat: Hashable, error: Exception) -> Answer | None:
        """What somebody reads instead of an answer that broke when its update was over."""
        if isinstance(error, BrokenData):
            self._incidents.note(error)
        if not isinstance(chat, int) or chat < 0:
            return None  # nobody's own chat
        sentence = _CANNOT_BE_SHOWN if isinstance(error, BrokenData) else _MISTAKEN
        return partial(self._say_later, chat, sentence)

    async def _say_later(self, chat: int, sentence: str) -> None:
        words = await words_anyway(self._application.services, chat)
        await self._application.bot.send_message(chat, words.label(sentence))

    async def _sort(self, update: Update, error: TelegramError) -> None:
        """Ends an update in which a call failed that is no answer to what is stored.

        It is never handled again: it may be minutes until Telegram takes the call, and an order
        carried out then may be one that was taken back meanwhile.
        """
        kind = error_kind(error)
        if kind in PASSING:
            _log.warning("not_answered", update_id=update.update_id, remedy=kind)
            await self._tell(update, _NOT_ANSWERED)
        elif kind in OVER:
            _log.info("not_shown", update_id=update.update_id, remedy=kind)
        else:
            await self._tell(update, _MISTAKEN)
            raise error

    async def _tell(self, update: Update, sentence: str) -> None:
        """One calm sentence, so that nobody is left looking at a screen that does nothing."""
        here = own_chat(update)
        if here is None:
            return
        user, chat = here
        services = self._application.services
        language = services.campaign.language_for(user.language_code)
        said = services.catalogues.words(language).label(sentence)
        try:
            await services.afterwards.tell(chat.id, partial(self._say, update, chat.id, said))
        except TelegramError as error:
            _log.warning("sentence_not_sent", update_id=update.update_id, remedy=error_kind(error))

    async def _say(self, update: Update, chat_id: int, said: str) -> None:
        if update.callback_query is not None:
            try:
                await update.callback_query.answer()
            except TelegramError as error:
                _log.info("tap_not_answered", remedy=error_kind(error))
        await self._application.bot.send_message(chat_id, said)
