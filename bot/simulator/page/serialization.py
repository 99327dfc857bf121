"""Messages and people as JSON for the page, with text and formatting apart."""

from collections.abc import Mapping
from typing import Any

from bot.simulator.chats import InlineButton, Media, Message, Shape, entity_shape
from bot.simulator.person import Person

_FILE_FIELDS = ("file_name", "mime_type", "file_size", "width", "height", "duration", "emoji")
_CONTENT_FIELDS = ("first_name", "phone_number", "title", "address", "question", "value")


def message_shape(message: Message, *, acknowledged: bool) -> Shape:
    """Returns a message for the page; `acknowledged` is whether the bot has received it."""
    shape: Shape = {
        "id": message.id,
        "mine": message.outgoing,
        "acknowledged": acknowledged,
        "date": message.date,
        "edited": message.edit_date is not None,
        "text": message.text,
        "entities": [entity_shape(entity, message.chat) for entity in message.entities],
        "media": _media(message.media),
        "above": message.caption_above,
        "spoiler": message.spoiler,
        "group": message.group,
        "reply": message.reply_to,
        "keyboard": [[_button(button) for button in row] for row in message.buttons],
    }
    if message.about:
        shape |= _about(message.about)
    return shape


def person_shape(person: Person, *, role: str, read: int) -> Shape:
    """Returns a person, with the bot's description and the commands that they see."""
    user, profile = person.user, person.world.profile
    return {
        "id": person.id,
        "name": user.first_name,
        "surname": user.last_name or "",
        "language": user.language or "",
        "role": role,
        "started": person.started,
        "blocked": person.blocked,
        "gone": person.deactivated,
        "read": read,
        "description": profile.text("description", user.language),
        "short": profile.text("short_description", user.language),
        "commands": person.commands,
    }


def _button(button: InlineButton) -> Shape:
    does = {"data": button.data, "url": button.url, "copy": button.copied, "style": button.style}
    return {"text": button.label} | {name: each for name, each in does.items() if each is not None}


def _media(media: Media | None) -> Shape | None:
    if media is None:
        return None
    payload = media.payload[-1] if isinstance(media.payload, list) else media.payload
    known = (*_FILE_FIELDS, *_CONTENT_FIELDS)
    shape: Shape = {name: payload[name] for name in known if name in payload}
    return shape | {"kind": media.kind, "file": media.file_id}


def _about(about: Mapping[str, Any]) -> Shape:
    shape: Shape = {}
    if (origin := about.get("forward_origin")) is not None:
        shape["forwarded"] = _origin(origin)
    if "pinned_message" in about:
        shape["service"] = "pinned"
    return shape


def _origin(origin: Mapping[str, Any]) -> str:
    """Returns the name under which a forwarded message is shown."""
    if "sender_user_name" in origin:
        return str(origin["sender_user_name"])
    chat = origin.get("chat") or origin.get("sender_chat")
    if chat is not None:
        return str(chat.get("title", ""))
    user = origin["sender_user"]
    return " ".join(filter(None, (user["first_name"], user.get("last_name"))))
