"""Origins of forwarded messages, as Bot API objects."""

from simulator.chats import Message, Shape

_CHANNEL = -1_001_500_000_001


def origin_of(message: Message) -> Shape:
    """Returns the origin of a forward of this message: the first, however often forwarded."""
    about = message.about or {}
    if "forward_origin" in about:
        return dict(about["forward_origin"])
    return {"type": "user", "sender_user": message.by.shape(), "date": message.date}


def channel(title: str, date: int) -> Shape:
    """Returns the origin of a post in a channel that the bot is not in."""
    chat = {"id": _CHANNEL, "type": "channel", "title": title}
    return {"type": "channel", "chat": chat, "message_id": 1, "date": date}
