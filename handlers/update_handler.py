"""Takes every update: finds its handler, and decides whether a failed one is handled again."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from telegram import (
    CallbackQuery,
    Chat,
    MaybeInaccessibleMessage,
    Message,
    MessageEntity,
    Update,
    User,
)
from telegram.error import TelegramError

from bot.intake.dispatcher import NotTaken, TryAgain, UpdatesBehind, ordering_key
from bot.text.problems import Refused
from bot.text.translations import mark
from bot.transport.errors import error_kind
from handlers import (
    admin_input,
    closing,
    closing_texts,
    groups,
    opt_out,
    statistics,
    supporter_updates,
)
from handlers.admin_notices import Notice, owe_admins
from handlers.broadcasts import history, menu
from handlers.chat_context import AdminContext, open_context
from handlers.context import Bot, Services
from handlers.conversation_message import end_spinner
from handlers.delayed_replies import NOTHING_DONE, OVER, PASSING, Answer, NothingDone
from handlers.read_update import command_in, is_there, own_chat
from handlers.screens.buttons import NO_MORE, AdminTap, read_tap
from handlers.supporter_context import SupporterContext
from storage.errors import DATABASE_IS_AWAY, BrokenData, JournalUnwritable, UpdateOutdated
from storage.seen_updates import SeenUpdate, end_update, handling_update, take_update
from storage.transaction import Transaction

_log = structlog.stdlib.get_logger()

ByAdmin = Callable[[AdminContext], Awaitable[bool | None]]
"""An admin's handler; one that returns False leaves the update to the supporter's."""
BySupporter = Callable[[SupporterContext], Awaitable[None]]
"""A supporter's handler, which is given them at a stage that is possible now."""

ADMIN_HANDLERS: Mapping[str, ByAdmin] = {
    "close": closing.close,
    "reopen": closing.reopen,
    "closing": closing_texts.closing,
    "broadcast": menu.broadcast,
    "broadcasts": history.turn_page,
    "stats": statistics.stats,
}

_REFUSED_UNDER_BROADCAST: Mapping[str, BySupporter] = {
    data: partial(opt_out.refused_under_broadcast, kind=kind) for kind, data in NO_MORE.items()
}

# All that a typed text has, beside the entities of a command, a link or the like.
_WRITTEN = frozenset({"message_id", "from", "chat", "date", "text"})

_FAILED = mark("Algo ha fallado, y no es culpa tuya. Escribe /start para volver a la petición.")
_DAMAGED = mark(
    "No hemos podido terminar lo que has pedido: los datos que guardamos están dañados y no se "
    "pueden leer. Tiene que repararlos quien administra este bot. Prueba más adelante con /start."
)
_NOT_NOTED = mark(
    "⚠️ No hemos podido hacer lo que has pedido, y todo sigue como estaba. Es un fallo nuestro, y "
    "avisamos a quien administra este bot. Vuelve a pedirlo más tarde, por favor."
)
_CANNOT_BE_SHOWN = mark(
    "No podemos mostrarte cómo ha quedado lo que has pedido: los datos que guardamos están "
    "dañados y no se pueden leer. Tiene que repararlos quien administra este bot. Prueba más "
    "adelante con /start."
)
_UNWRITABLE = mark(
    "⚠️ <b>El bot no puede anotar lo que se le pide.</b> Nadie puede retirar su firma, dejar "
    "de recibir mensajes, corregir su nombre ni limitar el uso de sus datos, y quien lo "
    "intenta lee que no se ha hecho. Suele ser un disco lleno o un permiso que falta; el "
    "motivo está en el registro del servidor, en las líneas «journal_not_written». Hay que "
    "arreglarlo hoy mismo."
)
_NOT_ANSWERED = mark(
    "⚠️ Telegram no respondía, y puede que lo que ves aquí no esté al día. Antes de repetir nada, "
    "comprueba cómo ha quedado."
)


