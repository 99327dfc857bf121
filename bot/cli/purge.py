"""`petition-bot purge`: says which signatures are due, and erases them."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from bot.cli.context import CliContext, Plan, confirmed
from bot.console import CannotDo, DryRun, Yes, progress, signatures
from bot.retention import Erasure, erase_due, read_erasure
from bot.settings import PetitionSettings
from bot.telegram_session import shared_session
from bot.text.terminal_language import label, plural_label, terminal_words
from bot.transport.errors import NotSent, ResponseLost
from storage.erasures import DueCount, count_due_signatures
from storage.petitions import petition_state


def purge(dry_run: DryRun = False, yes: Yes = False) -> None:
    """Erases the signatures whose retention is over, as the running bot does every hour."""
    confirmed(partial(prepare_purge, asks_telegram=not dry_run), yes=yes, dry_run=dry_run)


async def prepare_purge(context: CliContext, *, asks_telegram: bool = False) -> Plan:
    """Returns what would be erased and why; nothing is asked where nothing is due.

    If Telegram is asked what day it is, it has to be the machine's.
    """
    erasure = await read_erasure(context.storage, context.petition, context.clock())
    count = await context.storage.read(count_due_signatures, erasure.due)
    total = count.total - (0 if erasure.untold_too else count.waiting)
    if total and asks_telegram:
        refuse_another_date(await telegram_time(context.settings), context.clock())
    question = label(
        "¿Borro {signatures} para siempre? Solo quedan los totales.", signatures=signatures(total)
    )
    return Plan(
        "\n".join([each async for each in _reasons(context, erasure, count, total)]),
        question if total else "",
        partial(_erase, erasure=erasure, total=total),
        declined=label("No se ha borrado nada."),
    )


def refuse_another_date(said: datetime | None, now: datetime) -> None:
    """Raises CannotDo where Telegram says another day than the machine, or nothing."""
    if said is None:
        raise CannotDo.because(
            "Telegram, que dice qué día es, no contesta. No se ha borrado nada."
        )
    if abs(now - said) >= timedelta(days=1):
        date = terminal_words().date
        raise CannotDo.because(
            "Según esta máquina hoy es el {here}, y según Telegram, el {there}. Corrige el reloj "
            "de la máquina. No se ha borrado nada.",
            here=date(now),
            there=date(said),
        )


async def telegram_time(settings: PetitionSettings) -> datetime | None:
    """Returns what time it is for Telegram, which says so in every answer."""
    async with shared_session(settings) as session:
        with suppress(NotSent, ResponseLost):
            await session.post(f"{settings.api_url}/bot/getMe", {})
        return session.server_time()[0]


async def _erase(context: CliContext, erasure: Erasure, total: int) -> str:
    """Erases what is due; returns the result as a sentence."""
    stopped = label("Interrumpido: lo que se ha borrado sigue borrado.")
    storage, now = context.storage, context.clock()
    with progress(label("Borrando"), stopped, total) as done:
        erased = await erase_due(storage, erasure, now, action="purge", progress=done)
    state = await storage.read(petition_state)
    return label(
        "Firmas borradas: {n}. El total de la petición sigue siendo {count}. Las copias de la "
        "base de datos siguen teniendo lo que tenían.",
        n=context.words.number(erased),
        count=context.words.number(state.signatures),
    )


async def _reasons(
    context: CliContext, erasure: Erasure, count: DueCount, total: int
) -> AsyncIterator[str]:
    """Yields why signatures are due, and which of them are not erased yet."""
    words, months = context.words, context.petition.retention
    if count.total == 0:
        yield label("No toca borrar ninguna firma.")
        return
    yield label("Toca borrar {signatures}.", signatures=signatures(count.total))
    if count.at_most:
        yield label(
            "{n}, porque nada se guarda más de {months} meses después de firmar.",
            n=words.number(count.at_most),
            months=months.months_at_most,
        )
    after_handover = count.total - count.at_most
    if after_handover and erasure.handed_over_on is not None:
        yield label(
            "{n}, porque venció el plazo que corría desde la entrega, el {day}: {months}.",
            n=words.number(after_handover),
            day=words.date(erasure.handed_over_on),
            months=plural_label("{n} mes", "{n} meses", months.months_after_delivery),
        )
    if count.untold:
        is_closed = (await context.storage.read(petition_state)).is_closed
        yield label(
            "Nadie ha contado a {n} de esas personas cómo terminó la petición. Quien administra "
            "puede hacerlo con {command}.",
            n=words.number(count.untold),
            command="/broadcast" if is_closed else label("/close, y después /broadcast"),
        )
    if count.total > total and erasure.untold_until is not None:
        yield label(
            "De esas, {n} se guardan como mucho hasta el {moment}, para que se les pueda contar.",
            n=words.number(count.total - total),
            moment=words.plain_moment(erasure.untold_until),
        )
