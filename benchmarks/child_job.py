"""The job to a child process and its report, exchanged as JSON.

Uses only the standard library: the peers' environments lack the project's dependencies.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CLIENT = 0
SERVER = -1
TEXT = (
    "<b>The petition is closed.</b> Thank you: because of you and of everyone who signed, the"
    " council will hear the case in public on 18 July. We will write again when it has decided."
)


@dataclass(frozen=True, slots=True)
class Job:
    """A broadcast to send.

    Attributes:
        url: the base address of the Bot API.
        token: the bot's token.
        folder: the child's folder, with the files prepared for it.
        first_chat: the number of the first recipient; the others follow it.
        people: the number of recipients.
        rate: messages a second at most, or 0 for no cap.
        seconds: time after which the child stops and reports how far it came.
        database: the URL of the database; empty for the one in the folder.
        limiter: whether a library's optional handling of Telegram's limits is on.
    """

    url: str
    token: str
    folder: str
    first_chat: int
    people: int
    rate: float = 0.0
    seconds: float = 600.0
    database: str = ""
    limiter: bool = False

    @property
    def chats(self) -> range:
        """The chat numbers of the recipients."""
        return range(self.first_chat, self.first_chat + self.people)


@dataclass(frozen=True, slots=True)
class JobReport:
    """The report of a child.

    Attributes:
        begun: when sending was requested, by the monotonic clock, in seconds.
        ended: when everything was sent and marked, or the child stopped.
        computed: CPU time between the two, in seconds.
        base: resident memory in kilobytes before sending was requested.
        peak: peak resident memory until the end, in kilobytes.
        delivered: how many messages it counts as delivered.
        failed: how many messages it counts as failed.
        complete: whether it finished.
        said: its own name for its final state, if it has one.
        complaint: the end of its standard error.
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


class ResourceMeter:
    """Measures this process from the creation of the object to the call of `report`."""

    def __init__(self) -> None:
        self._base = _status("VmRSS")
        _forget_peak()
        self._begun, self._computed = time.monotonic(), time.process_time()

    def report(self, *, delivered: int, failed: int, complete: bool, said: str = "") -> JobReport:
        """Returns the report up to now."""
        return JobReport(
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


def run_job(work: Callable[[Job], DataclassInstance]) -> None:
    """Runs a child: reads the job, moves to the client's core, works, and reports."""
    keep_to(CLIENT)
    print_report(work(Job(**json.loads(sys.argv[1]))))


def print_report(report: DataclassInstance) -> NoReturn:
    """Prints the report and exits at once; cleaning up after a stop can take very long."""
    sys.stdout.write(json.dumps(asdict(report)) + "\n")
    sys.stdout.flush()
    os._exit(0)


def _status(name: str) -> int:
    """Returns a value of Linux's `/proc/self/status` in kilobytes; 0 elsewhere.

    `getrusage` would not do: there a child starts with its parent's peak.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def _forget_peak() -> None:
    """Resets the peak of the resident memory."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def keep_to(which: int) -> None:
    """Keeps this process and its children on one core, `CLIENT` or `SERVER`, if there are two.

    On separate cores neither slows the other.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) >= 2:
        os.sched_setaffinity(0, {cores[which]})