class UpdateHandler:
    """Passes raw updates from the intake to the handlers, and handles their errors."""

    def __init__(self, services: Services) -> None:
        self.services = services
        services.delayed_replies.apologise_with(self._apology)

    async def __call__(self, raw: dict[str, Any], behind: UpdatesBehind) -> None:
        """Handles one update; its handler finds in its context what has come after it.

        Raises:
            TryAgain: the database is unavailable; the update is not to be acknowledged.
            NotTaken: nor is it, while another process has it or nobody can say.
            Exception: an update that cannot be parsed, or a bug or damaged data, of which the
                person has been told in their own chat; the intake counts it and goes on.
        """
        async with self.services.delayed_replies.handling(ordering_key(raw), behind):
            await self._take(raw)

    async def _take(self, raw: dict[str, Any]) -> None:
        update, seen = _read(raw, self.services.bot), self.services.seen_update(raw)
        if seen and seen.taken_by and not await self._note(take_update, seen):
            _log.info("update_came_again", update_id=update.update_id)
            return
        try:
            with handling_update(seen):
                await self._handle(update)
        except TryAgain:
            raise
        except Exception:
            with suppress(NotTaken):  # if it comes here again, it is handled again
                await self._end(seen)
            raise
        await self._end(seen)

    async def give_up(self, raw: dict[str, Any]) -> None:
        """Notes that an update is passed over, which ends it; raises NotTaken as `_end` does."""
        await self._end(self.services.seen_update(raw))

    async def _end(self, seen: SeenUpdate | None) -> None:
        """Notes that an update is done; raises NotTaken where it cannot, or another has it."""
        if seen and seen.taken_by and not await self._note(end_update, seen):
            raise NotTaken

    async def _note(
        self, work: Callable[[Transaction, SeenUpdate], bool], seen: SeenUpdate
    ) -> bool:
        try:
            return await self.services.storage.write(work, seen)
        except DATABASE_IS_AWAY as error:
            raise NotTaken from error

    async def _handle(self, update: Update) -> None:
        try:
            await handle(self.services, update)
        except JournalUnwritable as error:
            # Acknowledged: somebody has to mend it, and the person has been told that it was not
            # done. They ask again, or think better of it.
            _log.error("journal_not_written", reason=str(error))
            await self._tell(update, _NOT_NOTED)
            services = self.services
            today = services.today.isoformat()  # once a day
            notice = Notice("journal", today, lambda words: words.text(_UNWRITABLE))
            if notice.key not in services.owed_notices:
                owe_admins(services, notice)
        except UpdateOutdated as error:
            _log.warning("update_outdated", update_id=update.update_id)
            if self.services.taken_by:  # who has it now may still die of it
                raise NotTaken from error
        except DATABASE_IS_AWAY as error:
            raise TryAgain from error
        except NothingDone:
            await self._tell(update, NOTHING_DONE)
        except TelegramError as error:
            await self._sort(update, error)
        except Exception as error:  # whatever it is, the person is told; the intake logs it
            # Of damaged data a retry would fail too, until somebody repairs them.
            await self._tell(update, _DAMAGED if isinstance(error, BrokenData) else _FAILED)
            raise

    def _apology(self, chat: Hashable, error: Exception) -> Answer | None:
        """Returns what to send in place of a reply that failed after its update had ended."""
        if not isinstance(chat, int) or chat < 0:
            return None  # a group, or no chat
        sentence = _CANNOT_BE_SHOWN if isinstance(error, BrokenData) else _FAILED
        return partial(self._say, chat, sentence)

    async def _say(self, chat: int, sentence: str, spoken: str | None = None) -> None:
        words = await self.services.words_for(chat, spoken)
        await self.services.bot.send_message(chat, words.label(sentence))

    async def _sort(self, update: Update, error: TelegramError) -> None:
        """Ends an update in which a call of Telegram failed outside of a delayed reply.

        The update is never handled again: Telegram may take minutes to recover, and by then
        the person may have changed their mind.
        """
        kind = error_kind(error)
        if kind in PASSING:
            _log.warning("update_not_answered", update_id=update.update_id, error_kind=kind)
            await self._tell(update, _NOT_ANSWERED)
        elif kind in OVER:
            _log.info("screen_not_shown", update_id=update.update_id, error_kind=kind)
        else:
            await self._tell(update, _FAILED)
            raise error

    async def _tell(self, update: Update, sentence: str) -> None:
        """Sends the person a sentence that says what went wrong; logs a failure to send it."""
        user, services = own_chat(update), self.services
        if user is None:
            return

        async def say() -> None:
            if update.callback_query is not None:
                await end_spinner(services.bot, update.callback_query)
            await self._say(user.id, sentence, user.language_code)

        try:
            await services.delayed_replies.tell(user.id, say)
        except TelegramError as error:
            kind = error_kind(error)
            _log.warning("apology_not_sent", update_id=update.update_id, error_kind=kind)


