"""What can be wrong around a bot: its database, and what waits for it at Telegram."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.addresses import WEBHOOK_FAILS, webhook_host
from bot.text.problems import Sentence
from storage.durability import durability_of
from storage.errors import StorageError, Unavailable
from storage.migrate import require_newest

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
_SILENT = Sentence("La base de datos no contesta.")


async def check_database(url: str) -> dict[str, Sentence]:
    """Returns what is wrong with a database, by one of `readiness.CHECKS`."""
    try:
        async with asyncio.timeout(_DATABASE_SECONDS):
            _, durability = await asyncio.gather(require_newest(url), durability_of(url))
    except TimeoutError:
        return {"database": _SILENT}
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
