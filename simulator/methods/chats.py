"""Chats, and answers to taps."""

from simulator.chats import Shape
from simulator.errors import bad_request
from simulator.parameters import Params
from simulator.taps import Answer
from simulator.world import World
from telegram_text.markup import length

_ANSWER_UNITS = 200
# How long a tap can be answered. Telegram does not say; this is short of what is seen.
_ANSWER_SECONDS = 30
_TAP_IS_OLD = "query is too old and response timeout expired or query ID is invalid"


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
    return shape


def send_action(world: World, params: Params) -> bool:
    """Serves sendChatAction, which nobody is shown."""
    world.open_chat(params["chat_id"])
    return True


def answer_tap(world: World, params: Params) -> bool:
    """Serves answerCallbackQuery: once for each tap, within half a minute."""
    text = params.get("text", "")
    if length(text) > _ANSWER_UNITS:
        raise bad_request("MESSAGE_TOO_LONG")
    tap = world.taps.pop(params["callback_query_id"], None)
    if tap is None or world.clock() - tap.at > _ANSWER_SECONDS:
        raise bad_request(_TAP_IS_OLD)
    url = params.get("url") or None
    if url and not url.startswith((f"https://t.me/{world.bot.username}?", "tg://")):
        raise bad_request("URL_INVALID")
    tap.answer = Answer(text, params.get("show_alert", False), url)
    tap.notifier.notify()
    detail = {"text": text, "alert": tap.answer.alert, "url": url, "data": tap.data}
    world.publish("answered", tap.message.chat, tap.message, detail)
    return True
