"""An HTTP answer, and the time limits of a call."""

from typing import NamedTuple


class HttpResponse(NamedTuple):
    """The status and the raw body of an answer."""

    status: int
    body: bytes


class TimeLimits(NamedTuple):
    """The time limits of one try, in seconds; None is no limit.

    Attributes:
        connect: for getting a connection, a free or a new one.
        write: for sending more than one packet.
        read: from sending the call to the last byte of the answer.
    """

    connect: float | None = 5.0
    write: float | None = 5.0
    read: float | None = 10.0

    @property
    def total(self) -> float | None:
        """The limit of the whole call, which also ends an answer that only trickles in."""
        if self.connect is None or self.write is None or self.read is None:
            return None
        return self.connect + self.write + self.read
