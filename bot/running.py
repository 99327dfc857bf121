"""A bot as a process: it runs until it is told to stop, and then ends in good order."""

from __future__ import annotations

import asyncio
import gc
import signal

import structlog

from bot.app import open_app
from bot.intake import TokenUnknown
from bot.settings import Settings, unknown_settings

__all__ = ["TokenUnknown", "run_until_stopped"]

_log = structlog.stdlib.get_logger()


async def run_until_stopped(settings: Settings) -> None:
    """Runs the bot until SIGINT or SIGTERM.

    Raises:
        TokenUnknown: Telegram does not know the token, at the start or later.
    """
    for name in unknown_settings():
        _log.warning("unknown_setting", setting=name)
    loop = asyncio.get_running_loop()
    async with open_app(settings) as app:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, app.stop)
        # What was made up to here stays to the end: looking at it again and again is wasted.
        gc.set_threshold(50_000, 20, 100)
        gc.freeze()
        _log.info("started")
        await app.run()
