"""Answers to taps."""

from bot.simulator.api import Api
from bot.simulator.errors import bad_request
from bot.simulator.parameters import Params
from bot.simulator.taps import Answer
from bot.text.markup import length

_UNITS = 200
_OLD = "query is too old and response timeout expired or query ID is invalid"


def answer(api: Api, params: Params) -> bool:
    """Serves answerCallbackQuery: once for each tap, within `Api.query_seconds`."""
    text = params.get("text", "")
    if length(text) > _UNITS:
        raise bad_request("MESSAGE_TOO_LONG")
    tap = api.world.taps.pop(params["callback_query_id"], None)
    if tap is None or api.world.clock() - tap.at > api.query_seconds:
        raise bad_request(_OLD)
    url = params.get("url") or None
    if url and not url.startswith((f"https://t.me/{api.world.bot.username}?", "tg://")):
        raise bad_request("URL_INVALID")
    tap.answer = Answer(text, params.get("show_alert", False), url)
    tap.notifier.notify()
    detail = {"text": text, "alert": tap.answer.alert, "url": url, "data": tap.data}
    api.world.publish("answered", tap.message.chat, tap.message, detail)
    return True
