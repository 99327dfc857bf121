"""aiogram-broadcaster with its file storage, and with its handler of 429s where asked for."""

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

from benchmarks.child_job import TEXT, Job, JobReport, ResourceMeter, run_job


async def _send(job: Job) -> JobReport:
    server = TelegramAPIServer.from_base(job.url)
    storage = FileStorage(Path(job.folder) / "mailers.json")
    await storage.startup()
    async with Bot(job.token, session=AiohttpSession(api=server)) as bot:
        broadcaster = Broadcaster(bot, storage=storage)
        if job.limiter:
            setup_retry_after_handler(broadcaster.event)
        meter = ResourceMeter()
        mailer = await broadcaster.create_mailer(
            chats=job.chats, content=TextContent(text=TEXT, parse_mode="HTML")
        )
        complete = False
        with suppress(TimeoutError):
            async with asyncio.timeout(job.seconds):
                complete = await mailer.start()
        return meter.report(
            delivered=len(mailer.chats.success),
            failed=len(mailer.chats.failed),
            complete=complete,
        )


if __name__ == "__main__":
    run_job(lambda job: uvloop.run(_send(job)))
