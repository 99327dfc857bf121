"""Composition: settings go in, and a bot that runs until it is stopped comes out.

Started in this order and stopped in the reverse: the hold on the database, the database itself,
the way out to Telegram, the handlers, the broadcast worker, the intake. Nothing is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from telegram.error import NetworkError, TelegramError
from telegram.ext import ApplicationBuilder, ContextTypes

import handlers
from bot.broadcast import Worker
from bot.intake import Dispatch, Polling, TokenUnknown
from bot.petition.campaign import BUNDLED, Campaign, load_campaign
from bot.petition.words import Catalogues
from bot.settings import Settings
from bot.transport import Gate, SharedRequest, SharedSession, TelegramClient, remedy
from bot.transport.errors import TokenRejected
from handlers.context import Context, PetitionApplication, Services
from handlers.errors import Reception
from handlers.menu import publish_profile
from handlers.reporting import AdminReporter
from storage import (
    KeyFileMissing,
    Keyring,
    Storage,
    hold,
    key_apart_from_data,
    migrate,
    open_storage,
)

_log = structlog.stdlib.get_logger()

# Process managers kill what has not ended ten seconds after SIGTERM; this leaves room.
DRAIN_SECONDS = 5.0
RECORD_SECONDS = 1.5

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class App:
    """A bot that is wired and ready; running it is the only thing left to do."""

    application: PetitionApplication
    reception: Reception
    dispatch: Dispatch
    polling: Polling
    worker: Worker

    async def run(self) -> None:
        """Takes updates and sends broadcasts until `stop` is called."""
        sending = asyncio.create_task(self.worker.run())
        introducing = asyncio.create_task(self._introduce())
        try:
            try:
                await self.polling.run()
            finally:
                await self.dispatch.drain(DRAIN_SECONDS)
            await self.polling.acknowledge()
        finally:
            self.reception.afterwards.forget()
            introducing.cancel()
            await self.worker.stop(RECORD_SECONDS)
            await asyncio.gather(sending, introducing, return_exceptions=True)
            _log.info("stopped", **self.dispatch.counts.as_fields())

    def stop(self) -> None:
        """Asks the bot to finish what it is doing and end."""
        self.polling.stop()

    async def _introduce(self) -> None:
        """Commands and descriptions are a courtesy: people are answered without them too."""
        try:
            await publish_profile(self.application.bot, self.application.services)
        except TelegramError as error:
            _log.warning("profile_not_published", remedy=remedy(error))


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Builds everything the bot needs, and closes it again.

    Raises:
        StorageError, CampaignInvalid, TokenUnknown: with a sentence on what to do.
    """
    campaign = load_campaign(settings.campaign or BUNDLED)
    keyring = _key(settings)
    async with AsyncExitStack() as stack:
        await migrate(settings.database_url)
        await stack.enter_async_context(hold(settings.database_url, "intake"))
        storage = await open_storage(settings.database_url, keyring, campaign.slug)
        stack.push_async_callback(storage.close)
        session = await stack.enter_async_context(SharedSession())
        app = _wire(settings, campaign, keyring, storage, session)
        await _meet_telegram(app.application)
        stack.push_async_callback(app.application.shutdown)
        yield app


async def _meet_telegram(application: PetitionApplication) -> None:
    """Learns who the bot is. A Telegram that is away comes back; a wrong token does not."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            await application.initialize()
        except NetworkError as error:
            _log.warning("telegram_away", remedy=remedy(error), seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        except TokenRejected:
            raise TokenUnknown from None
        else:
            return


def _key(settings: Settings) -> Keyring:
    if settings.key_file is None:
        raise KeyFileMissing
    key_apart_from_data(settings.key_file, settings.database_url)
    return Keyring.load(settings.key_file)


def _wire(
    settings: Settings,
    campaign: Campaign,
    keyring: Keyring,
    storage: Storage,
    session: SharedSession,
) -> App:
    gate = Gate(settings.broadcast_rate)
    token = settings.bot_token.get_secret_value()
    client = TelegramClient(session, gate, api_url=settings.api_url, token=token)
    services = Services(
        campaign=campaign,
        catalogues=Catalogues.load(time_zone=campaign.time_zone),
        storage=storage,
        keyring=keyring,
        admins=settings.admin_ids,
        clock=lambda: datetime.now(UTC),
        # Called long after the worker below was made, which itself needs the services.
        wake_broadcast=lambda: worker.wake(),
        broadcast_rate=settings.broadcast_rate,
    )
    application = _application(settings.api_url, token, session, gate, services)
    handlers.register(application)
    worker = Worker(
        client,
        storage,
        AdminReporter(application.bot, services),
        rate=settings.broadcast_rate,
        gate=gate,
        # The hold makes this the only process, so whatever lease there is belongs to a dead one.
        sole=True,
    )
    reception = Reception(application)
    dispatch = Dispatch(reception)
    return App(application, reception, dispatch, Polling(client, dispatch), worker)


def _application(
    api_url: str, token: str, session: SharedSession, gate: Gate, services: Services
) -> PetitionApplication:
    built = (
        ApplicationBuilder()
        .application_class(PetitionApplication, {"services": services})
        .token(token)
        .base_url(f"{api_url}/bot")
        .base_file_url(f"{api_url}/file/bot")
        .request(SharedRequest(session, gate))
        .get_updates_request(SharedRequest(session, gate))
        .context_types(ContextTypes(context=Context))
        .updater(None)
        .build()
    )
    if not isinstance(built, PetitionApplication):
        raise TypeError("PTB built another application than the one it was asked for.")
    return built
