"""Chats, their pinned messages, and answers to taps."""

from simulator.chats import Shape
from simulator.errors import bad_request
from simulator.parameters import Params
from simulator.taps import Answer
from simulator.world import World
from telegram_text.markup import length

_ANSWER_UNITS = 200
_TAP_IS_OLD = "query is too old and response timeout expired or query ID is invalid"


def pin(world: World, params: Params) -> bool:
    """Serves pinChatMessage; a service message about it goes to the chat and to the bot."""
    chat = world.open_chat(params["chat_id"])
    if params["message_id"] not in chat.messages:
        raise bad_request("message to pin not found")
    if not chat.is_private and chat.bot_status != "administrator":
        raise bad_request("not enough rights to manage pinned messages in the chat")
    chat.pin(params["message_id"])
    pinned = chat.messages[params["message_id"]]
    world.publish("pinned", chat, pinned)
    told = chat.post(world.bot, about={"pinned_message": pinned.shape(with_reply=False)})
    world.updates.add("message", chat.id, told.shape())
    return True


def get_chat(world: World, params: Params) -> Shape:
    """Serves getChat."""
    chat = world.known_chat(params["chat_id"])
    shape: Shape = chat.shape() | {
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": True,
            "limited_gifts": True,
            "unique_gifts": True,
            "premium_subscription": True,
            "gifts_from_channels": True,
        },
    }
    if chat.person is not None and chat.person.forbids_voice_messages:
        shape["has_restricted_voice_and_video_messages"] = True
    if chat.pinned:
        shape["pinned_message"] = chat.messages[chat.pinned[-1]].shape()
    return shape


def answer_tap(world: World, params: Params) -> bool:
    """Serves answerCallbackQuery: once for each tap, within `World.query_seconds`."""
    text = params.get("text", "")
    if length(text) > _ANSWER_UNITS:
        raise bad_request("MESSAGE_TOO_LONG")
    tap = world.taps.pop(params["callback_query_id"], None)
    if tap is None or world.clock() - tap.at > world.query_seconds:
        raise bad_request(_TAP_IS_OLD)
    url = params.get("url") or None
    if url and not url.startswith((f"https://t.me/{world.bot.username}?", "tg://")):
        raise bad_request("URL_INVALID")
    tap.answer = Answer(text, params.get("show_alert", False), url)
    tap.notifier.notify()
    detail = {"text": text, "alert": tap.answer.alert, "url": url, "data": tap.data}
    world.publish("answered", tap.message.chat, tap.message, detail)
    return True
