"""Fetches updates, handles them in order within a chat, and acknowledges them afterwards.

Telegram is the durable inbox: an update stays there until the offset moves past it, and the offset
moves only past updates that were handled.
"""

from bot.intake.dispatcher import (
    NOTHING_BEHIND,
    Counts,
    Dispatcher,
    TryAgain,
    UpdatesBehind,
)
from bot.intake.polling import Polling, TokenUnknown

__all__ = [
    "NOTHING_BEHIND",
    "Counts",
    "Dispatcher",
    "Polling",
    "TokenUnknown",
    "TryAgain",
    "UpdatesBehind",
]
