"""The conversation message, against a chat that answers with Telegram's errors."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from telegram.error import NetworkError, TelegramError

from bot.petition.stages import Action
from bot.transport.errors import TelegramRefused
from handlers.context import Bot
from handlers.conversation_message import ConversationMessage, Shown, tolerate
from handlers.screens.buttons import Button
from handlers.screens.screen import Screen
from telegram_text.markup import Html

CHAT = 7
HOME = Screen(Html("Hola"), ((Button("Leer", Action.READ),),))
NAME = Screen(Html("¿Cómo te llamas?"), ((Button("Cancelar", Action.HOME),),))

SAME = (
    "Bad Request: message is not modified: specified new message content and reply markup are"
    " exactly the same as a current content and reply markup of the message"
)


class FakeChat:
    """One chat as Telegram keeps it: what stands there, and what was asked."""

    def __init__(self, *there: int) -> None:
        self.shown: dict[int, object] = dict.fromkeys(there)
        self.calls: list[tuple[str, object]] = []
        self.refuses: TelegramError | None = None
        self.too_old: set[int] = set()

    async def call(self, method: str, *, chat_id: int, text: str, **rest: Any) -> object:
        if method == "sendMessage":
            self._note("send", None, chat_id)
            number = max(self.shown, default=0) + 100
            self.shown[number] = (text, rest["reply_markup"])
            return {"message_id": number}
        self._edit(chat_id, text, **rest)
        return {}

    def _edit(self, chat_id: int, text: str, **rest: Any) -> None:
        number = rest["message_id"]
        self._note("edit", number, chat_id)
        if number not in self.shown:
            raise TelegramRefused(400, "Bad Request: message to edit not found")
        if self.shown[number] == (text, rest["reply_markup"]):
            raise TelegramRefused(400, SAME)
        self.shown[number] = (text, rest["reply_markup"])

    async def delete_message(self, chat_id: int, message_id: int) -> None:
        self._note("delete", message_id, chat_id)
        if message_id not in self.shown:
            raise TelegramRefused(400, "Bad Request: message to delete not found")
        if message_id in self.too_old:
            raise TelegramRefused(400, "Bad Request: message can't be deleted for everyone")
        del self.shown[message_id]

    async def delete_messages(self, chat_id: int, message_ids: Sequence[int]) -> None:
        self._note("delete together", tuple(message_ids), chat_id)
        if self.too_old.intersection(message_ids):
            raise TelegramRefused(400, "Bad Request: message can't be deleted for everyone")
        for message_id in message_ids:
            self.shown.pop(message_id, None)

    def _note(self, what: str, about: object, chat_id: int) -> None:
        assert chat_id == CHAT
        self.calls.append((what, about))
        if self.refuses is not None:
            raise self.refuses


def message_of(
    chat: FakeChat, message_id: int | None, digest: bytes | None = None
) -> ConversationMessage:
    return ConversationMessage(cast("Bot", chat), CHAT, message_id, digest, kept)


def kept(drawn: bytes) -> bytes:
    """What is kept of a screen; here everything."""
    return drawn


# What stands in the chat, the living message, the screen and its version, and what was tapped;
# what is asked of Telegram, and which message lives from then on. It showed HOME in version 1.
EDITS: dict[str, tuple[Any, ...]] = {
    "a chat without a living message gets one": ((), None, HOME, 1, None, "send", 100),
    "it changes where it stands": ((5,), 5, NAME, 2, 5, "edit 5", 5),
    "what is shown already costs no call": ((5,), 5, HOME, 1, 5, "", 5),
    "buttons of a new version are drawn": ((5,), 5, HOME, 2, 5, "edit 5", 5),
    "a tapped message becomes the living one": ((5, 9), 5, HOME, 1, 9, "edit 9", 9),
    "the tapped one is gone": ((5,), 5, NAME, 2, 9, "edit 9, edit 5", 5),
    "it is gone, and the living one is right": ((5,), 5, HOME, 1, 9, "edit 9", 5),
    "both are gone": ((), 5, NAME, 2, 9, "edit 9, edit 5, send", 100),
    "the tapped living one is gone": ((), 5, NAME, 2, 5, "edit 5, send", 100),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
async def test_a_screen_is_edited_where_it_can_be_or_sent_anew(edit: tuple[Any, ...]) -> None:
    there, living, screen, version, tapped, calls, lives = edit
    chat = FakeChat(*there)
    shown = await message_of(chat, living, HOME.drawn(1)).edit(screen, version, tapped=tapped)
    assert ", ".join(f"{what} {about or ''}".strip() for what, about in chat.calls) == calls
    assert shown == Shown(lives, screen.drawn(version))


@pytest.mark.parametrize(
    "wording", ["Bad Request: message can't be edited", "Bad Request: MESSAGE_ID_INVALID"]
)
async def test_a_message_that_may_not_be_edited_any_more_is_as_good_as_gone(wording: str) -> None:
    chat = FakeChat(5)
    message = message_of(chat, 5)

    def refused(chat_id: int, text: str, **rest: Any) -> None:
        raise TelegramRefused(400, wording)

    chat._edit = refused  # type: ignore[method-assign] # this one wording
    assert (await message.edit(HOME, 1, tapped=None)).message_id == 105


@pytest.mark.parametrize(
    "error",
    [TelegramRefused(403, "Forbidden: bot was blocked by the user"), NetworkError("Bad Gateway")],
)
async def test_what_is_not_about_the_message_reaches_the_caller(error: TelegramError) -> None:
    chat = FakeChat(5)
    chat.refuses = error
    with pytest.raises(type(error)):
        await message_of(chat, 5).edit(HOME, 1, tapped=5)
    assert chat.calls == [("edit", 5)]


@pytest.mark.parametrize(("too_old", "left"), [(set(), {3: None}), ({1}, {1: None, 3: None})])
async def test_many_vanish_in_one_call_if_young(too_old: set[int], left: dict[int, None]) -> None:
    chat = FakeChat(1, 2, 3)
    chat.too_old = too_old
    assert await message_of(chat, None).delete(1, 2, 4) is not bool(too_old)
    assert chat.calls[0] == ("delete together", (1, 2, 4))
    assert chat.shown == left


@pytest.mark.parametrize(
    "error",
    [TelegramRefused(403, "Forbidden: bot was blocked by the user"), NetworkError("Bad Gateway")],
)
async def test_what_fails_to_vanish_reaches_the_caller(error: TelegramError) -> None:
    chat = FakeChat(1, 2)
    chat.refuses = error
    with pytest.raises(type(error)):
        await message_of(chat, None).delete(1)
    with pytest.raises(type(error)):
        await message_of(chat, None).delete(1, 2)
    assert chat.calls == [("delete", 1), ("delete together", (1, 2))]


@pytest.mark.parametrize(
    "wording",
    [
        "Bad Request: message to delete not found",
        "Bad Request: message can't be deleted for everyone",
        "Bad Request: message to edit not found",
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
        SAME,
    ],
)
async def test_a_refusal_that_changes_nothing_is_tolerated(wording: str) -> None:
    await tolerate(failing(TelegramRefused(400, wording)))


@pytest.mark.parametrize(
    "error",
    [
        TelegramRefused(400, "Bad Request: can't parse entities"),
        TelegramRefused(403, "Forbidden: bot was blocked by the user"),
        NetworkError("Bad Gateway"),
        ZeroDivisionError(),
    ],
)
async def test_any_other_refusal_is_not_nor_a_mistake_of_ours(error: Exception) -> None:
    with pytest.raises(type(error)):
        await tolerate(failing(error))


async def failing(error: Exception) -> None:
    raise error
