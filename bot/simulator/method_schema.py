"""The methods that the simulator serves, their parameters and the kinds of their values.

A name means the same in every method, so its kind is declared once. In `_METHODS` an
exclamation mark marks a required parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class ParameterKind(Enum):
    """The kind of a parameter, with the words that describe it in an error."""

    INTEGER = "an Integer"
    TEXT = "a String"
    FLAG = "a Boolean"
    CHAT = "an Integer or a String starting with @"
    LIST = "a JSON-serialized Array"
    OBJECT = "a JSON-serialized Object"
    MEDIA = "a JSON-serialized Object, or an Array of them"
    FILE = "an uploaded file, a file identifier or an HTTP URL"


@dataclass(frozen=True, slots=True)
class Method:
    """A method, by its name as Telegram spells it, and its parameters."""

    name: str
    required: tuple[str, ...]
    parameters: frozenset[str]


_KINDS = {
    ParameterKind.INTEGER: (
        "message_id user_id message_thread_id direct_messages_topic_id offset limit timeout"
        " cache_time max_connections video_start_timestamp reply_to_message_id duration width"
        " height length start_timestamp"
    ),
    ParameterKind.FLAG: (
        "disable_notification protect_content allow_paid_broadcast disable_web_page_preview"
        " allow_sending_without_reply show_caption_above_media has_spoiler show_alert"
        " disable_content_type_detection remove_caption drop_pending_updates"
        " supports_streaming"
    ),
    ParameterKind.CHAT: "chat_id from_chat_id",
    ParameterKind.LIST: "entities caption_entities message_ids commands allowed_updates",
    ParameterKind.OBJECT: (
        "link_preview_options suggested_post_parameters reply_parameters reply_markup scope"
        " menu_button"
    ),
    ParameterKind.MEDIA: "media",
    ParameterKind.FILE: (
        "photo document video animation audio voice video_note sticker thumbnail cover certificate"
    ),
}
KINDS: Mapping[str, ParameterKind] = MappingProxyType(
    {name: kind for kind, names in _KINDS.items() for name in names.split()}
)
"""The kind of every parameter that is not plain text."""

_ALBUM = (
    " business_connection_id message_thread_id direct_messages_topic_id disable_notification"
    " protect_content allow_paid_broadcast message_effect_id reply_parameters"
    " reply_to_message_id allow_sending_without_reply"
)
_SEND = _ALBUM + " suggested_post_parameters reply_markup"
_MANY = (
    "chat_id! from_chat_id! message_ids! message_thread_id direct_messages_topic_id"
    " disable_notification protect_content"
)
_SHOWN = " show_caption_above_media has_spoiler"
_CAPTION = " caption parse_mode caption_entities"
_EDIT = " business_connection_id chat_id message_id inline_message_id reply_markup"
_PREVIEW = " link_preview_options disable_web_page_preview"

_METHODS = {
    "getMe": "",
    "getUpdates": "offset limit timeout allowed_updates",
    "setWebhook": (
        "url! certificate ip_address max_connections allowed_updates drop_pending_updates"
        " secret_token"
    ),
    "deleteWebhook": "drop_pending_updates",
    "getWebhookInfo": "",
    "sendMessage": "chat_id! text! parse_mode entities" + _PREVIEW + _SEND,
    "sendPhoto": "chat_id! photo!" + _SHOWN + _CAPTION + _SEND,
    "sendDocument": (
        "chat_id! document! thumbnail disable_content_type_detection" + _CAPTION + _SEND
    ),
    "sendVideo": (
        "chat_id! video! duration width height thumbnail cover start_timestamp"
        " supports_streaming" + _SHOWN + _CAPTION + _SEND
    ),
    "sendAnimation": (
        "chat_id! animation! duration width height thumbnail" + _SHOWN + _CAPTION + _SEND
    ),
    "sendAudio": "chat_id! audio! duration performer title thumbnail" + _CAPTION + _SEND,
    "sendVoice": "chat_id! voice! duration" + _CAPTION + _SEND,
    "sendVideoNote": "chat_id! video_note! duration length thumbnail" + _SEND,
    "sendSticker": "chat_id! sticker! emoji" + _SEND,
    "sendMediaGroup": "chat_id! media!" + _ALBUM,
    "copyMessage": (
        "chat_id! from_chat_id! message_id! show_caption_above_media video_start_timestamp"
        + _CAPTION
        + _SEND
    ),
    "copyMessages": _MANY + " remove_caption",
    "forwardMessage": (
        "chat_id! from_chat_id! message_id! message_thread_id direct_messages_topic_id"
        " video_start_timestamp disable_notification protect_content message_effect_id"
        " suggested_post_parameters"
    ),
    "forwardMessages": _MANY,
    "editMessageText": "text! parse_mode entities" + _PREVIEW + _EDIT,
    "editMessageCaption": "show_caption_above_media" + _CAPTION + _EDIT,
    "editMessageMedia": "media!" + _EDIT,
    "editMessageReplyMarkup": _EDIT,
    "deleteMessage": "chat_id! message_id!",
    "deleteMessages": "chat_id! message_ids!",
    "answerCallbackQuery": "callback_query_id! text show_alert url cache_time",
    "setMyCommands": "commands! scope language_code",
    "getMyCommands": "scope language_code",
    "deleteMyCommands": "scope language_code",
    "setMyDescription": "description language_code",
    "getMyDescription": "language_code",
    "setMyShortDescription": "short_description language_code",
    "getMyShortDescription": "language_code",
    "setMyName": "name language_code",
    "getMyName": "language_code",
    "setChatMenuButton": "chat_id menu_button",
    "getChatMenuButton": "chat_id",
    "getFile": "file_id!",
    "sendChatAction": "chat_id! action! business_connection_id message_thread_id",
    "pinChatMessage": "chat_id! message_id! business_connection_id disable_notification",
    "unpinChatMessage": "chat_id! message_id business_connection_id",
    "unpinAllChatMessages": "chat_id!",
    "getChat": "chat_id!",
    "getChatMember": "chat_id! user_id!",
    "getChatMemberCount": "chat_id!",
    "leaveChat": "chat_id!",
    "getMyStarBalance": "",
}


def _method(name: str, declared: str) -> Method:
    names = declared.split()
    required = tuple(sorted(word[:-1] for word in names if word.endswith("!")))
    return Method(name, required, frozenset(word.removesuffix("!") for word in names))


METHODS: Mapping[str, Method] = MappingProxyType(
    {name.lower(): _method(name, declared) for name, declared in _METHODS.items()}
)
"""Every method by its name in lower case: Telegram ignores the case."""
