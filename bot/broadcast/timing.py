"""The durations of a worker's life, in seconds, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """How often and how long; the defaults are for real life, tests have shorter ones.

    Attributes:
        poll: between two looks for something to send, when nobody said so.
        lease: how long it lasts if it is not renewed; renewed at a third of it.
        batch: how much of the rate is claimed at once.
        ahead: how long before their turn they are claimed: as long as a slow disk may take.
        window: how much of the rate may be claimed and not yet done.
        call: how long an answer is waited for.
        retries: the pauses before a call that failed is made again, at once.
        rest: before what could not go on is looked at again.
        record: how long a result waits for others to be recorded with it.
        record_rows: how many of them wait at most.
        progress: between two progress reports.
        longest_pause: the longest pause of a chat that is sat out with its delivery claimed.
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
