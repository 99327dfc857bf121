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
    counted,
    in_sentences,
    interruptible,
    progress_bar,
    run_to_end,
    say,
)
from bot.petition.retention_days import day_of, erased_on
from bot.retention import Erasure, erase_due, read_erasure
from bot.settings import PetitionSettings, load_petition_settings
from bot.telegram_session import shared_session
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
        bool, typer.Option("--dry-run", help="Only say what is due, and erase nothing.")
    ] = False,
    untold: Annotated[
        bool,
        typer.Option("--untold", help="Erase also who has not been told how it ended."),
    ] = False,
    yes: Yes = False,
) -> None:
    """Erase the signatures whose retention is over, as the running bot does every hour."""
    found, text = run_with_context(lambda context: prepare_purge(context, untold_too=untold))
    say(text)
    if dry_run or found.total == 0 or not _date_is_right(yes=yes):
        return
    question = f"Erase {counted(found.total, 'signature')} for good? Only their counts remain."
    if not agrees(question, yes=yes, otherwise="Nothing was erased."):
        return
    with interruptible("You have stopped it; what was erased stays erased."):
        say(run_with_context(lambda context: carry_out_purge(context, found)))


def _date_is_right(*, yes: bool) -> bool:
    """Returns whether today is what the machine says: by Telegram's answer, or by the operator's.

    Raises:
        CannotDo: it is not, or nobody can tell.
    """
    settings, now = load_petition_settings(), utc_now()
    said = run_to_end(_telegram_time(settings))
    if said is None:
        if yes:
            raise CannotDo(
                "Telegram could not be asked what day it is, so --yes is not enough: run this "
                "again without it, and look at the date. Nothing was erased."
            )
        question = f"Telegram could not be asked what day it is. Is today {now:%-d %B %Y}?"
        return agrees(question, yes=False, otherwise="Set the clock first. Nothing was erased.")
    if abs(now - said) >= timedelta(days=1):
        raise CannotDo(
            f"This machine says that today is {now:%-d %B %Y}, and Telegram that it is "
            f"{said:%-d %B %Y}. Set the clock first. Nothing was erased."
        )
    return True


async def _telegram_time(settings: PetitionSettings) -> datetime | None:
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
        task = bar.add_task("Erasing", total=purge.total)
        erased = await erase_due(
            context.storage,
            purge.erasure,
            context.clock(),
            action="purge",
            progress=lambda done: bar.update(task, completed=done),
        )
    state = await context.storage.petitions.state()
    still = context.words.number(state.signatures)
    are = "is" if erased == 1 else "are"
    return (
        f"{counted(erased, 'signature')} {are} erased. The petition's count is still {still}. "
        "Copies of the database, such as backups, still hold what they held."
    )


async def _nothing(context: CliContext) -> str:
    first = await context.storage.erasures.first_signed_at()
    if first is None:
        return "No signature is stored, so there is nothing to erase."
    handover = await context.storage.handovers.active()
    days = () if handover is None else (handover.handed_over_on,)
    zone = context.words.zone
    day = erased_on(context.petition.retention, day_of(first, zone), days)
    return f"No signature is due. The first one is on {context.words.date(day)}."


def _sentences(context: CliContext, purge: Purge, kept: int, *, is_closed: bool) -> list[str]:
    words, count, months = context.words, purge.count, context.petition.retention
    said = [f"Due: {counted(count.total, 'signature')}."]
    if count.at_most:
        at_most = counted(months.months_at_most, "month")
        said.append(
            f"{words.number(count.at_most)} because nothing is kept for more than {at_most} after "
            "it was signed."
        )
    if count.after_handover and purge.erasure.handed_over_on is not None:
        handed_over_on = words.date(purge.erasure.handed_over_on)
        after = counted(months.months_after_delivery, "month")
        said.append(
            f"{words.number(count.after_handover)} because it is {after} or more since the "
            f"petition was handed over, on {handed_over_on}."
        )
    untold = count.untold + count.untold_at_most
    if untold:
        closing = "" if is_closed else "close it with /close and "
        said.append(
            f"{words.number(untold)} of them can be told how the petition ended, and nobody has. "
            f"An admin can {closing}tell them with /broadcast."
        )
    if kept and purge.erasure.untold_until is not None:
        until = words.plain_moment(purge.erasure.untold_until)
        why = (
            "a closing update is planned or under way"
            if purge.erasure.is_sending
            else "the admins have a week to tell them once they know of it"
        )
        said.append(
            f"{words.number(kept)} of those are kept until {until} at the latest, as {why}; "
            "--untold erases them now."
        )
    if purge.total == 0:
        said.append("So nothing is erased now.")
    return said
