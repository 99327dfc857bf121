"""The methods of the Bot API that the simulator serves, with their parameters.

An exclamation mark marks a required parameter.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from simulator.methods import chats, editing, profile, sending, updates
from simulator.parameters import Method, Params
from simulator.world import World

Handler = Callable[[World, Params], Any | Awaitable[Any]]

_SEND = (
    " business_connection_id message_thread_id direct_messages_topic_id disable_notification"
    " protect_content allow_paid_broadcast message_effect_id reply_parameters"
    " reply_to_message_id allow_sending_without_reply suggested_post_parameters reply_markup"
)
_SHOWN = " show_caption_above_media has_spoiler"
_CAPTION = " caption parse_mode caption_entities"
_EDIT = " business_connection_id chat_id message_id inline_message_id reply_markup"
_PREVIEW = " link_preview_options disable_web_page_preview"

_METHODS: Mapping[str, tuple[Handler, str]] = {
    "getMe": (profile.get_me, ""),
    "getUpdates": (updates.get_updates, "offset limit timeout allowed_updates"),
    "setWebhook": (
        updates.set_webhook,
        "url! certificate ip_address max_connections allowed_updates drop_pending_updates"
        " secret_token",
    ),
    "deleteWebhook": (updates.delete_webhook, "drop_pending_updates"),
    "getWebhookInfo": (updates.get_webhook_info, ""),
    "sendMessage": (sending.send_message, "chat_id! text! parse_mode entities" + _PREVIEW + _SEND),
    "sendPhoto": (sending.sender("photo"), "chat_id! photo!" + _SHOWN + _CAPTION + _SEND),
    "sendDocument": (
        sending.sender("document"),
        "chat_id! document! thumbnail disable_content_type_detection" + _CAPTION + _SEND,
    ),
    "copyMessage": (
        sending.copy_message,
        "chat_id! from_chat_id! message_id! show_caption_above_media video_start_timestamp"
        + _CAPTION
        + _SEND,
    ),
    "copyMessages": (
        sending.copy_messages,
        "chat_id! from_chat_id! message_ids! message_thread_id direct_messages_topic_id"
        " disable_notification protect_content remove_caption",
    ),
    "editMessageText": (editing.edit_text, "text! parse_mode entities" + _PREVIEW + _EDIT),
    "editMessageMedia": (editing.edit_media, "media!" + _EDIT),
    "editMessageReplyMarkup": (editing.edit_markup, _EDIT),
    "deleteMessage": (editing.delete_message, "chat_id! message_id!"),
    "deleteMessages": (editing.delete_messages, "chat_id! message_ids!"),
    "answerCallbackQuery": (chats.answer_tap, "callback_query_id! text show_alert url cache_time"),
    "setMyCommands": (profile.set_commands, "commands! scope language_code"),
    "deleteMyCommands": (profile.delete_commands, "scope language_code"),
    "setMyDescription": (profile.text_setter("description"), "description language_code"),
    "setMyShortDescription": (
        profile.text_setter("short_description"),
        "short_description language_code",
    ),
    "getChat": (chats.get_chat, "chat_id!"),
    "sendChatAction": (chats.send_action, "chat_id! action!"),
    "getMyStarBalance": (profile.get_star_balance, ""),
}

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {name: handler for name, (handler, _) in _METHODS.items()}
)
METHODS: Mapping[str, Method] = MappingProxyType(
    {name.lower(): Method.declared(name, words) for name, (_, words) in _METHODS.items()}
)
"""Every method by its name in lower case: Telegram ignores the case."""
