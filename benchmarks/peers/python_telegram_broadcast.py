"""python-telegram-broadcast, sending sequentially, with the settings of its example."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

import telegram
import uvloop
from python_telegram_broadcast import (
    BroadcastMethodType,
    BroadcastStrategyType,
    handle_broadcast,
    select_broadcast_method,
    select_broadcast_strategy,
)

from benchmarks.child_job import TEXT, Job, JobReport, ResourceMeter, run_job


async def _send(job: Job) -> JobReport:
    # The library creates its bot itself and has no setting for the Bot API's address.
    telegram.Bot = partial(telegram.Bot, base_url=f"{job.url}/bot")  # type: ignore[assignment,misc]
    meter, delivered = ResourceMeter(), 0

    async def count(_: int) -> None:
        nonlocal delivered
        delivered += 1

    failed, complete = 0, False
    with suppress(TimeoutError):
        async with asyncio.timeout(job.seconds):
            sent, unsent = await handle_broadcast(
                [(chat, f"user{chat}") for chat in job.chats],
                job.token,
                select_broadcast_method(BroadcastMethodType.TEXT),
                select_broadcast_strategy(BroadcastStrategyType.ASYNCIO_SEQUENTIAL),
                TEXT,
                "...",
                use_multiproc=False,
                use_nproc=1,
                seconds=0.0,
                max_retry=5,
                async_callback=count,
            )
            delivered, failed, complete = len(sent), len(unsent), True
    return meter.report(delivered=delivered, failed=failed, complete=complete)


if __name__ == "__main__":
    run_job(lambda job: uvloop.run(_send(job)))
