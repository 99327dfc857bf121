"""What a child process is asked to send and what it tells afterwards, as JSON.

Only the standard library: the peers' environments have nothing of ours.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from benchmarks.cores import CLIENT, keep_to

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TEXT: Final = (
    "<b>The petition is closed.</b> Thank you: because of you and of everyone who signed, the"
    " council will hear the case in public on 18 July. We will write again when it has decided."
)


@dataclass(frozen=True, slots=True)
class Order:
    """A broadcast to send.

    Attributes:
        url: where the Bot API is.
        token: the bot's.
        folder: the child's own, with whatever was prepared for it.
        first_chat: the first of the recipients, who are numbered on.
        people: how many they are.
        rate: messages a second at most, or 0 for no cap.
        seconds: after which it is cut off and tells how far it came.
        database: where the signatures are; left out, in the folder.
    """

    url: str
    token: str
    folder: str
    first_chat: int
    people: int
    rate: float = 0.0
    seconds: float = 600.0
    database: str = ""

    @property
    def chats(self) -> range:
        """The recipients."""
        return range(self.first_chat, self.first_chat + self.people)


@dataclass(frozen=True, slots=True)
class Told:
    """How it went.

    Attributes:
        begun: when sending was asked for, by the machine's monotonic clock.
        ended: when everything was sent and marked, or it was cut off.
        computed: seconds of computing between the two.
        base: resident kilobytes before sending was asked for.
        peak: the most there were until the end.
        delivered: how many it says were delivered.
        failed: how many it says were not.
        complete: whether it came to its end.
        said: as what it ended, where it has a word for that.
        complaint: the end of what it wrote to the standard error.
    """

    begun: float
    ended: float
    computed: float
    base: int
    peak: int
    delivered: int
    failed: int
    complete: bool
    said: str = ""
    complaint: str = ""


class Watch:
    """Measures this process from its making to `told`."""

    def __init__(self) -> None:
        self._base = _status("VmRSS")
        _forget_peak()
        self._begun, self._computed = time.monotonic(), time.process_time()

    def told(self, *, delivered: int, failed: int, complete: bool, said: str = "") -> Told:
        """How it went until now."""
        return Told(
            begun=self._begun,
            ended=time.monotonic(),
            computed=time.process_time() - self._computed,
            base=self._base,
            peak=_status("VmHWM"),
            delivered=delivered,
            failed=failed,
            complete=complete,
            said=said,
        )


def carry_out(work: Callable[[Order], DataclassInstance]) -> None:
    """The whole of a child: takes the order, keeps to its core, and tells."""
    keep_to(CLIENT)
    tell(work(Order(**json.loads(sys.argv[1]))))


def tell(told: DataclassInstance) -> NoReturn:
    """Tell and end at once: clearing up after what was cut off can take longer than it did."""
    sys.stdout.write(json.dumps(asdict(told)) + "\n")
    sys.stdout.flush()
    os._exit(0)


def _status(name: str) -> int:
    """A line of Linux's account of this process, in kilobytes; 0 where there is none.

    Not `getrusage`: there a child begins with its parent's peak.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def _forget_peak() -> None:
    """Have the peak counted from now on."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return
