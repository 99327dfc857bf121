"""Takes updates by webhook: Telegram posts each one, and is told 200 once it was handled.

Whatever is not told so, Telegram sends again for a day, to any process that listens at the
address. It sends the messages of a chat one after another. Imported only where it is used, as
the server takes memory.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import structlog
from aiohttp import web
from telegram.error import TelegramError

from bot.addresses import WEBHOOK_FAILS, CannotListen, ListenAddress, webhook_host
from bot.back_off import BackOff
from bot.http_server import HttpServer
from bot.intake.dispatcher import Dispatcher, number_of
from bot.intake.polling import ALLOWED_UPDATES, TokenCheck, webhook_info
from bot.periodic import is_cancelled
from bot.text.problems import Sentence
from bot.text.translations import mark
from bot.transport.client import TelegramClient
from bot.transport.errors import ErrorKind, error_kind, seconds_to_wait

_log = structlog.stdlib.get_logger()

_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_BODY_SECONDS = 10.0
# An update that takes longer is told to be sent again, and is found in progress then. Proxies
# wait for a minute.
_LONGEST_SECONDS = 25.0
_MOST_CONNECTIONS = 100  # Telegram's maximum
_GOODBYE_SECONDS = 0.5  # for answers that are on their way

LOOK_SECONDS = 60.0
"""Between two looks at what Telegram says of the webhook."""
# More updates that wait are a backlog, if there are more each time.
_MANY_PENDING = 100
_PAUSES = BackOff(0.5, longest=LOOK_SECONDS)  # in seconds, after a call that failed


def secret_of(token: str) -> str:
    """Returns the secret that Telegram shows with every update: alike in all replicas."""
    return hmac.new(token.encode(), b"petition-bot webhook", hashlib.sha256).hexdigest()


class Webhook:
    """Listens for updates, and keeps the webhook at Telegram as it should be.

    Args:
        client: by which it is set.
        dispatch: handles the updates.
        url: where Telegram posts to.
        address: where to listen, host and port.
        secret: see `secret_of`.
        report_second_user: called when another program has taken the webhook away twice.
        tell: gets what Telegram says is wrong, whenever that changes.
        clock, sleep: seconds, monotonic.
    """

    def __init__(
        self,
        client: TelegramClient,
        dispatch: Dispatcher,
        *,
        url: str,
        address: ListenAddress,
        secret: str,
        report_second_user: Callable[[], object],
        tell: Callable[[Sentence], None],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._dispatch = dispatch
        self._url = url
        self._path = unquote(urlsplit(url).path) or "/"
        self._address = address
        self._secret = secret
        self._report_second_user = report_second_user
        self._tell = tell
        self._token = TokenCheck(client, clock)
        self._sleep = sleep
        self._runner: web.ServerRunner | None = None
        self._site: web.TCPSite | None = None
        self._stops = False
        self._is_set = False
        self._changes = 0  # of the webhook by others, one after the other
        self._failures = 0
        self._last_error = 0
        self._pending = 0
        self._told: Sentence | None = None

    async def run(self) -> None:
        """Takes updates until it is cancelled; those in progress then go on.

        Raises:
            CannotListen: the address cannot be used.
            TokenUnknown: Telegram has denied the token for a minute.
        """
        await self._listen()
        try:
            while True:
                try:
                    await self._sleep(await self._look())
                except asyncio.CancelledError:
                    if is_cancelled():
                        raise
                    await self._sleep(_PAUSES.first)  # out of something that it awaited
        finally:
            self._stops = True
            if self._site is not None:
                await self._site.stop()  # who connects now is sent to another replica

    async def acknowledge(self) -> None:
        """Answers what was handled, and closes the connections; for once it is drained."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _listen(self) -> None:
        server = HttpServer(self._serve)
        self._runner = web.ServerRunner(server, shutdown_timeout=_GOODBYE_SECONDS)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, *self._address)
        try:
            await self._site.start()
        except OSError as error:
            raise CannotListen("PETITION_WEBHOOK_ADDRESS", self._address, error) from None

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers a request; nothing of it is read before its secret was compared.

        The server reads a megabyte at most.
        """
        given = request.headers.get(_SECRET_HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, self._secret.encode()):
            return _answer(403)
        if request.path != self._path:
            return _answer(404)
        if request.method != "POST":
            return _answer(405)
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                update = orjson.loads(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _answer(413)
        except TimeoutError:
            return _answer(408)
        except ValueError:
            return _answer(400)
        if number_of(update) is None:
            return _answer(400)
        if self._stops:  # perhaps while it came
            return _answer(503)
        return _answer(200 if await self._is_handled(update) else 503)

    async def _is_handled(self, update: dict[str, Any]) -> bool:
        """Has an update handled; False if it was not done in time, and is to be sent again."""
        done = self._dispatch.take(update)
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await asyncio.shield(done)
        except TimeoutError:
            return False
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            return False  # the process stops
        return True

    async def _look(self) -> float:
        """Sets the webhook, or looks at what Telegram says of it; returns when to look again."""
        try:
            if not self._is_set:
                await self._set()
            else:
                await self._check(await webhook_info(self._client.call))
        except TelegramError as error:
            return await self._failed(error)
        self._failures = 0
        self._token.accepted()
        return LOOK_SECONDS

    async def _set(self) -> None:
        before = await webhook_info(self._client.call)
        self._last_error = before.get("last_error_date", 0)
        await self._client.call(
            "setWebhook",
            {
                "url": self._url,
                "secret_token": self._secret,
                "allowed_updates": ALLOWED_UPDATES,
                "max_connections": _MOST_CONNECTIONS,
                "drop_pending_updates": False,
            },
        )
        self._is_set = True
        _log.info("webhook_set")

    async def _check(self, info: Mapping[str, Any]) -> None:
        """Sets the webhook again where it is another, and tells what does not work."""
        kinds = info.get("allowed_updates") or ()
        if info.get("url") != self._url or set(kinds) != set(ALLOWED_UPDATES):
            _log.warning("webhook_changed")
            self._changes += 1
            if self._changes == 2:  # told once, however often they take it from each other
                self._report_second_user()
            self._is_set = False  # until it is: a call that fails is not another change
            await self._set()
            return
        self._changes = 0
        failed_at, pending = info.get("last_error_date", 0), info.get("pending_update_count", 0)
        is_new = failed_at > self._last_error
        is_more = pending >= max(_MANY_PENDING, self._pending + 1)
        self._last_error, self._pending = failed_at, pending
        if is_new:
            said = str(info.get("last_error_message", ""))
            _log.warning("webhook_fails", reason=said, pending=pending)
            self._say(Sentence(WEBHOOK_FAILS, url=webhook_host(self._url), said=said))
        elif is_more:
            _log.warning("webhook_falls_behind", pending=pending)
            self._say(Sentence("En Telegram esperan cada vez más mensajes para el bot."))
        else:
            self._told = None

    async def _failed(self, error: TelegramError) -> float:
        """Logs a call that failed; returns the seconds after which to try again."""
        kind = error_kind(error)
        self._failures += 1
        seconds = max(_PAUSES.pause(self._failures), seconds_to_wait(error))
        if kind is ErrorKind.UNAUTHORISED:
            await self._token.denied()
            # A minute of it is believed, so it is asked more often than that.
            seconds = min(seconds, LOOK_SECONDS / 4)
        elif kind is ErrorKind.CONTENT:
            refused = mark("Telegram no acepta el webhook {url}: {said}")
            self._say(Sentence(refused, url=webhook_host(self._url), said=error.message))
        _log.warning("webhook_not_set", error_kind=kind, seconds=seconds)
        return seconds

    def _say(self, sentence: Sentence) -> None:
        if sentence != self._told:
            self._told = sentence
            self._tell(sentence)


def _answer(status: int) -> web.Response:
    response = web.Response(status=status)
    if status != 200:
        response.force_close()  # the rest of what was sent is not waited for
    return response
