"""Broadcasts: one message to many, started once and sent by the process that holds the lease.

This lists what can be done with them. They are read in `broadcast_rows.py`, counted in
`broadcast_counts.py`, started and changed in `broadcast_transitions.py`; their recipients' rows
are in `deliveries.py`, and `eligibility.py` defines who may receive one.
"""

from storage import broadcast_counts as counts
from storage import broadcast_rows as rows
from storage import broadcast_transitions as transitions
from storage.database import Database
from storage.deliveries import Deliveries, lease_of
from storage.keyring import Keyring
from storage.petition_rows import PetitionRows, as_read, as_write


class Broadcasts(PetitionRows):
    """The broadcasts of one petition."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        super().__init__(database, slug, keyring)
        self.deliveries = Deliveries(database, slug, keyring)

    @property
    def lease(self) -> str:
        """The name of the lease under which this petition's broadcasts are sent."""
        return lease_of(self._slug)

    get = as_read(rows.broadcast_with)
    active = as_read(rows.active_broadcast)
    scheduled = as_read(rows.scheduled_broadcasts)
    due = as_read(rows.due_broadcasts)
    history = as_read(rows.list_broadcasts)
    listed = as_read(rows.listed_broadcasts)
    has_sent = as_read(rows.has_sent)

    audience = as_read(counts.count_audience)
    has_recipients = as_read(counts.has_recipients)
    signers = as_read(counts.count_signers)
    written_to_alone = as_read(counts.written_to_alone)

    start = as_write(transitions.start_broadcast)
    begin = as_write(transitions.begin)
    finish = as_write(transitions.finish)
    interrupt = as_write(transitions.interrupt_broadcast)
    change = as_write(transitions.change_broadcast)
    note = as_write(transitions.note_on_broadcast)

    tally = as_read(counts.tally_of_broadcast)
    not_told = as_read(counts.not_told)
    timeline = as_read(counts.timeline)
