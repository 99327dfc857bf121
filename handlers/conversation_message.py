"""The living message: one message of the bot in a chat, edited from screen to screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import TelegramError

from bot.transport.error_kinds import ErrorKind, error_kind, stays_for_good

from .context import Bot
from .posting import post, rewrite
from .screens.screen import Button, Screen


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands in the chat now: the living message and the digest of what it shows."""

    message_id: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class LivingMessage:
    """The message of one chat.

    Attributes:
        message_id: the one that was last shown, if there is one.
        digest: of what it shows.
        digest_of: makes the digest of a drawn screen, for this person alone and under the key.
    """

    bot: Bot
    chat_id: int = field(repr=False)
    message_id: int | None
    digest: bytes | None
    digest_of: Callable[[bytes], bytes] = field(repr=False)

    async def edit(self, screen: Screen, version: int, *, tapped: int | None) -> Shown:
        """Turns the message into `screen` where it stands, or sends it when it is gone.

        A tap on another message than the living one makes that one the living message: the
        person is looking at it. What was the living message is left for the caller to take away.
        """
        target = tapped or self.message_id
        digest = self.digest_of(screen.drawn(version))
        if target is None:
            return await self.send_new(screen, version)
        if target == self.message_id and digest == self.digest:
            return Shown(target, digest)
        if await self._edit(target, screen, version):
            return Shown(target, digest)
        if target == self.message_id:
            return await self.send_new(screen, version)
        return await self.edit(screen, version, tapped=None)

    async def send_new(self, screen: Screen, version: int) -> Shown:
        """Sends the screen as the newest message; the old one is left for the caller too."""
        sent = await post(self.bot, self.chat_id, screen.text, keyboard(screen, version))
        return Shown(sent, self.digest_of(screen.drawn(version)))

    async def delete(self, message_id: int) -> bool:
        """Deletes a message of this chat; False when it is too old for that, and stays."""
        try:
            await self.bot.delete_message(self.chat_id, message_id)
        except TelegramError as error:
            if error_kind(error) not in _HARMLESS:
                raise
            return not stays_for_good(error)
        return True

    async def vanish_together(self, message_ids: Sequence[int]) -> bool:
        """Deletes at most a hundred of them in one call; False when one is too old, and stays."""
        try:
            await self.bot.delete_messages(self.chat_id, message_ids)
        except TelegramError as error:
            if error_kind(error) not in _HARMLESS:
                raise
            # One that cannot be deleted keeps the others.
            return all([await self.delete(message_id) for message_id in message_ids])
        return True

    async def _edit(self, message_id: int, screen: Screen, version: int) -> bool:
        try:
            buttons = keyboard(screen, version)
            await rewrite(self.bot, self.chat_id, message_id, screen.text, buttons)
        except TelegramError as error:
            if error_kind(error) is ErrorKind.GONE:
                return False
            if error_kind(error) is not ErrorKind.UNCHANGED:
                raise
        return True


def keyboard(screen: Screen, version: int) -> InlineKeyboardMarkup | None:
    """The screen's buttons in Telegram's types, each bound to the version it is drawn for."""
    if not screen.rows:
        return None
    return InlineKeyboardMarkup(
        [[_drawn(button, version) for button in row] for row in screen.rows]
    )


def _drawn(button: Button, version: int) -> InlineKeyboardButton:
    if button.url is not None:
        return InlineKeyboardButton(button.label, url=button.url)
    return InlineKeyboardButton(
        button.label, callback_data=f"{version}:{button.action}:{button.argument}"
    )


_HARMLESS = frozenset({ErrorKind.GONE, ErrorKind.EXPIRED, ErrorKind.UNCHANGED})


async def tolerate(call: Awaitable[object]) -> None:
    """Awaits a call whose refusal changes nothing: what should go is gone, or is too old."""
    try:
        await call
    except TelegramError as error:
        if error_kind(error) not in _HARMLESS:
            raise
