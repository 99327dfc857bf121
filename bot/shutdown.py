"""The bot as a process: runs until a signal to stop, and then ends in good order."""

import asyncio
import gc
import signal

import structlog

from bot.app import App, FatalError, open_app
from bot.file_locations import found_here
from bot.intake import TokenUnknown
from bot.settings import Settings, unknown_settings

__all__ = ["FatalError", "TokenUnknown", "run_until_stopped"]

_log = structlog.stdlib.get_logger()


async def run_until_stopped(
    settings: Settings, *, restored: bool = False, rehearsal: bool = False
) -> None:
    """Runs the bot until SIGINT or SIGTERM.

    Args:
        settings: the operator's settings.
        restored, rehearsal: see `open_app`.

    Raises:
        TokenUnknown: Telegram does not know the token, at the start or later.
        FatalError: something that only a person or a restart can repair.
        StorageError: the database cannot be used, or another process holds it now.
    """
    for file in found_here(settings.database_url):
        # The folder is where the bot was started; its path can have somebody's name in it.
        _log.info("found_in_working_directory", kind=file.name)
    for name in unknown_settings():
        _log.warning("unknown_setting", setting=name)
    if settings.paid_broadcast and not rehearsal:
        # It costs money, and settings are easily copied from one bot to another.
        _log.warning("broadcasts_may_cost_stars", rate=settings.broadcast_rate)
    process = _Process()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, process.stop)
    try:
        await process.run(settings, restored=restored, rehearsal=rehearsal)
    except asyncio.CancelledError:
        if not process.stopped_early:
            raise


class _Process:
    """A run of the bot that can be stopped at any moment, also while it waits for Telegram."""

    def __init__(self) -> None:
        self._app: App | None = None
        self._running: asyncio.Task[object] | None = None
        self.stopped_early = False

    async def run(self, settings: Settings, *, restored: bool, rehearsal: bool) -> None:
        self._running = asyncio.current_task()
        async with open_app(settings, restored=restored, rehearsal=rehearsal) as app:
            self._app = app
            # Objects made so far live until the end, so the garbage collector need not scan them.
            gc.set_threshold(50_000, 20, 100)
            gc.freeze()
            _log.info("started")
            await app.run()

    def stop(self) -> None:
        if self._app is not None:
            self._app.stop()
        elif self._running is not None:
            self.stopped_early = True
            self._running.cancel()
