"""The bot as a process: runs until a signal to stop, and then ends in good order."""

import asyncio
import gc
import signal
from collections.abc import Callable

import structlog

from bot.app import open_app
from bot.file_locations import found_here
from bot.settings import Settings, unknown_settings
from bot.text.problems import Sentence

_log = structlog.stdlib.get_logger()


async def run_until_stopped(
    settings: Settings,
    *,
    restored: bool = False,
    rehearsal: bool = False,
    tell: Callable[[Sentence], None] = lambda _: None,
    started: Callable[[str, str], None] = lambda _name, _username: None,
) -> None:
    """Runs the bot until SIGINT or SIGTERM; what is passed on is explained in `open_app`.

    `started` gets the bot's name and its username once it takes updates.

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
    was_stopped_early = asyncio.Event()
    starting = asyncio.current_task()

    def stop_early() -> None:
        was_stopped_early.set()
        if starting is not None:
            starting.cancel()

    _on_signals(stop_early)
    try:
        async with open_app(settings, restored=restored, rehearsal=rehearsal, tell=tell) as app:
            _on_signals(app.stop)
            # Objects made so far live until the end, so the garbage collector need not scan them.
            gc.set_threshold(50_000, 20, 100)
            gc.freeze()
            _log.info("started")
            started(app.services.bot.first_name, app.services.bot.username)
            await app.run()
    except asyncio.CancelledError:
        if not was_stopped_early.is_set():
            raise


def _on_signals(stop: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
