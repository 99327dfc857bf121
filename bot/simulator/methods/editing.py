"""Changing and deleting what the bot has sent."""

from typing import Any

from bot.simulator.api import Api
from bot.simulator.chats import Chat
from bot.simulator.errors import Refused, bad_request
from bot.simulator.keyboards import checked_markup
from bot.simulator.messages import Message, Shape
from bot.simulator.methods.copying import checked_ids
from bot.simulator.methods.sending import checked_preview
from bot.simulator.parameters import Params, Upload
from bot.simulator.texts import caption_of, text_of

_TWO_DAYS = 48 * 60 * 60
_UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the"
    " same as a current content and reply markup of the message"
)
_MEDIA_FIELDS = frozenset(
    {
        "type",
        "media",
        "caption",
        "parse_mode",
        "caption_entities",
        "show_caption_above_media",
        "has_spoiler",
        "thumbnail",
        "disable_content_type_detection",
    }
)


def edit_text(api: Api, params: Params) -> Shape:
    """Serve editMessageText."""
    rendered = text_of(params)
    preview = checked_preview(params)
    message = _editable(api, params)
    if message.media is not None:
        raise bad_request("there is no text in the message to edit")
    return _edited(
        api, params, message, text=rendered.text, entities=rendered.entities, preview=preview
    )


def edit_caption(api: Api, params: Params) -> Shape:
    """Serve editMessageCaption."""
    rendered = caption_of(params)
    message = _editable(api, params)
    if message.media is None:
        raise bad_request("there is no caption in the message to edit")
    above = params.get("show_caption_above_media", False)
    return _edited(
        api,
        params,
        message,
        text=rendered.text,
        entities=rendered.entities,
        caption_above=above,
    )


def edit_media(api: Api, params: Params) -> Shape:
    """Serve editMessageMedia, for photos and documents."""
    wanted: dict[str, Any] = params["media"]
    if unknown := set(wanted) - _MEDIA_FIELDS:
        raise bad_request(f'unknown field "{min(unknown)}" in media')
    if wanted.get("type") not in ("photo", "document"):
        raise bad_request("can't parse InputMedia: type must be photo or document here")
    if not isinstance(wanted.get("media"), str | Upload):
        raise bad_request("can't parse InputMedia: media not found")
    rendered = caption_of(wanted)
    message = _editable(api, params)
    media = api.world.files.media(wanted["type"], wanted["media"])
    return _edited(
        api,
        params,
        message,
        media=media,
        text=rendered.text,
        entities=rendered.entities,
        preview=None,
        caption_above=bool(wanted.get("show_caption_above_media", False)),
    )


def edit_markup(api: Api, params: Params) -> Shape:
    """Serve editMessageReplyMarkup."""
    return _edited(api, params, _editable(api, params))


def delete_message(api: Api, params: Params) -> bool:
    """Serve deleteMessage."""
    chat = api.chat(params["chat_id"])
    refusal = _why_not_deletable(api, chat, params["message_id"])
    if refusal is not None:
        raise refusal
    chat.remove(params["message_id"])
    return True


def delete_messages(api: Api, params: Params) -> bool:
    """Serve deleteMessages: those that cannot be deleted are left out."""
    numbers = checked_ids(params["message_ids"])
    chat = api.chat(params["chat_id"])
    for number in numbers:
        if _why_not_deletable(api, chat, number) is None:
            chat.remove(number)
    return True


def _editable(api: Api, params: Params) -> Message:
    if params.get("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")  # this bot sends nothing inline
    if not params.get("chat_id"):
        raise bad_request("chat_id is empty")
    if not params.get("message_id"):
        raise bad_request("message identifier is not specified")
    chat = api.open_chat(params["chat_id"])
    message = chat.messages.get(params["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message.by.id != api.world.bot.id:
        raise bad_request("message can't be edited")
    return message


def _edited(api: Api, params: Params, message: Message, **content: Any) -> Shape:
    markup = checked_markup(params.get("reply_markup"), inline_only=True)
    content["markup"] = markup
    if all(getattr(message, name) == value for name, value in content.items()):
        raise bad_request(_UNCHANGED)
    api.limits.count(message.chat.id, new=False)
    # A changed keyboard alone does not mark the message as edited.
    visibly = any(getattr(message, name) != content[name] for name in content if name != "markup")
    return message.chat.change(message, visibly=visibly, **content).shape()


def _why_not_deletable(api: Api, chat: Chat, message_id: int) -> Refused | None:
    message = chat.messages.get(message_id)
    if message is None:
        return bad_request("message to delete not found")
    own = message.by.id == api.world.bot.id
    if not own and not chat.is_private and chat.bot_status != "administrator":
        return bad_request("message can't be deleted")
    if api.world.clock() - message.date > _TWO_DAYS and chat.bot_status != "administrator":
        return bad_request("message can't be deleted for everyone")
    return None
