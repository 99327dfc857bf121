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

from benchmarks.orders import TEXT, Order, Told, Watch, carry_out, tell

_CONNECTIONS = 256
_PATIENCE_SECONDS = 3600.0


async def _send(order: Order, limiter: AIORateLimiter | None) -> Told:
    async with _bot(order, limiter) as bot:
        watch = Watch()
        sends = [
            asyncio.ensure_future(bot.send_message(chat, TEXT, parse_mode="HTML"))
            for chat in order.chats
        ]
        together = asyncio.gather(*sends, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(order.seconds):
                await asyncio.shield(together)
        done = [send for send in sends if send.done()]
        failed = sum(send.exception() is not None for send in done)
        tell(
            watch.told(
                delivered=len(done) - failed, failed=failed, complete=len(done) == len(sends)
            )
        )


def _bot(order: Order, limiter: AIORateLimiter | None) -> ExtBot[Any]:
    request = HTTPXRequest(
        connection_pool_size=_CONNECTIONS,
        pool_timeout=_PATIENCE_SECONDS,
        connect_timeout=_PATIENCE_SECONDS,
        read_timeout=_PATIENCE_SECONDS,
        write_timeout=_PATIENCE_SECONDS,
    )
    return ExtBot(order.token, base_url=f"{order.url}/bot", request=request, rate_limiter=limiter)


def main(*, limited: bool = False) -> None:
    """Carries out the order; `limited` turns on the library's rate limiter."""

    def send(order: Order) -> Told:
        return uvloop.run(_send(order, _limiter(order) if limited else None))

    carry_out(send)


def _limiter(order: Order) -> AIORateLimiter:
    if order.rate:
        return AIORateLimiter()
    return AIORateLimiter(overall_max_rate=0, overall_time_period=0)


if __name__ == "__main__":
    main()
