"""The worker's durations and limits, which tests can shorten."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """The worker's durations, in seconds unless something else is said.

    Attributes:
        poll: between two looks for a due broadcast, when nothing wakes the worker.
        lease: how long the lease lasts; it is renewed after a third of this.
        batch: one claim takes as many deliveries as are sent in this time.
        ahead: how long before their turn deliveries are claimed: what a slow disk may take.
        window: as many deliveries as are sent in this time may be claimed and not yet done.
        call: the time-out of a call to Telegram.
        retries: the pauses before a failed call is quickly repeated.
        rest: before the next try after a failure, of the database for example.
        record: how long a result waits for others to be recorded with it.
        record_rows: how many results wait at most.
        progress: between two progress reports.
        longest_pause: a chat with a longer pause is not waited for: its delivery goes back.
    """

    poll: float = 1.0
    lease: float = 10.0
    batch: float = 0.1
    ahead: float = 0.7
    window: float = 1.0
    call: float = 10.0
    retries: tuple[float, ...] = (0.3, 1.0)
    rest: float = 1.0
    record: float = 0.05
    record_rows: int = 100
    progress: float = 3.0
    longest_pause: float = 0.5