async def handle(services: Services, update: Update) -> None:
    """Handles an update; one that needs no reply is ignored."""
    user = own_chat(update)
    if user is None:
        await groups.handle(services, update)
    elif update.my_chat_member is not None:
        await opt_out.membership_changed(services, update.my_chat_member)
    else:
        is_admin = user.id in services.admins
        by_admin, by_supporter = handlers_of(update, services.bot.username, is_admin=is_admin)
        if by_admin is not None:
            admin = await (await open_context(AdminContext, services, update, user)).refreshed()
            try:
                is_theirs = await by_admin(admin) is not False
            except Refused as refused:
                await admin.refuse(partial(admin.say, refused.why.html(admin.words)))
                return
            if not is_theirs and by_supporter is not None:
                await by_supporter(admin.opened_as(SupporterContext).at_valid_stage())
        elif by_supporter is not None:
            supporter = await open_context(SupporterContext, services, update, user)
            await by_supporter((await supporter.refreshed()).at_valid_stage())


def handlers_of(
    update: Update, bot: str, *, is_admin: bool
) -> tuple[ByAdmin | None, BySupporter | None]:
    """Returns what handles an update from a person's own chat, as an admin's and as a supporter's.

    An admin may be a supporter too: what is not the first one's is the second one's.
    """
    message, query = update.message, update.callback_query
    if query is not None:
        # Under an inaccessible message it is never carried out: what that said is unknown.
        if is_admin and is_there(query) and isinstance(read_tap(query.data), AdminTap):
            return admin_input.tapped, None
        return None, _REFUSED_UNDER_BROADCAST.get(query.data or "", supporter_updates.tapped)
    if update.edited_message is not None:
        return admin_input.edited if is_admin else None, supporter_updates.edited
    if message is None or _is_told_by_telegram(message):
        return None, None
    name = command_in(message, bot)
    if name is None:
        # Also what an admin forwarded: it is content for a broadcast.
        return admin_input.sent if is_admin else None, supporter_updates.sent
    if is_admin and name in ADMIN_HANDLERS:
        return ADMIN_HANDLERS[name], None
    if name not in supporter_updates.COMMANDS:
        return None, supporter_updates.unknown_command
    may_be_for_draft = is_admin and name == "cancel"
    by_admin = admin_input.cancel if may_be_for_draft else None
    return by_admin, partial(supporter_updates.command, name=name)


def _is_told_by_telegram(message: Message) -> bool:
    """Whether a message says what became of the chat; nobody wrote it."""
    written = (message.text, message.effective_attachment, message.checklist, message.giveaway)
    return not any(written) and message.giveaway_winners is None


def _read(raw: dict[str, Any], bot: Bot) -> Update:
    """Returns an update as PTB's object; of a tapped message it has only which one it is.

    To look for all that a message may hold would cost more than all else of the reading.
    """
    tap, written = raw.get("callback_query"), raw.get("message")
    if isinstance(written, dict) and _WRITTEN <= written.keys() <= _WRITTEN | {"entities"}:
        message = Message(
            written["message_id"],
            datetime.fromtimestamp(written["date"], UTC),
            Chat.de_json(written["chat"], bot),
            from_user=User.de_json(written["from"], bot),
            text=written["text"],
            entities=MessageEntity.de_list(written.get("entities") or [], bot),
        )
        return Update(raw["update_id"], message=message)
    tapped = tap.get("message") if isinstance(tap, dict) else None
    if not isinstance(tap, dict) or not isinstance(tapped, dict) or not tapped.get("date"):
        return Update.de_json(raw, bot)  # without a date it is not accessible any more
    chat = tapped["chat"]
    where, at = Chat(chat["id"], chat["type"]), datetime.fromtimestamp(tapped["date"], UTC)
    query = CallbackQuery(
        tap["id"],
        User.de_json(tap["from"], bot),
        tap["chat_instance"],
        message=MaybeInaccessibleMessage(where, tapped["message_id"], at),
        data=tap.get("data"),
    )
    query.set_bot(bot)
    return Update(raw["update_id"], callback_query=query)
