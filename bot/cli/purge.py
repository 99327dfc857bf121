"""What `petition-bot purge` says of the signatures that are due, and how it erases them."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

import typer

from bot.cli.context import CliContext, run_with_context
from bot.clocks import utc_now
from bot.console import (
    CannotDo,
    Yes,
    agrees,
    in_sentences,
    interruptible,
    progress_bar,
    run_to_end,
    say,
    signatures,
)
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
class Purge:
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
    found, text = run_with_context(lambda context: prepare_purge(context, untold_too=untold))
    say(text)
    if dry_run or found.total == 0 or not _date_is_right(yes=yes):
        return
    question = label(
        "¿Borro {signatures} para siempre? Solo quedan los totales.",
        signatures=signatures(found.total),
    )
    if not agrees(question, yes=yes, otherwise=label("No se ha borrado nada.")):
        return
    with interruptible(label("Interrumpido: lo que se ha borrado sigue borrado.")):
        say(run_with_context(lambda context: carry_out_purge(context, found)))


def _date_is_right(*, yes: bool) -> bool:
    """Returns whether today is what the machine says: by Telegram's answer, or by the operator's.

    Raises:
        CannotDo: it is not, or nobody can tell.
    """
    settings, now, words = load_petition_settings(), utc_now(), terminal_words()
    said = run_to_end(telegram_time(settings))
    if said is None:
        if yes:
            raise CannotDo.because(
                "No se ha podido preguntar a Telegram qué día es, así que --yes no basta: "
                "ejecútalo sin esa opción y mira la fecha. No se ha borrado nada."
            )
        question = label(
            "No se ha podido preguntar a Telegram qué día es. ¿Es hoy el {day}?",
            day=words.date(now),
        )
        otherwise = label("Pon antes el reloj en hora. No se ha borrado nada.")
        return agrees(question, otherwise=otherwise)
    refuse_another_date(said, now)
    return True


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


async def prepare_purge(context: CliContext, *, untold_too: bool) -> tuple[Purge, str]:
    """Returns what would be erased, and the sentences that say why and what would not.

    With `untold_too` those whom nobody told how it ended are among them before they have to be.
    """
    erasure = await read_erasure(context.storage, context.petition, context.clock())
    erasure = replace(erasure, untold_too=untold_too or erasure.untold_too)
    count = await context.storage.erasures.count(erasure.due)
    kept = 0 if erasure.untold_too else count.untold
    total = count.total - kept
    purge = Purge(erasure, count, total)
    if count.total == 0:
        return purge, await _nothing(context)
    is_closed = (await context.storage.petitions.state()).is_closed
    return purge, "\n".join(_sentences(context, purge, kept, is_closed=is_closed))


async def carry_out_purge(context: CliContext, purge: Purge) -> str:
    """Erases what is due, with a progress bar; returns the result as a sentence."""
    with progress_bar() as bar:
        task = bar.add_task(label("Borrando"), total=purge.total)
        erased = await erase_due(
            context.storage,
            purge.erasure,
            context.clock(),
            action="purge",
            progress=lambda done: bar.update(task, completed=done),
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


def _sentences(context: CliContext, purge: Purge, kept: int, *, is_closed: bool) -> list[str]:
    words, count, months = context.words, purge.count, context.petition.retention
    said = [label("Toca borrar {signatures}.", signatures=signatures(count.total))]
    if count.at_most:
        said.append(
            label(
                "{n}, porque nada se guarda más de {months} meses después de firmar.",
                n=words.number(count.at_most),
                months=months.months_at_most,
            )
        )
    if count.after_handover and purge.erasure.handed_over_on is not None:
        said.append(
            label(
                "{n}, porque ha acabado el plazo desde que la petición se entregó, el {day}: "
                "{months}.",
                n=words.number(count.after_handover),
                day=words.date(purge.erasure.handed_over_on),
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
    if kept and purge.erasure.untold_until is not None:
        until = words.plain_moment(purge.erasure.untold_until)
        why = (
            label("el mensaje final está en marcha o previsto")
            if purge.erasure.is_sending
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
    if purge.total == 0:
        said.append(label("Así que ahora no se borra nada."))
    return said
