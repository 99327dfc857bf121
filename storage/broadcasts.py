"""Broadcasts: one message to many, started once and sent by the process that holds the lease.

This lists what can be done with them. They are read in `broadcast_rows.py`, counted in
`broadcast_audience.py` and `broadcast_report.py`, started in `broadcast_start.py` and changed in
`broadcast_transitions.py`; their recipients' rows are in `deliveries.py`, and `eligibility.py`
defines who may receive one.
"""

from storage import broadcast_audience as counts
from storage import broadcast_report as report
from storage import broadcast_rows as rows
from storage import broadcast_transitions as transitions
from storage.broadcast_start import start_broadcast
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
    latest = as_read(rows.latest_broadcast)
    history = as_read(rows.broadcast_history)
    listed = as_read(rows.listed_broadcasts)
    has_sent = as_read(rows.has_sent)

    audience = as_read(counts.count_audience)
    has_recipients = as_read(counts.has_recipients)
    unreachable = as_read(counts.count_unreachable)
    muted = as_read(counts.count_muted)
    can_be_written_to = as_read(counts.count_can_be_written_to)
    not_chosen = as_read(counts.count_not_chosen)
    had_all_updates = as_read(counts.count_had_all_updates)
    written_to_alone = as_read(counts.written_to_alone)

    start = as_write(start_broadcast)
    begin = as_write(transitions.begin)
    finish = as_write(transitions.finish)
    stop = as_write(transitions.stop)
    pause_by_system = as_write(transitions.pause_by_system)
    mark_reported = as_write(transitions.mark_reported)
    pause = as_write(transitions.pause)
    resume = as_write(transitions.resume)
    request_cancel = as_write(transitions.request_cancel)
    clear_cancel_request = as_write(transitions.clear_cancel_request)
    cancel = as_write(transitions.cancel)
    recall = as_write(transitions.recall)
    approve = as_write(transitions.approve)
    decline = as_write(transitions.decline)
    recount = as_write(transitions.recount)
    set_progress = as_write(transitions.set_progress)

    tally = as_read(report.tally_of_broadcast)
    not_told = as_read(report.not_told)
    timeline = as_read(report.timeline)
