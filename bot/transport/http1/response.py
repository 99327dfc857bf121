"""What comes back from a server, and how long it may take."""

from typing import NamedTuple


class HttpResponse(NamedTuple):
    """A status and a body, both as they came."""

    status: int
    body: bytes


class TimeLimits(NamedTuple):
    """The limits of one try, in seconds; None is no limit.

    Attributes:
        connect: for a connection, be it a free one or a new one.
        write: for sending, where there is more to send than one packet.
        read: for the answer, from the call's leaving to its last byte.
    """

    connect: float | None = 5.0
    write: float | None = 5.0
    read: float | None = 10.0

    @property
    def total(self) -> float | None:
        """The whole has a limit too, so a trickle cannot go on."""
        if self.connect is None or self.write is None or self.read is None:
            return None
        return self.connect + self.write + self.read
