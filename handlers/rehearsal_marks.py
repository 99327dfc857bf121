"""Marks everything that a rehearsal sends, and keeps its buttons apart from the real petition's.

Both ways out, python-telegram-bot's and the raw one, go through its client, so there is no
message, caption or button that another part could forget to mark.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.text import text_limits
from bot.transport.client import ApiCall, TelegramClient, makes_message
from handlers.context import Services
from telegram_text.markup import Html, escape, length, parse

_WITH_TEXT = frozenset({"sendMessage", "editMessageText"})
_WITH_CAPTION = frozenset(
    {
        *("sendPhoto", "sendDocument", "sendVideo", "sendAnimation", "sendAudio", "sendVoice"),
        "editMessageCaption",
    }
)
# Before the callback data of a rehearsal's buttons. No button of the petition begins with it, so
# neither carries out what the other offered: a tap on one brings the present screen.
_MARK = "!"
_OF_THE_OTHER = "-"
_SIGN = "🎭"


class RehearsalClient(TelegramClient):
    """A client that marks every call of a rehearsal, and reads the marks in the updates.

    Args:
        services: returns those by which it finds the language of the chat that a call goes to.
        given: as for a `TelegramClient`.
    """

    def __init__(self, services: Callable[[], Services], *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._services = services

    async def call(self, method: str, *given: Any, **named: Any) -> Any:
        """Calls a method and returns its result, as `TelegramClient.call` does."""
        result = await super().call(method, *given, **named)
        if method == "getUpdates":
            read_marks(result)
        return result

    async def answer(self, call: ApiCall) -> bytes:
        """Makes a call with its marks, after those that go before it."""
        *before, (_, fields) = await self.outgoing(call.method, call.fields)
        for method, others in before:
            await super().answer(replace(call, method=method, fields=others))
        return await super().answer(replace(call, fields=fields))

    async def outgoing(
        self, method: str, params: Mapping[str, Any]
    ) -> list[tuple[str, dict[str, Any]]]:
        """Returns the calls to make in place of one; the last is the one that was asked for.

        A copy cannot be changed, so a message with the notice goes before it.
        """
        marked = {**params}
        if markup := marked.get("reply_markup"):
            rows = [[_own(button) for button in row] for row in markup["inline_keyboard"]]
            marked["reply_markup"] = {"inline_keyboard": rows}
        chat = params.get("chat_id")
        if method == "answerCallbackQuery" and params.get("text"):
            # It names no chat, and so no language: it gets the sign that begins every notice.
            marked["text"] = _cut(f"{_SIGN} {params['text']}", text_limits.TAP_ANSWER)
        elif method in _WITH_TEXT:
            _begin(marked, "text", await self._notice_in(chat), text_limits.MESSAGE)
        elif method in _WITH_CAPTION:
            _begin(marked, "caption", await self._notice_in(chat), text_limits.CAPTION)
        elif method == "editMessageMedia":
            marked["media"] = {**marked["media"]}
            _begin(marked["media"], "caption", await self._notice_in(chat), text_limits.CAPTION)
        elif makes_message(method):
            notice = await self._notice_in(chat)
            before = {"chat_id": chat, "text": notice, "parse_mode": "HTML"}
            return [("sendMessage", before), (method, marked)]
        return [(method, marked)]

    async def _notice_in(self, chat: Any) -> Html:
        # A chat's id may be written as a text.
        number = int(chat) if str(chat).removeprefix("-").isdecimal() else 0
        words = await self._services().words_for(number)
        return words.text(
            "🎭 <b>Esto es un ensayo:</b> ninguna firma cuenta, y todas se borran cuando termina."
        )


def read_marks(updates: object) -> None:
    """Changes the taps among updates to what their buttons say."""
    for update in updates if isinstance(updates, list) else ():
        tap = update.get("callback_query")
        if isinstance(tap, dict) and isinstance(data := tap.get("data"), str):
            own = data.startswith(_MARK)
            tap["data"] = data.removeprefix(_MARK) if own else _OF_THE_OTHER


def _begin(params: dict[str, Any], key: str, notice: Html, most: int) -> None:
    """Puts the notice before a text, cut where Telegram would not take it."""
    is_html, text = params.get("parse_mode") == "HTML", params.get(key) or ""
    whole = _joined(notice, text) if is_html else _joined(parse(notice).text, text)
    if is_html and length(parse(whole).text) > most:
        # Cut without its markup, of which a part would be refused.
        whole = escape(_cut(_joined(parse(notice).text, parse(text).text), most))
    params[key] = whole if is_html else _cut(whole, most)


def _joined(notice: str, text: str) -> str:
    return f"{notice}\n\n{text}" if text else notice


def _cut(whole: str, most: int) -> str:
    if length(whole) <= most:
        return whole
    # Telegram counts units of UTF-16, of which a half could be left at the end.
    kept = whole.encode("utf-16-le")[: 2 * (most - 1)]
    return kept.decode("utf-16-le", errors="ignore").rstrip() + "…"


def _own(button: Mapping[str, Any]) -> dict[str, Any]:
    data = button.get("callback_data")
    return {**button, "callback_data": f"{_MARK}{data}"} if data else {**button}
