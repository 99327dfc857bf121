"""The entities Telegram recognises by itself: commands, mentions, hashtags, addresses."""

import re

from simulator.chats import Message, User
from telegram_text.entities import Entity, Rendered, in_code_points, length, tidied

_PATTERNS = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)\]»'])"
    r"|(?P<email>\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})"
    r"|(?<![\w/>])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z][A-Za-z0-9_]{2,31})\b"
    r"|(?<!\w)(?P<hashtag>#\w*[^\W\d]\w*)"
)
_SOLID = frozenset({"text_link", "text_mention", "code", "pre", "custom_emoji", "date_time"})
_HINTS = re.compile("[/@#]")


def find_entities(text: str) -> tuple[Entity, ...]:
    """Returns the entities that Telegram finds in plain text."""
    if not _HINTS.search(text):
        return ()
    return tuple(
        Entity(match.lastgroup or "", length(text[: match.start()]), length(match[0]))
        for match in _PATTERNS.finditer(text)
    )


def with_found_entities(rendered: Rendered) -> Rendered:
    """Adds the entities that Telegram finds to those given; nothing inside links and code."""
    found = find_entities(rendered.text)
    if not found:
        return rendered
    solid = [entity for entity in rendered.entities if entity.type in _SOLID]
    new = [
        entity
        for entity in found
        if not any(s.offset < entity.end and entity.offset < s.end for s in solid)
    ]
    return tidied(rendered.text, in_code_points(rendered.text, [*rendered.entities, *new]))


def is_for_bot(message: Message, bot: User) -> bool:
    """Returns whether a bot in privacy mode receives this group message.

    It receives commands and mentions of itself.
    """
    if message.chat.bot_status not in ("member", "administrator"):
        return False
    name = f"@{bot.username}".lower()
    for entity in message.entities:
        word = _word(message.text, entity).lower()
        if entity.type == "bot_command" and ("@" not in word or word.endswith(name)):
            return True
        if entity.type == "mention" and word == name:
            return True
    return False


def _word(text: str, entity: Entity) -> str:
    units = text.encode("utf-16-le")
    return units[2 * entity.offset : 2 * entity.end].decode("utf-16-le", "replace")
