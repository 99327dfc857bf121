"""The bot as a process: runs until a signal to stop, and then ends in good order."""

import asyncio
import gc
import signal
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.app import App, open_app
from bot.back_off import BackOff
from bot.file_locations import found_here
from bot.monitoring.readiness import Readiness, RunState
from bot.settings import Settings, unknown_settings
from bot.text.problems import Sentence
from storage.errors import DatabaseReplaced, HeldElsewhere, LeaseLost, Unavailable

if TYPE_CHECKING:
    from aiohttp import web

_log = structlog.stdlib.get_logger()

_PAUSES = BackOff(0.25, longest=2.0)  # in seconds, before it begins again
_STANDS_BY = Sentence(
    "Otro petition-bot atiende ya esta petición. Este espera, y seguirá él si el otro se para."
)


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
    is_stopped = asyncio.Event()
    starting = asyncio.current_task()

    def stop_early() -> None:
        is_stopped.set()
        if starting is not None:
            starting.cancel()

    def stop(app: App) -> None:
        is_stopped.set()
        app.stop()

    # Once it has stood by, or lost its lease, it does not end because the database is away.
    goes_on, failures, state = False, 0, RunState()

    def stand_by() -> None:
        nonlocal goes_on
        if restored:  # it is for now, and not for whenever the other bot ends
            raise HeldElsewhere
        goes_on = state.stands_by = True
        _log.info("stands_by")
        tell(_STANDS_BY)

    def begin() -> None:
        state.stands_by = False

    monitoring = await _start_monitoring(settings, state)
    try:
        while not is_stopped.is_set():
            _on_signals(stop_early)
            try:
                async with open_app(
                    settings,
                    restored=restored,
                    rehearsal=rehearsal,
                    tell=tell,
                    on_standby=None if rehearsal else stand_by,
                    begins=begin,
                ) as app:
                    _on_signals(partial(stop, app))
                    failures, restored = 0, False
                    state.app = app
                    # Objects made so far live until the end, so the garbage collector need not
                    # scan them; those of a former beginning do not.
                    gc.unfreeze()
                    gc.collect()
                    gc.set_threshold(50_000, 20, 100)
                    gc.freeze()
                    _log.info("started")
                    started(app.services.bot.first_name, app.services.bot.username)
                    await app.run()
                    return
            except LeaseLost:
                if rehearsal:  # what it had is erased
                    raise
                goes_on = True
                _log.warning("lease_lost")
            except Unavailable as error:
                if not goes_on or isinstance(error, DatabaseReplaced):
                    raise
                _log.warning("start_waits_for_database", reason=str(error))
            finally:
                state.app, state.stands_by = None, False
            failures += 1
            await asyncio.sleep(_PAUSES.pause(failures))
    except asyncio.CancelledError:
        if not is_stopped.is_set():
            raise
    finally:
        if monitoring is not None:
            await monitoring.cleanup()


async def _start_monitoring(settings: Settings, state: RunState) -> "web.ServerRunner | None":
    """Starts the server of `PETITION_METRICS_ADDRESS`; returns None without that setting."""
    if settings.metrics_address is None:
        return None
    # Imported here: the server and what counts for Prometheus take four megabytes.
    from bot.monitoring.server import start_server

    readiness = Readiness(
        state, settings.database_url, by_webhook=settings.webhook_url is not None
    )
    return await start_server(settings.metrics_address, readiness)


def _on_signals(stop: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
