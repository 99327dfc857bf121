"""What the transport needs to know about a method of the Bot API, derived from its name."""

# These are idempotent, so they are repeated even when it is unknown whether they succeeded.
_REPEATABLE = ("edit", "delete", "answer", "set", "get", "pin", "unpin")

# These do not count against Telegram's limits, and a tap is answered even during a pause.
UNCOUNTED = frozenset({"getUpdates", "getMe", "answerCallbackQuery"})

# The intake repeats these itself.
NEVER_REPEATED = frozenset({"getUpdates"})


def is_repeatable(method: str) -> bool:
    """Tells whether the method is idempotent, so that a call can be repeated safely."""
    return method.startswith(_REPEATABLE) and method not in NEVER_REPEATED


def makes_message(method: str) -> bool:
    """Tells whether the method sends a new message, which is what Telegram's limit counts."""
    return method.startswith(("send", "copy", "forward")) and method != "sendChatAction"
