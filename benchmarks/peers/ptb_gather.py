"""python-telegram-bot with `asyncio.gather` over all recipients, as its users write it.

The pool and the time-outs are larger than the defaults, with which most calls would fail: with
256 connections and one second to wait for one, all later calls are given up unsent.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import uvloop
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from benchmarks.child_job import TEXT, Job, JobReport, ResourceMeter, print_report, run_job

_CONNECTIONS = 256
_PATIENCE_SECONDS = 3600.0


async def _send(job: Job) -> JobReport:
    async with _bot(job) as bot:
        meter = ResourceMeter()
        sends = [
            asyncio.ensure_future(bot.send_message(chat, TEXT, parse_mode="HTML"))
            for chat in job.chats
        ]
        together = asyncio.gather(*sends, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(job.seconds):
                await asyncio.shield(together)
        done = [send for send in sends if send.done()]
        failed = sum(send.exception() is not None for send in done)
        print_report(
            meter.report(
                delivered=len(done) - failed, failed=failed, complete=len(done) == len(sends)
            )
        )


def _bot(job: Job) -> ExtBot[Any]:
    request = HTTPXRequest(
        connection_pool_size=_CONNECTIONS,
        pool_timeout=_PATIENCE_SECONDS,
        connect_timeout=_PATIENCE_SECONDS,
        read_timeout=_PATIENCE_SECONDS,
        write_timeout=_PATIENCE_SECONDS,
    )
    return ExtBot(
        job.token, base_url=f"{job.url}/bot", request=request, rate_limiter=_limiter(job)
    )


def _limiter(job: Job) -> AIORateLimiter | None:
    """Returns the library's rate limiter, at its defaults or without a cap, or none."""
    if not job.limiter:
        return None
    if job.rate:
        return AIORateLimiter()
    return AIORateLimiter(overall_max_rate=0, overall_time_period=0)


if __name__ == "__main__":
    run_job(lambda job: uvloop.run(_send(job)))
