"""Chats, their pinned messages, and files."""

from bot.simulator.api import Api
from bot.simulator.chats import Shape
from bot.simulator.errors import bad_request
from bot.simulator.files import DOWNLOAD_BYTES
from bot.simulator.parameters import Params


def get_file(api: Api, params: Params) -> Shape:
    """Serves getFile."""
    found = api.world.files.find(params["file_id"])
    if found is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(found.content) > DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return found.shape()


def pin(api: Api, params: Params) -> bool:
    """Serves pinChatMessage; a service message about it goes to the chat and to the bot."""
    chat = api.open_chat(params["chat_id"])
    if params["message_id"] not in chat.messages:
        raise bad_request("message to pin not found")
    if not chat.is_private and chat.bot_status != "administrator":
        raise bad_request("not enough rights to manage pinned messages in the chat")
    chat.pin(params["message_id"])
    pinned = chat.messages[params["message_id"]]
    api.world.publish("pinned", chat, pinned)
    told = chat.post(api.world.bot, about={"pinned_message": pinned.shape(with_reply=False)})
    api.world.updates.add("message", chat.id, told.shape())
    return True


def unpin(api: Api, params: Params) -> bool:
    """Serves unpinChatMessage: unpins this message, or else the newest pinned one."""
    chat = api.open_chat(params["chat_id"])
    message_id = params.get("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.unpin(message_id)
    api.world.publish("pinned", chat)
    return True


def unpin_all(api: Api, params: Params) -> bool:
    """Serves unpinAllChatMessages."""
    chat = api.open_chat(params["chat_id"])
    chat.pinned = ()
    api.world.publish("pinned", chat)
    return True


def get_chat(api: Api, params: Params) -> Shape:
    """Serves getChat."""
    chat = api.chat(params["chat_id"])
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
    if chat.pinned:
        shape["pinned_message"] = chat.messages[chat.pinned[-1]].shape()
    return shape


def get_member(api: Api, params: Params) -> Shape:
    """Serves getChatMember."""
    chat = api.chat(params["chat_id"])
    if params["user_id"] == api.world.bot.id:
        if chat.bot_status == "administrator":
            raise bad_request("administrators are not told here")
        return api.world.member_shape("member" if chat.is_private else chat.bot_status)
    person = chat.members.get(params["user_id"])
    if chat.person is not None and chat.person.id == params["user_id"]:
        person = chat.person
    if person is None:
        raise bad_request("member not found")
    return {"user": person.user.shape(), "status": "member"}


def get_member_count(api: Api, params: Params) -> int:
    """Serves getChatMemberCount; the bot counts."""
    chat = api.chat(params["chat_id"])
    return 2 if chat.is_private else len(chat.members) + 1


def leave(api: Api, params: Params) -> bool:
    """Serves leaveChat."""
    chat = api.open_chat(params["chat_id"])
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    api.world.membership(chat, api.world.bot, chat.bot_status, "left")
    return True
