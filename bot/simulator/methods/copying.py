"""Copies of messages, without a link to the original."""

from bot.petition.markup import Rendered
from bot.simulator.api import Api
from bot.simulator.chats import Chat
from bot.simulator.errors import bad_request
from bot.simulator.messages import Message, Shape
from bot.simulator.methods.sending import posted
from bot.simulator.parameters import Params
from bot.simulator.texts import caption_of

_MOST = 100


def copy_message(api: Api, params: Params) -> Shape:
    """Serve copyMessage."""
    source = _source(api.chat(params["from_chat_id"]), params["message_id"])
    if source is None:
        raise bad_request("message to copy not found")
    rendered = Rendered(source.text, source.entities)
    if source.media is not None and "caption" in params:
        rendered = caption_of(params)
    return {"message_id": _copied(api, params, source, rendered).id}


def copy_messages(api: Api, params: Params) -> list[Shape]:
    """Serve copyMessages: what is not there any more is left out."""
    numbers = checked_ids(params["message_ids"])
    if numbers != sorted(set(numbers)):
        raise bad_request("message identifiers must be in a strictly increasing order")
    chat = api.chat(params["from_chat_id"])
    found = [source for number in numbers if (source := _source(chat, number)) is not None]
    if not found:
        raise bad_request("there are no messages to copy")
    bare = params.get("remove_caption", False)
    copies = [
        _copied(
            api,
            params,
            source,
            Rendered("") if bare and source.media else Rendered(source.text, source.entities),
        )
        for source in found
    ]
    return [{"message_id": copy.id} for copy in copies]


def checked_ids(numbers: list[object]) -> list[int]:
    """A list of message identifiers that Telegram would take."""
    if not 1 <= len(numbers) <= _MOST:
        raise bad_request("too many message identifiers specified")
    whole = [n for n in numbers if isinstance(n, int) and not isinstance(n, bool) and n > 0]
    if len(whole) != len(numbers):
        raise bad_request("invalid message identifier specified")
    return whole


def _source(chat: Chat, message_id: int) -> Message | None:
    return chat.messages.get(message_id)


def _copied(api: Api, params: Params, source: Message, rendered: Rendered) -> Message:
    return posted(api, params, rendered, media=source.media, preview=source.preview)
