"""What the transport has to know about a method of the Bot API: only its name tells."""

# Doing these twice is doing them once, so they are repeated even when the outcome is unknown.
_REPEATABLE = ("edit", "delete", "answer", "set", "get", "pin", "unpin")

# They do not count against Telegram's limits, and a person's tap is answered whatever happens.
UNCOUNTED = frozenset({"getUpdates", "getMe", "answerCallbackQuery"})

# Intake keeps its own account of these.
NEVER_REPEATED = frozenset({"getUpdates"})


def is_repeatable(method: str) -> bool:
    """Whether a second call leaves things as one call does."""
    return method.startswith(_REPEATABLE) and method not in NEVER_REPEATED


def makes_message(method: str) -> bool:
    """Whether it puts a new message into a chat, which is what Telegram's limit counts."""
    return method.startswith(("send", "copy", "forward")) and method != "sendChatAction"
