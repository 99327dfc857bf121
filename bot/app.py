"""Composition: builds a bot from its settings, and runs it until it is stopped.

The parts start in this order and stop in the reverse: the process lock, the database, the
transport to Telegram, the handlers, the broadcast worker, the intake. No rules belong here.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import structlog
from telegram.error import TelegramError

from bot import lease_holder
from bot.back_off import BackOff
from bot.backup import say_age_of_backup
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.worker import Worker
from bot.clocks import Clocks, DateCheck
from bot.database_watch import DatabaseWatch, StandbyWatch
from bot.file_locations import make_database_folder
from bot.high_water_mark import HighWaterMark
from bot.intake.dispatcher import Dispatcher, TryAgain, UpdatesBehind
from bot.intake.polling import Polling, TokenUnknown
from bot.periodic import run_periodically, wait_for
from bot.petition.petition import BUNDLED, petition_of
from bot.petition_folder.files import folder_state
from bot.petition_folder.read import Folder, read_folder
from bot.petition_folder.unready import unready_problems
from bot.rehearsal_data import erase_rehearsal, rehearsal_data
from bot.restore import finish_restore, require_finished, tidy_up
from bot.retention import Retention, tidy_journal_at_the_end
from bot.settings import FREE_RATE, Settings, key_apart_from_data, require_key_file
from bot.shutdown import REWRITE_SECONDS, Intake, TimeToStop, at_most, finish_current_work
from bot.telegram_session import shared_session
from bot.text.problems import Sentence
from bot.text.terminal_language import TerminalError
from bot.text.translations import Catalogs
from bot.transport.client import TelegramClient
from bot.transport.errors import ErrorKind, NotSent, error_kind, seconds_to_wait
from bot.transport.send_gate import Gate
from bot.transport.session import SharedSession
from handlers import admin_notices, petition_texts
from handlers.admin_notices import SECOND_POLLER, owe_admins, report_damage
from handlers.bot_profile import publish_profile
from handlers.context import Bot, Services
from handlers.delayed_replies import DelayedReplies
from handlers.read_update import is_opt_out
from handlers.rehearsal_marks import RehearsalClient
from handlers.requests_per_person import Budgets
from handlers.update_handler import UpdateHandler
from storage import Storage, open_storage
from storage.errors import HeldElsewhere, LeaseLost, StorageError, Unavailable
from storage.keyring import Keyring
from storage.leases import lock_name, take_over
from storage.migrate import migrate
from storage.petitions import close_petition_if_due, follow_folder
from storage.process_lock import ProcessLock, acquire_process_lock

_log = structlog.stdlib.get_logger()

# Before the start is tried again while Telegram or the database is away, in seconds.
_PAUSES = BackOff(0.5, longest=15.0)

# Errors that pass by themselves while the bot's identity is fetched from Telegram.
_PASSES = frozenset({ErrorKind.RETRY, ErrorKind.UNKNOWN, ErrorKind.WAIT})


class FatalError(TerminalError):
    """The bot cannot run, and waiting does not help; the message says why."""


@dataclass(frozen=True, slots=True)
class App:
    """A bot with all its parts, ready to run.

    It answers people for as long as it has its lock. It sends broadcasts, erases, and looks after
    dates and notices while it has the petition's lease, which one of several replicas has.
    """

    update_handler: UpdateHandler
    dispatch: Dispatcher
    intake: Intake
    worker: Worker
    process_lock: ProcessLock
    watch: DatabaseWatch
    standby: StandbyWatch
    retention: Retention
    texts: petition_texts.PetitionTexts | None
    time_to_stop: TimeToStop
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Takes updates and sends broadcasts until `stop` is called.

        Raises:
            StorageError: another process may fetch the updates now, or the database is gone.
            TokenUnknown: Telegram no longer knows the token.
            FatalError: a bug ended one of the parts; the log says which.
        """
        parts: dict[str, asyncio.Task[Any]] = {
            "process lock": asyncio.create_task(self.process_lock.until_lost()),
            "lease": asyncio.create_task(self.services.lease.keep()),
            "database": asyncio.create_task(self.watch.run()),
            "intake": asyncio.create_task(self.intake.run()),
            "broadcast": asyncio.create_task(self.worker.run()),
            "admin notices": asyncio.create_task(self._tell_admins()),
            "stop": asyncio.create_task(self.stopping.wait()),
        }
        services = self.services
        looks = (*self._answering(services), *lease_holder.looks(services))
        coroutines = (self._introduce(), self.retention.run(), *looks)
        beside = [asyncio.create_task(each) for each in coroutines]
        try:
            await asyncio.wait(parts.values(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Nothing new is taken, and what was begun is finished.
            for task in (parts["intake"], *beside):
                task.cancel()
            held = parts["process lock"]
            if held.done() and isinstance(held.exception(), LeaseLost):
                # Only this process knows what became of the messages that it sent, which are
                # repeated unless it is recorded; the database may have to come back for that.
                # Another replica may send meanwhile.
                parts["lease"].cancel()
                _log.warning("lease_lost_records_first")
                recording = asyncio.create_task(self.worker.record_all())
                await asyncio.wait({recording, parts["stop"]}, return_when=asyncio.FIRST_COMPLETED)
                recording.cancel()
            self.stop()  # which those who ask are told, whatever the reason
            self.time_to_stop.left()  # it begins
            await finish_current_work(self.intake, self.dispatch, self.worker)
            services.delayed_replies.forget()
            for task in parts.values():
                task.cancel()
            await asyncio.gather(*parts.values(), *beside, return_exceptions=True)
            _log.info("stopped", **asdict(self.dispatch.counts))
        for name, part in parts.items():
            _raise_fault(name, part)

    @property
    def services(self) -> Services:
        """What the handlers have."""
        return self.update_handler.services

    def stop(self) -> None:
        """Asks the bot to finish its current work and end."""
        self.stopping.set()

    def _answering(self, services: Services) -> Iterator[Coroutine[Any, Any, None]]:
        """Yields what every process that answers people looks at again and again."""
        if self.texts is not None:
            seconds = petition_texts.LOOK_SECONDS
            yield run_periodically("petition folder", seconds, self.texts.look)
        if not services.is_rehearsal:
            look = partial(lease_holder.look_at_standby, services, self.standby)
            yield run_periodically("standby", admin_notices.LOOK_SECONDS, look)

    async def _tell_admins(self) -> None:
        owed = partial(admin_notices.tell_what_is_owed, self.services)
        came = partial(wait_for, self.services.notices_came)
        await run_periodically("admin notices", admin_notices.LOOK_SECONDS, owed, sleep=came)

    async def _introduce(self) -> None:
        """Publishes commands and descriptions; people are answered even if that fails."""
        for failures in count(1):
            try:
                await publish_profile(self.services)
            except Unavailable:
                pause = _PAUSES.pause(failures)
                _log.warning("profile_waits_for_database", seconds=pause)
            except Exception as error:  # whatever it is, the bot goes on
                _log.exception("profile_not_published", kind=type(error).__name__)
                return
            else:
                return
            await asyncio.sleep(pause)


def _raise_fault(name: str, part: asyncio.Task[Any]) -> None:
    """Raises the error that a part ended with, if any."""
    error = None if part.cancelled() else part.exception()
    if isinstance(error, StorageError | TerminalError):
        raise error
    if error is not None:
        _log.error("component_failed", part=name, exc_info=error)
        raise FatalError.because(
            "El bot se ha parado por un fallo del programa ({kind}). El registro dice dónde; "
            "arráncalo otra vez.",
            kind=type(error).__name__,
        ) from None


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    restored: bool = False,
    follows_folder: bool = True,
    rehearsal: bool = False,
    tell: Callable[[Sentence], None] = lambda _: None,
    on_standby: Callable[[], None] | None = None,
    begins: Callable[[], None] = lambda: None,
    clocks: Clocks = Clocks(),  # noqa: B008 - immutable
) -> AsyncIterator[App]:
    """Builds everything the bot needs, and closes it again.

    Args:
        settings: the operator's settings.
        restored: whether the database is a backup that was restored on purpose, and may be older
            than the high-water mark.
        follows_folder: whether to read the petition folder again when it changes.
        rehearsal: whether every message says that it is one, and everything is kept apart from the
            petition's own data and erased at the end.
        tell: gets the reason when Telegram cannot be reached, whenever that changes.
        on_standby: called when another process answers for this petition on PostgreSQL, whose end
            is then waited for; with None it is an error.
        begins: called once this process is the one that answers, before all that takes long.
        clocks: what time it is.

    Raises:
        StorageError, PetitionInvalid, SettingsInvalid, TokenUnknown, FatalError: the message says
            what to do.
    """
    folder, url = settings.folder or BUNDLED, settings.database_url
    slug = petition_of(read_folder(folder)).slug
    if not rehearsal:
        _key(settings)  # what is wrong with it is said before anything is waited for
    make_database_folder(url)
    standby = StandbyWatch(url)
    await standby.look()
    session = shared_session(settings, tell, clocks.monotonic)
    async with AsyncExitStack() as stack:
        # One database can hold several petitions, each with its own bot. A rehearsal takes the
        # petition's lock too: with both, one would get the updates that are meant for the other.
        webhook = None if rehearsal else settings.webhook_url
        name, is_replica = lock_name(slug), webhook is not None
        held = await stack.enter_async_context(
            acquire_process_lock(url, name, on_standby, is_replica=is_replica)
        )
        begins()
        # Who has stood by for weeks reads what is written there now.
        seen = folder_state(folder)
        read = _read_again(folder, slug)
        petition = petition_of(read)
        catalogs = Catalogs.load(time_zone=petition.time_zone)
        await asyncio.to_thread(erase_rehearsal, url, slug)
        if rehearsal:
            url, keyring = stack.enter_context(rehearsal_data(url, slug))
            petition = petition.as_rehearsal(catalogs)
            rate = min(settings.broadcast_rate, FREE_RATE)  # nothing is paid for
            settings = settings.model_copy(
                update={"paid_broadcast": False, "broadcast_rate": rate}
            )
        else:
            keyring = _key(settings)
        if restored:
            await held.until_known()
            if held.peers.others:
                raise HeldElsewhere
        mark = HighWaterMark(keyring.path, url, petition.slug, settings.bot_id)
        await mark.require_reached(restored=restored)
        if not restored:
            require_finished(keyring, petition.slug)
        await migrate(url)
        storage = await open_storage(url, keyring, petition.slug)
        time_to_stop = TimeToStop()
        stack.push_async_callback(_close, storage, time_to_stop)
        if not storage.database.is_shared:
            await storage.write(take_over, held.holder, clocks.now())
        await finish_restore(storage, clocks.now(), restored=restored)
        await say_age_of_backup(storage, clocks.now())
        # A date that has come is not moved: only /reopen opens the petition again.
        await storage.write(close_petition_if_due, clocks.now(), settings.approval_above)
        await storage.write(follow_folder, petition.closes_at)
        await stack.enter_async_context(session)
        if session.proxy is not None:
            _log.info(
                "connects_through_proxy", kind="socks5" if session.proxy.is_socks else "http"
            )
        watch = DatabaseWatch(storage, mark)
        stack.push_async_callback(watch.look_last)
        woken = asyncio.Event()
        gate = Gate(
            settings.broadcast_rate,
            clock=clocks.monotonic,
            admins=settings.admin_ids,
            peers=held.peers,
        )
        services = Services(
            bot=_bot(settings, session, gate, (lambda: services) if rehearsal else None),
            petition=petition,
            catalogs=catalogs,
            storage=storage,
            keyring=keyring,
            admins=settings.admin_ids,
            clock=clocks.now,
            monotonic=clocks.monotonic,
            wake_broadcast=woken.set,
            open_claims=OpenClaims(),
            broadcast_rate=settings.broadcast_rate,
            paid_broadcast=settings.paid_broadcast,
            approval_above=settings.approval_above,
            budgets=Budgets(clocks.monotonic),
            delayed_replies=DelayedReplies(clock=clocks.monotonic),
            gate=gate,
            lease=lease_holder.petition_lease(held, url, woken),
            taken_by=held.row if webhook else "",
            is_rehearsal=rehearsal,
            date_is_right=DateCheck(lambda: services.clock(), session.server_time),
        )
        report_damage(services)
        update_handler = UpdateHandler(services)
        dispatch = Dispatcher(
            partial(_handle_while_ours, held, update_handler),
            clock=clocks.monotonic,
            is_spared=is_opt_out,
            give_up=update_handler.give_up,
        )
        unready = unready_problems(read)
        await _fetch_bot_identity(services.bot)
        stack.push_async_callback(services.bot.shutdown)
        await held.until_known()
        if not held.is_ours():  # Telegram may have been away for long
            raise LeaseLost
        yield App(
            update_handler=update_handler,
            dispatch=dispatch,
            intake=_intake(services, settings, dispatch, webhook, tell),
            worker=lease_holder.worker(services, woken),
            process_lock=held,
            watch=watch,
            standby=standby,
            retention=lease_holder.retention(services, partial(tidy_up, url, keyring.path)),
            texts=petition_texts.PetitionTexts(services, seen, unready)
            if follows_folder
            else None,
            time_to_stop=time_to_stop,
        )


def _read_again(folder: Path, slug: str) -> Folder:
    """Reads the folder of a petition, which may be another one's by now."""
    read = read_folder(folder)
    if petition_of(read).slug != slug:
        raise FatalError.because(
            "La carpeta es ahora de otra petición ({slug}). Arranca el bot otra vez.",
            slug=petition_of(read).slug,
        )
    return read


def _bot(
    settings: Settings,
    session: SharedSession,
    gate: Gate,
    rehearsed: Callable[[], Services] | None,
) -> Bot:
    """Returns the way to Telegram; in a rehearsal every message says that it is one."""
    make = TelegramClient if rehearsed is None else partial(RehearsalClient, rehearsed)
    token = settings.bot_token.get_secret_value()
    client = make(session, gate, api_url=settings.api_url, token=token)
    return Bot(settings.api_url, token, client)


def _intake(
    services: Services,
    settings: Settings,
    dispatch: Dispatcher,
    webhook: str | None,
    tell: Callable[[Sentence], None],
) -> Intake:
    client, report = services.bot.client, partial(owe_admins, services, SECOND_POLLER)
    if webhook is None:
        return Polling(client, dispatch, report_second_poller=report, clock=services.monotonic)
    # Imported here: a server takes memory, which who fetches updates need not spend.
    from bot.intake.webhook import Webhook, secret_of

    return Webhook(
        client,
        dispatch,
        url=webhook,
        address=settings.webhook_address,
        secret=secret_of(settings.bot_token.get_secret_value()),
        report_second_user=report,
        tell=tell,
        clock=services.monotonic,
    )


async def _handle_while_ours(
    held: ProcessLock, handler: UpdateHandler, update: dict[str, Any], behind: UpdatesBehind
) -> None:
    """Handles an update, unless another process may have it by now, as after a long sleep."""
    if not held.is_ours():
        raise TryAgain
    await handler(update, behind)


async def _close(storage: Storage, time_to_stop: TimeToStop) -> None:
    async with at_most(time_to_stop.left() - REWRITE_SECONDS, "database_not_closed"):
        await storage.close()
    async with at_most(REWRITE_SECONDS, "journal_not_rewritten"):
        await tidy_journal_at_the_end(storage.journal)


async def _fetch_bot_identity(bot: Bot) -> None:
    """Fetches the bot's identity; waits while Telegram is unreachable, fails on a wrong token."""
    for failures in count(1):
        try:
            await bot.initialize()
        except TelegramError as error:
            kind, said = error_kind(error), error.message
            known = error.reason if isinstance(error, NotSent) else None
            reason = str(known or type(error).__name__)
            seconds = max(_PAUSES.pause(failures), seconds_to_wait(error))
        else:
            return
        # Raised outside the except block: the original error's text may contain the token.
        if kind is ErrorKind.UNAUTHORISED:
            raise TokenUnknown
        if kind not in _PASSES:
            raise FatalError.because("Telegram no dice qué bot es este: {said}", said=said)
        _log.warning("telegram_unavailable", error_kind=kind, seconds=seconds, reason=reason)
        await asyncio.sleep(seconds)


def _key(settings: Settings) -> Keyring:
    key_file = require_key_file(settings.key_file)
    key_apart_from_data(key_file, settings.database_url)
    return Keyring.load(key_file)
