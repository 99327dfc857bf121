"""What only the process with the petition's lease does: it sends, erases, and looks after dates.

Where several replicas answer people, each of them has these parts, which rest while another one
has the lease.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from bot.broadcast.context import WorkerContext
from bot.broadcast.worker import Worker
from bot.clocks import Clocks
from bot.database_watch import StandbyWatch
from bot.periodic import run_periodically
from bot.retention import Retention
from bot.settings import FREE_RATE
from handlers import admin_notices, due_notices, person_notices, signing_alarm
from handlers.broadcasts.progress_message import AdminReporter
from handlers.context import Services
from handlers.due_notices import warn_of_erasures
from handlers.sent_files import erase_all_files
from storage.process_lock import PetitionLease, ProcessLock

_log = structlog.stdlib.get_logger()


def petition_lease(held: ProcessLock, url: str, woken: asyncio.Event) -> PetitionLease:
    """Returns the petition's lease, which is this process's own where it is the only one."""

    def taken() -> None:
        _log.info("holds_lease")
        woken.set()

    return PetitionLease(held, url, taken)


def looks(services: Services) -> Iterator[Coroutine[Any, Any, None]]:
    """Yields what only the holder of the lease looks at."""

    async def if_ours(look: Callable[[Services], Awaitable[None]]) -> None:
        if services.lease.is_ours():
            await look(services)

    for part, seconds, look in (
        ("closing date", admin_notices.LOOK_SECONDS, due_notices.look),
        ("person notices", person_notices.LOOK_SECONDS, person_notices.send_notices),
        ("signing alarm", signing_alarm.LOOK_SECONDS, signing_alarm.look),
    ):
        yield run_periodically(part, seconds, partial(if_ours, look))


async def look_at_standby(services: Services, watch: StandbyWatch) -> None:
    """Looks at what PostgreSQL waits for; every process logs it, and one tells the admins."""
    is_alone = await watch.look()
    if is_alone is not None and services.lease.is_ours():
        await admin_notices.tell_of_standby(services, is_gone=is_alone)


def worker(services: Services, woken: asyncio.Event) -> Worker:
    """Returns what sends and recalls broadcasts."""
    context = WorkerContext(
        client=services.bot.client,
        gate=services.gate,
        storage=services.storage,
        reporter=AdminReporter(services),
        rate=FREE_RATE if services.paid_broadcast else services.broadcast_rate,
        paid_rate=services.broadcast_rate,
        lock=services.lease,
        woken=woken,
        claims=services.open_claims,
        clocks=Clocks(services.monotonic, services.clock),
        is_admin=services.admins.__contains__,
        approval_above=services.approval_above,
    )
    return Worker(context)


def retention(services: Services, tidy: Callable[[datetime | None], int]) -> Retention:
    """Returns what erases; `tidy` is explained there."""
    return Retention(
        services.storage,
        lambda: services.petition,
        lambda: services.clock(),
        warn=partial(warn_of_erasures, services),
        erase_files=partial(erase_all_files, services),
        date_is_right=services.date_is_right,
        tidy_up=tidy,
        erases=services.lease.is_ours,
    )
