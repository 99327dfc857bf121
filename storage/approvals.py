"""When a broadcast needs a second admin's approval, and until when that can be given."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.broadcast_types import Broadcast
from storage.broadcasts import broadcast_history, tally_of_broadcast
from storage.tables import BROADCASTS
from storage.transaction import Transaction

APPROVABLE_FOR = timedelta(hours=24)
"""For how long after it was due a broadcast can be approved: later it may be out of date."""

# What one admin sends within this time, approved by nobody else, counts as one broadcast where it
# is asked whether a second admin has to approve it.
_TOGETHER_FOR = timedelta(hours=24)


def has_lapsed(broadcast: Broadcast, at: datetime) -> bool:
    """Returns whether it was not approved in time."""
    starts = broadcast.starts_at or broadcast.created_at
    return broadcast.awaits_approval and at - starts >= APPROVABLE_FOR


def written_to_alone(tx: Transaction, author: int, at: datetime) -> int:
    """Returns to how many people an admin wrote within a day without another's approval."""
    # Not those that began within it: one that was paused for a day is sent after it.
    lasted = sa.or_(BROADCASTS.c.ended_at.is_(None), BROADCASTS.c.ended_at > at - _TOGETHER_FOR)
    tallies = [
        tally_of_broadcast(tx, each.id)
        for each in broadcast_history(tx, BROADCASTS.c.started_at.is_not(None), lasted)
        # One of which it is not known who wrote it may be theirs.
        if each.is_damaged or each.author == each.confirmed_by == author
    ]
    return sum(each.total - each.pending - each.withdrawn for each in tallies)
