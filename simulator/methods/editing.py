"""Editing and deleting messages."""

from typing import Any

from simulator.chats import Chat, Content, Message, Shape
from simulator.errors import Refused, bad_request
from simulator.keyboard_checks import checked_markup
from simulator.methods.sending import checked_ids, checked_preview
from simulator.parameters import Params, UploadedFile, decode_value, names
from simulator.text_checks import caption_of, text_of
from simulator.world import World

_TWO_DAYS = 48 * 60 * 60
_UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the"
    " same as a current content and reply markup of the message"
)
_WITH_FILES = frozenset({"photo", "video", "animation", "audio", "document"})
_CAPTION = names("type media caption parse_mode caption_entities")
_INPUT_MEDIA = {
    "photo": _CAPTION | {"show_caption_above_media", "has_spoiler"},
    "document": _CAPTION | {"thumbnail", "disable_content_type_detection"},
}


def edit_text(world: World, params: Params) -> Shape:
    """Serves editMessageText."""
    content = text_of(params) | {"preview": checked_preview(params)}
    message = _editable(world, params)
    if message.media is not None:
        raise bad_request("there is no text in the message to edit")
    return _edited(world, params, message, content)


def edit_media(world: World, params: Params) -> Shape:
    """Serves editMessageMedia; a text message can become a file, but not the reverse."""
    kind, source, caption = _input_media(params["media"])
    message = _editable(world, params)
    if message.media is not None and message.media.kind not in _WITH_FILES:
        raise bad_request("message can't be edited")
    content = caption | {"media": world.files.media(kind, source), "preview": None}
    return _edited(world, params, message, content)


def edit_markup(world: World, params: Params) -> Shape:
    """Serves editMessageReplyMarkup."""
    return _edited(world, params, _editable(world, params), {})


def delete_message(world: World, params: Params) -> bool:
    """Serves deleteMessage."""
    chat = world.known_chat(params["chat_id"])
    _check_deletable(world, chat, params["message_id"])
    chat.remove(params["message_id"])
    return True


def delete_messages(world: World, params: Params) -> bool:
    """Serves deleteMessages; skips messages that are gone, deletes none if one may not be."""
    numbers = checked_ids(params["message_ids"])
    chat = world.known_chat(params["chat_id"])
    there = [number for number in numbers if number in chat.messages]
    for number in there:
        _check_deletable(world, chat, number)
    for number in there:
        chat.remove(number)
    return True


def _editable(world: World, params: Params) -> Message:
    if params.get("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")  # the simulator has no inline mode
    if not params.get("chat_id"):
        raise bad_request("chat_id is empty")
    if not params.get("message_id"):
        raise bad_request("message identifier is not specified")
    chat = world.open_chat(params["chat_id"])
    message = chat.messages.get(params["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message.by.id != world.bot.id:
        raise bad_request("message can't be edited")
    return message


def _input_media(shape: Any) -> tuple[str, str | UploadedFile, Content]:
    """Returns the kind, the file and the caption of an InputMedia; refuses a wrong one."""
    if not isinstance(shape, dict):
        raise _unparsed("expected an Object")
    fields = {name: value for name, value in shape.items() if value is not None}
    kind, source = fields.get("type"), fields.get("media")
    if not isinstance(kind, str):
        raise _unparsed('can\'t find field "type"')
    if not isinstance(source, str | UploadedFile) or not source:
        raise _unparsed("media not found")
    if kind not in _INPUT_MEDIA:
        raise _unparsed(f'type "{kind}" is unsupported')
    if unknown := set(fields) - _INPUT_MEDIA[kind]:
        raise bad_request(f'unknown field "{min(unknown)}" in media')
    rest = sorted(fields.keys() - {"type", "media"})
    return kind, source, caption_of({name: decode_value(name, fields[name], {}) for name in rest})


def _unparsed(reason: str) -> Refused:
    return bad_request(f"can't parse InputMedia: {reason}")


def _edited(world: World, params: Params, message: Message, content: Content) -> Shape:
    content["markup"] = checked_markup(params.get("reply_markup"))
    if all(getattr(message, name) == value for name, value in content.items()):
        raise bad_request(_UNCHANGED)
    world.limits.count(message.chat.id, new=0)
    # A change of the keyboard alone does not mark the message as edited.
    visibly = any(getattr(message, name) != content[name] for name in content if name != "markup")
    return message.chat.change(message, visibly=visibly, **content).shape()


def _check_deletable(world: World, chat: Chat, message_id: int) -> None:
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request("message to delete not found")
    own = message.by.id == world.bot.id
    if not own and not chat.is_private and chat.bot_status != "administrator":
        raise bad_request("message can't be deleted")
    if world.clock() - message.date > _TWO_DAYS and chat.bot_status != "administrator":
        raise bad_request("message can't be deleted for everyone")
