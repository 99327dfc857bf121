"""aiogram-broadcaster with its file storage, which needs nothing else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import uvloop
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram_broadcaster import Broadcaster
from aiogram_broadcaster.contents import TextContent
from aiogram_broadcaster.storages import FileStorage
from aiogram_broadcaster.utils.retry_after_handler import setup_retry_after_handler

from benchmarks.orders import TEXT, Order, Told, Watch, carry_out


async def _send(order: Order, *, patient: bool) -> Told:
    server = TelegramAPIServer.from_base(order.url)
    storage = FileStorage(Path(order.folder) / "mailers.json")
    await storage.startup()
    async with Bot(order.token, session=AiohttpSession(api=server)) as bot:
        broadcaster = Broadcaster(bot, storage=storage)
        if patient:
            setup_retry_after_handler(broadcaster.event)
        watch = Watch()
        mailer = await broadcaster.create_mailer(
            chats=order.chats, content=TextContent(text=TEXT, parse_mode="HTML")
        )
        complete = False
        with suppress(TimeoutError):
            async with asyncio.timeout(order.seconds):
                complete = await mailer.start()
        return watch.told(
            delivered=len(mailer.chats.success),
            failed=len(mailer.chats.failed),
            complete=complete,
        )


def main(*, patient: bool = False) -> None:
    """Carries out the order; `patient` turns on the handler of 429s."""
    carry_out(lambda order: uvloop.run(_send(order, patient=patient)))


if __name__ == "__main__":
    main()
