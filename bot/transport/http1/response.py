"""An HTTP answer, and the time limits of a call."""

from typing import NamedTuple


class HttpResponse(NamedTuple):
    """The status and the raw body of an answer, and its Date header, empty without one."""

    status: int
    body: bytes
    date: bytes = b""


class TimeLimits(NamedTuple):
    """The time limits of one try, in seconds.

    Attributes:
        connect: for getting a connection, a free or a new one.
        read: from sending the call to the last byte of the answer.
    """

    connect: float = 5.0
    read: float = 10.0
