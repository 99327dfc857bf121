"""Sends and edits screens, and the one message of a chat that goes from screen to screen."""

from collections.abc import Awaitable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import structlog
from telegram import CallbackQuery
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.petition.stages import KEPT_STAGES, Stage
from bot.text.translations import Words
from bot.transport.errors import ErrorKind, error_kind, stays_for_good
from handlers.context import Bot, Services
from handlers.screens.buttons import Button
from handlers.screens.screen import Screen, kept_mark
from storage.conversations import Conversation, screen_digest
from telegram_text.markup import Html, escape

_log = structlog.stdlib.get_logger()

_HARMLESS = frozenset({ErrorKind.GONE, ErrorKind.EXPIRED, ErrorKind.UNCHANGED})


class Shown(NamedTuple):
    """The id of the conversation message and the digest of the screen that it shows."""

    message_id: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Cleared:
    """The result of deleting messages of a chat: a notice for the screen, and any failure."""

    told: Html | None = None
    failure: TelegramError | TimeoutError | None = None


@dataclass(frozen=True, repr=False)
class ConversationMessage:
    """The conversation message of one chat, as the conversation says that it was last shown."""

    services: Services
    chat_id: int
    conversation: Conversation

    def digest_of(self, drawn: bytes) -> bytes:
        """Returns the keyed digest of a drawn screen for this person."""
        return screen_digest(self.services.keyring, self.conversation.supporter, drawn)

    async def edit(self, screen: Screen, *, tapped: int | None) -> Shown:
        """Edits the message into `screen`, or sends a new one when it is gone.

        A tapped message becomes the conversation message, since the person is looking at it.
        The caller deletes the former one.
        """
        former, version = self.conversation.message_id, self.conversation.version
        digest = self.digest_of(screen.drawn(version))
        for target in dict.fromkeys((tapped or former, former)):
            if target is None or self.will_be_new(screen, tapped=target):
                break
            shown = Shown(target, digest)
            if shown == (former, self.conversation.screen_digest):
                return shown
            if await edit_if_there(self.services.bot, self.chat_id, target, screen, version):
                return shown
        return await self.send_new(screen)

    def will_be_new(self, screen: Screen, *, tapped: int | None) -> bool:
        """Returns whether `edit` would send a new message, as none is there or it has to stay."""
        former = self.conversation.message_id
        target = tapped or former
        return target is None or (target == former and self._kept not in (None, screen.kept))

    @cached_property
    def _kept(self) -> Stage | None:
        """The stage of the kept screen that the message shows; None for another screen."""
        digest = self.conversation.screen_digest
        kept = (each for each in KEPT_STAGES if self.digest_of(kept_mark(each)) == digest)
        return next(kept, None)

    async def send_new(self, screen: Screen) -> Shown:
        """Sends the screen as a new message; the caller deletes the former one."""
        version = self.conversation.version
        sent = await send_screen(self.services.bot, self.chat_id, screen, version)
        return Shown(sent, self.digest_of(screen.drawn(version)))

    async def leave(self, digest: bytes | None, words: Words) -> None:
        """Deletes the message, as a newer one is there; one that is kept loses its buttons.

        A kept message is deleted if the newer one repeats it, of which the digest is given.
        """
        target, bot = self.conversation.message_id, self.services.bot
        if target is None:
            return
        if self._kept is not None and digest != self.conversation.screen_digest:
            await tolerate(bot.edit_message_reply_markup(self.chat_id, target))
        elif not await self.delete(target):  # it is too old for that
            unused = Screen(words.text("Este mensaje ya no se usa."))
            await tolerate(edit_screen(bot, self.chat_id, target, unused))

    async def delete(self, *message_ids: int) -> bool:
        """Deletes up to 100 messages of this chat; returns False when one is too old for that."""
        (first, *more), bot = message_ids, self.services.bot
        try:
            if more:
                await bot.delete_messages(self.chat_id, message_ids)
            else:
                await bot.delete_message(self.chat_id, first)
        except TelegramError as error:
            if error_kind(error) not in _HARMLESS:
                raise
            if not more:
                return not stays_for_good(error)
            # One message that cannot be deleted makes Telegram keep all.
            return all([await self.delete(each) for each in message_ids])
        return True


async def send_screen(bot: Bot, chat_id: int, screen: Screen, version: int = 0) -> int:
    """Sends a screen as a new message; returns its id. An admin's screen has no version."""
    sent = await bot.call("sendMessage", chat_id=chat_id, **_content(screen, version))
    return int(sent["message_id"])


async def edit_screen(
    bot: Bot, chat_id: int, message_id: int, screen: Screen, version: int = 0
) -> None:
    """Edits the text and buttons of a message into a screen."""
    here = {"chat_id": chat_id, "message_id": message_id}
    await bot.call("editMessageText", **here, **_content(screen, version))


def _content(screen: Screen, version: int) -> dict[str, Any]:
    return {
        "text": screen.text,
        "parse_mode": ParseMode.HTML,
        "reply_markup": keyboard(screen, version),
        "link_preview_options": {"is_disabled": True},
    }


async def edit_if_there(
    bot: Bot, chat_id: int, message_id: int, screen: Screen, version: int = 0
) -> bool:
    """Edits a message into a screen, which it may show already; False when it is gone."""
    try:
        await edit_screen(bot, chat_id, message_id, screen, version)
    except TelegramError as error:
        if error_kind(error) is ErrorKind.GONE:
            return False
        if error_kind(error) is not ErrorKind.UNCHANGED:
            raise
    return True


def keyboard(screen: Screen, version: int = 0) -> dict[str, Any] | None:
    """Returns a screen's buttons as Telegram's inline keyboard; None without buttons."""
    if not screen.rows:
        return None
    return {
        "inline_keyboard": [[_drawn(button, version) for button in row] for row in screen.rows]
    }


def _drawn(button: Button, version: int) -> dict[str, str | dict[str, str]]:
    drawn: dict[str, str | dict[str, str]] = {"text": button.label}
    if button.style is not None:
        drawn["style"] = button.style
    if button.url is not None:
        drawn["url"] = button.url
    elif button.copied is not None:
        drawn["copy_text"] = {"text": button.copied}
    else:
        drawn["callback_data"] = button.callback_data(version)
    return drawn


async def show_alert(bot: Bot, chat_id: int, query: CallbackQuery, said: str) -> None:
    """Answers a tap with an alert window, or with a message when the tap has expired."""
    try:
        await query.answer(said, show_alert=True)
    except TelegramError as error:
        if error_kind(error) is not ErrorKind.EXPIRED:
            raise
        await send_screen(bot, chat_id, Screen(escape(said)))


async def end_spinner(bot: Bot, query: CallbackQuery) -> bool:
    """Answers a tap without text, and returns whether that is done; logs a failure."""
    try:
        await tolerate(bot.call("answerCallbackQuery", callback_query_id=query.id))
    except TelegramError as error:
        _log.info("tap_not_answered", error_kind=error_kind(error))
        return False
    return True


async def tolerate(call: Awaitable[object]) -> None:
    """Awaits a call and ignores that its message or tap is gone, expired or unchanged."""
    try:
        await call
    except TelegramError as error:
        if error_kind(error) not in _HARMLESS:
            raise
