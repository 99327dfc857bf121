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
    TryAgain,
    UpdatesBehind,
)
from bot.intake.polling import Polling
from bot.intake.token_checks import TokenUnknown

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
