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

from benchmarks.orders import TEXT, Order, Told, Watch, carry_out


async def _send(order: Order) -> Told:
    # The library creates its bot itself and has no setting for the Bot API's address.
    telegram.Bot = partial(telegram.Bot, base_url=f"{order.url}/bot")  # type: ignore[assignment,misc]
    watch, told = Watch(), 0

    async def count(_: int) -> None:
        nonlocal told
        told += 1

    failed, complete = 0, False
    with suppress(TimeoutError):
        async with asyncio.timeout(order.seconds):
            sent, unsent = await handle_broadcast(
                [(chat, f"user{chat}") for chat in order.chats],
                order.token,
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
            told, failed, complete = len(sent), len(unsent), True
    return watch.told(delivered=told, failed=failed, complete=complete)


if __name__ == "__main__":
    carry_out(lambda order: uvloop.run(_send(order)))
