"""Sets a bot up: the calls to Telegram for it, and the code by which somebody becomes an admin.

The calls acknowledge no update, which waits for the bot. The code stands in a link, and is used
once, within ten minutes.
"""

import asyncio
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from telegram import Message, User
from telegram.error import TelegramError

from bot.intake.polling import ALLOWED_UPDATES, TokenUnknown
from bot.text.terminal_language import TerminalError, terminal_words
from bot.text.translations import mark
from bot.transport.client import TelegramClient
from bot.transport.errors import ErrorKind, NotSent, error_kind
from bot.transport.send_gate import Gate
from bot.transport.session import SharedSession
from telegram_text.markup import Html

_MOST_UPDATES = 100  # Telegram's maximum
_LONG_POLL_SECONDS = 5
_GRACE_SECONDS = 10.0
# While other people's updates wait, Telegram answers each request at once; some servers always do.
_BETWEEN_LOOKS_SECONDS = 1.0
_REST_SECONDS = 0.25
# Another process that fetches is refused by Telegram as soon as this one does; it comes back
# within this time, and then this one is refused.
_ALONE_SECONDS = 2
LASTS_SECONDS = 600.0
_PREFIX = "admin-"
# 16 bytes are 22 letters of Base64.
_CODE = re.compile(_PREFIX + r"[A-Za-z0-9_-]{22}")
_START = re.compile(r"/start(?:@\w+)? (\S{1,64})\s*")


class Unreachable(TerminalError):
    """Telegram does not answer, or refuses for a reason that passes."""


class _NoChat(Unreachable):
    """The bot cannot write to this person."""


_POLLS = mark(
    "Otro programa está recibiendo los mensajes de este bot con el mismo token, quizá petition-bot"
    " run en esta misma máquina. Detenlo y prueba otra vez. Si no sabes cuál es, pide a @BotFather"
    " otro token con /revoke: el de ahora deja de valer."
)
_HAS_WEBHOOK = mark(
    "Los mensajes de este bot van a un servidor ({host}), porque alguien puso un webhook. Quítalo"
    " donde se puso y prueba otra vez, o pide a @BotFather un bot nuevo."
)


class BotCalls:
    """Calls for the bot of a token."""

    def __init__(self, session: SharedSession, api_url: str, token: str) -> None:
        self._client = TelegramClient(session, Gate(), api_url=api_url, token=token)

    async def identity(self) -> User:
        """Asks Telegram whose token it is; raises TokenUnknown, Unreachable."""
        return User.de_json(await self._call("getMe"), None)

    async def require_alone(self) -> None:
        """Refuses a bot whose updates another program fetches.

        Raises:
            TerminalError: it has a webhook, or somebody polls.
            TokenUnknown, Unreachable: see there.
        """
        if webhook := (await self.webhook()).get("url"):
            raise TerminalError.because(_HAS_WEBHOOK, host=urlsplit(webhook).hostname or "?")
        now = asyncio.get_running_loop().time
        until = now() + _ALONE_SECONDS
        while now() < until:
            await self._fetch(_ALONE_SECONDS)

    async def webhook(self) -> dict[str, Any]:
        """Returns the fields of Telegram's WebhookInfo; raises TokenUnknown, Unreachable."""
        found: dict[str, Any] = await self._call("getWebhookInfo")
        return found

    async def can_write_to(self, user_id: int) -> bool:
        """Returns whether a person would get a message; they see for a moment that the bot types.

        Raises TokenUnknown, Unreachable.
        """
        try:
            await self._call("sendChatAction", {"chat_id": user_id, "action": "typing"})
        except _NoChat:
            return False
        return True

    async def wait_for(self, code: str) -> User | None:
        """Waits until somebody opens the link; returns None when its time is over.

        Raises:
            TerminalError: another program has begun to fetch, or theirs cannot be seen behind
                those of others.
            TokenUnknown: the token was revoked meanwhile.
        """
        now = asyncio.get_running_loop().time
        until = now() + LASTS_SECONDS
        while (left := until - now()) > 0:
            try:
                updates = await self._fetch(min(_LONG_POLL_SECONDS, int(left) + 1))
            except Unreachable:
                await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
                continue
            if found := next(filter(None, (sender_of(code, each) for each in updates)), None):
                return found
            if len(updates) >= _MOST_UPDATES:
                raise TerminalError.because(
                    "Hay más de cien mensajes de otras personas esperando en Telegram. Di tú quién"
                    " administra, con su id numérico: petition-bot init --admin ID"
                )
        return None

    async def write_to(self, user_id: int, text: Html) -> None:
        """Sends a person a message; somebody who has blocked the bot meanwhile gets none."""
        params = {"chat_id": user_id, "text": text, "parse_mode": "HTML"}
        with suppress(TelegramError):
            await self._client.call("sendMessage", params)

    async def _fetch(self, seconds: int) -> Any:
        # The kinds are those of the running bot: Telegram remembers what was asked for last, and
        # would not keep the others for it.
        params: dict[str, object] = {
            "limit": _MOST_UPDATES,
            "timeout": seconds,
            "allowed_updates": ALLOWED_UPDATES,
        }
        updates = await self._call("getUpdates", params, timeout=seconds + _GRACE_SECONDS)
        await asyncio.sleep(_BETWEEN_LOOKS_SECONDS if updates else _REST_SECONDS)
        return updates

    async def _call(
        self, method: str, params: dict[str, object] | None = None, timeout: float = 10.0
    ) -> Any:
        try:
            return await self._client.call(method, params, timeout=timeout)
        except TelegramError as error:
            kind, said = error_kind(error), f"({error})"
            reason = error.reason if isinstance(error, NotSent) else None
        # Raised outside of the handler: the original may have the token.
        if kind is ErrorKind.UNAUTHORISED:
            raise TokenUnknown
        if kind is ErrorKind.CONFLICT:
            has_webhook = "webhook is active" in said.lower()
            raise TerminalError.because(_HAS_WEBHOOK if has_webhook else _POLLS, host="?")
        if kind is ErrorKind.UNREACHABLE:
            raise _NoChat
        raise Unreachable.because(
            "No se puede hablar con Telegram. {reason} Si tu red no deja pasar Telegram, indica un"
            " proxy en PETITION_PROXY.",
            reason=reason.said(terminal_words()) if reason else said,
        )


def new_admin_code() -> str:
    """Returns a new code of 128 random bits."""
    return _PREFIX + secrets.token_urlsafe(16)


def is_admin_code(payload: str) -> bool:
    """Tells whether the word of a start link has the form of such a code, old or new."""
    return _CODE.fullmatch(payload) is not None


def sender_of(code: str, update: Mapping[str, Any]) -> User | None:
    """Returns who sent this code, in an update from Telegram; None for any other update.

    Only a message counts that a person wrote in their own chat with the bot: none that was
    edited, forwarded, or sent through another bot.
    """
    message = update.get("message") or {}
    typed = _START.fullmatch(str(message.get("text", "")))
    # Compared as bytes: the payload of a stranger may be anything.
    if typed is None or not secrets.compare_digest(typed[1].encode(), code.encode()):
        return None
    sent = Message.de_json(message, None)
    user = sent.from_user
    if sent.forward_origin or sent.via_bot or sent.chat.type != sent.chat.PRIVATE:
        return None
    return None if user is None or user.is_bot else user
