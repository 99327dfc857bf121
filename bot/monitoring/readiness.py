"""Whether a bot that runs can do what it is there for, and if not, why; `doctor` asks this too."""

import asyncio
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from telegram.error import TelegramError

from bot.addresses import WEBHOOK_FAILS, webhook_host
from bot.intake.polling import webhook_info
from bot.text.problems import Sentence
from bot.transport.errors import ErrorKind, error_kind
from storage.durability import durability_of
from storage.errors import StorageError, Unavailable
from storage.migrate import require_newest

if TYPE_CHECKING:
    from bot.app import App

CHECKS = (
    *("running", "database", "schema", "standby", "no_standby"),
    *("telegram", "token", "webhook", "backlog"),
)
# With it people are served: a proxy that passed nothing on would end that.
_SERVED_ALL_THE_SAME = frozenset({"no_standby"})
# Replicas mend it by taking requests, so a proxy that asks for this passes them on all the same.
_MENDED_BY_REQUESTS = frozenset({"webhook", "backlog"})

MOST_PENDING = 1_000
"""How many updates may wait at Telegram: those who sent them wait for most of a minute."""

_DATABASE_SECONDS = 3.0
# Telegram tries again within this time.
_WEBHOOK_SECONDS = 120

STUCK = Sentence(
    "PostgreSQL espera a su servidor de reserva, que no está: nada se da por guardado, y nadie "
    "puede firmar, hasta que vuelva."
)
ALONE = Sentence(
    "PostgreSQL se ha quedado sin su servidor de reserva. La gente puede seguir firmando, pero si "
    "ahora falla el servidor que queda, se pierden firmas que ya se agradecieron."
)
_NO_DATABASE = Sentence("La base de datos no contesta.")

_TELEGRAM_SECONDS = 3.0
_ASKED_AGAIN_SECONDS = 10.0

_STARTS = Sentence("El bot está arrancando.")
_STOPS = Sentence("El bot se está parando.")
_NO_TELEGRAM = Sentence("Telegram no contesta.")
_NO_TOKEN = Sentence("Telegram no conoce el token.")


@dataclass(slots=True)
class RunState:
    """How far a process has come.

    Attributes:
        app: the bot, once it answers.
        stands_by: whether another process answers, whose end it waits for.
    """

    app: "App | None" = None
    stands_by: bool = False


@dataclass(slots=True)
class Readiness:
    """Asks the database once at a time, and Telegram every ten seconds at most.

    Attributes:
        by_webhook: whether updates come to this process by itself.
        pending: how many updates waited at Telegram when it was last asked; None if it was not,
            or did not say.
    """

    state: RunState
    database_url: str
    by_webhook: bool = False
    clock: Callable[[], float] = time.monotonic
    pending: int | None = field(default=None, init=False)
    _of_telegram: dict[str, Sentence] = field(default_factory=dict, init=False)
    _of_database: asyncio.Future[dict[str, Sentence]] | None = field(default=None, init=False)
    _asked_at: float = field(default=-math.inf, init=False)

    async def problems(self) -> dict[str, Sentence]:
        """Returns what is wrong, by which of `CHECKS` found it."""
        app = self.state.app
        found: dict[str, Sentence] = {}
        if app is None and not self.state.stands_by:
            found = {"running": _STARTS}
        elif app is not None and (app.stopping.is_set() or not app.process_lock.is_ours()):
            found = {"running": _STOPS}
        of_database, of_telegram = await asyncio.gather(
            self._ask_database(), self._ask_telegram(app)
        )
        return found | of_database | of_telegram

    def takes_requests(self, problems: Collection[str]) -> bool:
        """Returns whether the bot can do what it is there for, with these problems."""
        ignored = _SERVED_ALL_THE_SAME | (_MENDED_BY_REQUESTS if self.by_webhook else frozenset())
        return {*problems} <= ignored

    async def _ask_database(self) -> dict[str, Sentence]:
        """Asks on connections of its own, so all who want to know at the same time share them."""
        if self._of_database is None or self._of_database.done():
            self._of_database = asyncio.ensure_future(check_database(self.database_url))
        return await asyncio.shield(self._of_database)

    async def _ask_telegram(self, app: "App | None") -> dict[str, Sentence]:
        """Asks how much waits there, which only a bot with this token is told."""
        if app is None:
            self.pending = None
            return {}
        if self.clock() - self._asked_at >= _ASKED_AGAIN_SECONDS:
            self._asked_at = self.clock()
            self._of_telegram = await self._look(app)
        return self._of_telegram

    async def _look(self, app: "App") -> dict[str, Sentence]:
        info: Mapping[str, Any] = {}
        try:
            async with asyncio.timeout(_TELEGRAM_SECONDS):
                info = await webhook_info(app.services.bot.call)
        except TimeoutError:
            return {"telegram": _NO_TELEGRAM}
        except TelegramError as error:
            kind = error_kind(error)
            if kind is ErrorKind.WAIT:
                return {}
            is_denied = kind is ErrorKind.UNAUTHORISED
            return {"token": _NO_TOKEN} if is_denied else {"telegram": _NO_TELEGRAM}
        finally:  # until then it is what Telegram said before
            self.pending = info.get("pending_update_count")
        now = app.services.clock().timestamp()
        looks = {"backlog": check_backlog(self.pending or 0), "webhook": check_webhook(info, now)}
        return {check: said for check, said in looks.items() if said is not None}


async def check_database(url: str) -> dict[str, Sentence]:
    """Returns what is wrong with a database, by one of `CHECKS`."""
    try:
        async with asyncio.timeout(_DATABASE_SECONDS):
            _, durability = await asyncio.gather(require_newest(url), durability_of(url))
    except TimeoutError:
        return {"database": _NO_DATABASE}
    except Unavailable as error:
        return {"database": Sentence.of_storage(error)}
    except StorageError as error:
        return {"schema": Sentence.of_storage(error)}
    if durability is None:
        return {}
    if durability.is_stuck:
        return {"standby": STUCK}
    return {"no_standby": ALONE} if durability.is_alone else {}


def check_backlog(pending: int) -> Sentence | None:
    """Returns what is wrong where so many updates wait at Telegram."""
    if pending <= MOST_PENDING:
        return None
    return Sentence(
        "En Telegram esperan {pending} mensajes y toques de la gente; más de {most} son muchos.",
        pending=pending,
        most=MOST_PENDING,
    )


def check_webhook(info: Mapping[str, Any], now: float) -> Sentence | None:
    """Returns what Telegram says why it cannot deliver, in answer to getWebhookInfo.

    `now` is in seconds since 1970.
    """
    if now - info.get("last_error_date", 0) > _WEBHOOK_SECONDS:
        return None
    said = info.get("last_error_message", "")
    return Sentence(WEBHOOK_FAILS, url=webhook_host(info.get("url", "")), said=said)
