"""`petition-bot purge`: says which signatures are due, and erases them."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import typer

from bot.cli.confirmation import Plan, confirmed
from bot.cli.context import CliContext
from bot.console import CannotDo, Yes, in_sentences, progress, signatures
from bot.petition.retention_days import day_of, erased_on
from bot.retention import Erasure, erase_due, read_erasure
from bot.settings import PetitionSettings, load_petition_settings
from bot.telegram_session import shared_session
from bot.text.terminal_language import label, plural_label, terminal_words
from bot.transport.errors import NotSent, ResponseLost
from bot.transport.http1.address import Body
from bot.transport.http1.response import TimeLimits
from storage import DueCount


@dataclass(frozen=True, slots=True)
class Due:
    """Which signatures are due now, how many, and how many of them would be erased."""

    erasure: Erasure
    count: DueCount
    total: int


@in_sentences
def purge(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Solo dice qué toca borrar, y no borra nada.")
    ] = False,
    untold: Annotated[
        bool,
        typer.Option("--untold", help="Borra también las de quienes no saben cómo acabó."),
    ] = False,
    yes: Yes = False,
) -> None:
    """Erases the signatures whose retention is over, as the running bot does every hour."""

    async def prepare(context: CliContext) -> Plan:
        plan = await prepare_purge(context, untold_too=untold)
        if dry_run or not plan.question:
            return replace(plan, question="")
        doubt = await _doubt_of_the_date(context, yes=yes)
        return replace(plan, shown="\n".join(filter(None, (plan.shown, doubt))))

    confirmed(prepare, yes=yes)


async def prepare_purge(context: CliContext, *, untold_too: bool) -> Plan:
    """Returns what would be erased and why; nothing is asked where nothing is due.

    With `untold_too` those whom nobody told how it ended are among them before they have to be.
    """
    erasure = await read_erasure(context.storage, context.petition, context.clock())
    erasure = replace(erasure, untold_too=untold_too or erasure.untold_too)
    count = await context.storage.erasures.count(erasure.due)
    due = Due(erasure, count, count.total - (0 if erasure.untold_too else count.untold))
    question = label(
        "¿Borro {signatures} para siempre? Solo quedan los totales.",
        signatures=signatures(due.total),
    )
    return Plan(
        await _shown(context, due),
        question if due.total else "",
        partial(_erase, due=due),
        declined=label("No se ha borrado nada."),
    )


async def _doubt_of_the_date(context: CliContext, *, yes: bool) -> str:
    """Returns what the operator has to look at where Telegram does not say what day it is.

    Raises:
        CannotDo: Telegram says another day than the machine, or neither it nor a person says one.
    """
    said, now = await telegram_time(load_petition_settings()), context.clock()
    if said is not None:
        refuse_another_date(said, now)
        return ""
    if yes:
        raise CannotDo.because(
            "No se ha podido preguntar a Telegram qué día es, así que --yes no basta: "
            "ejecútalo sin esa opción y mira la fecha. No se ha borrado nada."
        )
    return label(
        "No se ha podido preguntar a Telegram qué día es. Esta máquina dice que hoy es el {day}: "
        "si no lo es, contesta que no, y pon antes el reloj en hora.",
        day=context.words.date(now),
    )


def refuse_another_date(said: datetime, now: datetime) -> None:
    """Raises CannotDo where Telegram says another day than the machine."""
    words = terminal_words()
    if abs(now - said) >= timedelta(days=1):
        raise CannotDo.because(
            "Esta máquina dice que hoy es el {here}, y Telegram, que es el {there}. Pon antes "
            "el reloj en hora. No se ha borrado nada.",
            here=words.date(now),
            there=words.date(said),
        )


async def telegram_time(settings: PetitionSettings) -> datetime | None:
    """Returns what time it is for Telegram, which says so to whoever asks for anything."""
    async with shared_session(settings.api_url, settings.proxy) as session:
        with suppress(NotSent, ResponseLost):
            await session.post(f"{settings.api_url}/bot/getMe", Body(b""), TimeLimits())
        return session.server_time()[0]


async def _erase(context: CliContext, due: Due) -> str:
    """Erases what is due; returns the result as a sentence."""
    stopped = label("Interrumpido: lo que se ha borrado sigue borrado.")
    with progress(label("Borrando"), interrupted=stopped) as done:
        erased = await erase_due(
            context.storage,
            due.erasure,
            context.clock(),
            action="purge",
            progress=lambda n: done(n, due.total),
        )
    state = await context.storage.petitions.state()
    return label(
        "Firmas borradas: {n}. El total de la petición sigue siendo {count}. Las copias de la "
        "base de datos siguen teniendo lo que tenían.",
        n=context.words.number(erased),
        count=context.words.number(state.signatures),
    )


async def _nothing(context: CliContext) -> str:
    first = await context.storage.erasures.first_signed_at()
    if first is None:
        return label("No se guarda ninguna firma: no hay nada que borrar.")
    handover = await context.storage.handovers.active()
    days = () if handover is None else (handover.handed_over_on,)
    zone = context.words.zone
    day = erased_on(context.petition.retention, day_of(first, zone), days)
    return label(
        "Todavía no toca borrar ninguna firma. La primera, el {day}.", day=context.words.date(day)
    )


async def _shown(context: CliContext, due: Due) -> str:
    """Returns why signatures are due, and which of them are not erased yet."""
    words, count, months = context.words, due.count, context.petition.retention
    if count.total == 0:
        return await _nothing(context)
    is_closed = (await context.storage.petitions.state()).is_closed
    said = [label("Toca borrar {signatures}.", signatures=signatures(count.total))]
    if count.at_most:
        said.append(
            label(
                "{n}, porque nada se guarda más de {months} meses después de firmar.",
                n=words.number(count.at_most),
                months=months.months_at_most,
            )
        )
    if count.after_handover and due.erasure.handed_over_on is not None:
        said.append(
            label(
                "{n}, porque ha acabado el plazo desde que la petición se entregó, el {day}: "
                "{months}.",
                n=words.number(count.after_handover),
                day=words.date(due.erasure.handed_over_on),
                months=plural_label("{n} mes", "{n} meses", months.months_after_delivery),
            )
        )
    if untold := count.untold + count.untold_at_most:
        command = "/broadcast" if is_closed else label("/close, y después /broadcast")
        said.append(
            plural_label(
                "A {n} de esas personas se le puede contar cómo acabó la petición, y nadie lo ha "
                "hecho. Quien administra puede hacerlo con {command}.",
                "A {n} de esas personas se les puede contar cómo acabó la petición, y nadie lo ha "
                "hecho. Quien administra puede hacerlo con {command}.",
                untold,
                command=command,
            )
        )
    kept = count.total - due.total
    if kept and due.erasure.untold_until is not None:
        until = words.plain_moment(due.erasure.untold_until)
        why = (
            label("el mensaje final está en marcha o previsto")
            if due.erasure.is_sending
            else label("quienes administran tienen una semana para contárselo desde que lo saben")
        )
        said.append(
            label(
                "De esas, {n} se guardan como mucho hasta el {moment}, porque {why}; --untold las "
                "borra ya.",
                n=words.number(kept),
                moment=until,
                why=why,
            )
        )
    if due.total == 0:
        said.append(label("Así que ahora no se borra nada."))
    return "\n".join(said)
