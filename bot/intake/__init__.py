"""Fetches updates, handles them in order within a chat, and acknowledges them afterwards.

Telegram is the durable inbox: an update stays there until the offset moves past it, and the offset
moves only past updates that were handled. Polling is one way to fetch them; a webhook would be
another, in a file `webhook.py` that answers 200 when `Dispatcher` has handled the update.
"""

from bot.intake.dispatcher import (
    Counts,
    Dispatcher,
    DispatchPolicy,
    dropped_behind,
    holds_others_up,
    updates_behind,
)
from bot.intake.errors import TokenUnknown, TryAgain
from bot.intake.polling import Polling

__all__ = [
    "Counts",
    "DispatchPolicy",
    "Dispatcher",
    "Polling",
    "TokenUnknown",
    "TryAgain",
    "dropped_behind",
    "holds_others_up",
    "updates_behind",
]
