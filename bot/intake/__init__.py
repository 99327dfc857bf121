"""Fetches updates, handles them in order within a chat, and acknowledges them afterwards.

Telegram is the durable inbox: an update stays there until the offset moves past it, and the offset
moves only past updates that were handled. Polling is one way to fetch them; a webhook would be
another, in a file `webhook.py` that answers 200 when `Dispatcher` has handled the update.
"""

from bot.intake.dispatcher import (
    NOTHING_BEHIND,
    Counts,
    Dispatcher,
    DispatchPolicy,
    UpdatesBehind,
)
from bot.intake.errors import TokenUnknown, TryAgain
from bot.intake.polling import Polling

__all__ = [
    "NOTHING_BEHIND",
    "Counts",
    "DispatchPolicy",
    "Dispatcher",
    "Polling",
    "TokenUnknown",
    "TryAgain",
    "UpdatesBehind",
]
