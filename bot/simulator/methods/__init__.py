"""The methods of the Bot API; the simulator serves those in `HANDLERS` and no others."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.simulator.api import Api
from bot.simulator.methods import (
    albums,
    callbacks,
    chats,
    copying,
    editing,
    profile,
    sending,
    stars,
    updates,
)
from bot.simulator.parameters import Params

Handler = Callable[[Api, Params], Any | Awaitable[Any]]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "getMe": profile.get_me,
        "getUpdates": updates.get_updates,
        "setWebhook": updates.set_webhook,
        "deleteWebhook": updates.delete_webhook,
        "getWebhookInfo": updates.get_webhook_info,
        "sendMessage": sending.send_message,
        "sendPhoto": sending.sender("photo"),
        "sendDocument": sending.sender("document"),
        "sendVideo": sending.sender("video"),
        "sendAnimation": sending.sender("animation"),
        "sendAudio": sending.sender("audio"),
        "sendVoice": sending.sender("voice"),
        "sendVideoNote": sending.sender("video_note"),
        "sendSticker": sending.sender("sticker"),
        "sendMediaGroup": albums.send_media_group,
        "sendChatAction": sending.send_chat_action,
        "copyMessage": copying.copy_message,
        "copyMessages": copying.copy_messages,
        "forwardMessage": copying.forward_message,
        "forwardMessages": copying.forward_messages,
        "editMessageText": editing.edit_text,
        "editMessageCaption": editing.edit_caption,
        "editMessageMedia": editing.edit_media,
        "editMessageReplyMarkup": editing.edit_markup,
        "deleteMessage": editing.delete_message,
        "deleteMessages": editing.delete_messages,
        "answerCallbackQuery": callbacks.answer,
        "setMyCommands": profile.set_commands,
        "getMyCommands": profile.get_commands,
        "deleteMyCommands": profile.delete_commands,
        "setMyDescription": profile.set_description,
        "getMyDescription": profile.get_description,
        "setMyShortDescription": profile.set_short_description,
        "getMyShortDescription": profile.get_short_description,
        "setMyName": profile.set_name,
        "getMyName": profile.get_name,
        "setChatMenuButton": profile.set_menu_button,
        "getChatMenuButton": profile.get_menu_button,
        "getFile": chats.get_file,
        "pinChatMessage": chats.pin,
        "unpinChatMessage": chats.unpin,
        "unpinAllChatMessages": chats.unpin_all,
        "getChat": chats.get_chat,
        "getChatMember": chats.get_member,
        "getChatMemberCount": chats.get_member_count,
        "leaveChat": chats.leave,
        "getMyStarBalance": stars.get_balance,
    }
)
