"""`petition-bot delivered`: records a handover after saying what follows, and takes it back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer

from bot.cli.context import CliContext, run_with_context
from bot.console import CannotDo, Yes, agrees, counted, in_sentences, read_day, say
from bot.petition.retention_days import day_of
from bot.petition_folder.schema import months_later
from storage import ExportedList, Handover, Kind
from storage.ids import SHOWN_DIGITS

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{1,32}")


@dataclass(frozen=True, slots=True)
class HandoverOrder:
    """What was typed behind `petition-bot delivered`."""

    on: str | None = None
    manifest: str | None = None
    export: str | None = None
    without_list: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be recorded."""
        return self == HandoverOrder()


@dataclass(frozen=True, slots=True)
class PlannedHandover:
    """A handover that was checked and shown, and is to be recorded.

    `listed` is None if only the number of signatures was handed over.
    """

    day: date
    manifest: str
    listed: ExportedList | None
    number: int


@in_sentences
def delivered(
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day, like 2026-11-24.")
    ] = None,
    manifest: Annotated[
        str | None,
        typer.Option("--manifest", metavar="HASH", help="The SHA-256 of what was handed over."),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(
            "--export",
            metavar="ID",
            show_default=False,
            help="The beginning of a list's id; left out, the newest list written by that day.",
        ),
    ] = None,
    without_list: Annotated[
        bool,
        typer.Option("--without-list", help="Only the number of signatures was handed over."),
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the record back.")] = False,
    yes: Yes = False,
) -> None:
    """Record that the petition was handed over; without options, show what is recorded.

    Retention counts from that day on: the signatures are erased so many months later.
    """
    order = HandoverOrder(on=on, manifest=manifest, export=export, without_list=without_list)
    if undo:
        found, text = run_with_context(lambda context: prepare_undo(context, order))
        say(text)
        if agrees("Take this record back?", yes=yes):
            say(run_with_context(lambda context: undo_handover(context, found)))
        return
    if order.is_empty:
        say(run_with_context(show_handover))
        return
    planned, text = run_with_context(lambda context: prepare_handover(context, order))
    say(text)
    if agrees("Record this?", yes=yes):
        say(run_with_context(lambda context: record_handover(context, planned)))


async def prepare_handover(
    context: CliContext, order: HandoverOrder
) -> tuple[PlannedHandover, str]:
    """Returns what is to be recorded, after checks, and a text with all that follows from it."""
    storage = context.storage
    active = await storage.handovers.active()
    if active is not None:
        raise CannotDo(
            "It is recorded already that the petition was handed over on "
            f"{_day(context, active)}. If that is wrong, take it back first: petition-bot "
            "delivered --undo"
        )
    state = await storage.petitions.state()
    if state.closed_at is None:
        raise CannotDo(
            "The petition is open: whoever signs from now on would be in no list, and would be "
            "erased with those who are. Close it in the bot with /close, and hand over a list "
            "that was written after that."
        )
    day = _read_day(context, order.on)
    closed_on = day_of(state.closed_at, context.words.zone)
    if day < closed_on:
        raise CannotDo(
            f"The petition was closed on {context.words.date(closed_on)}, after "
            f"{context.words.date(day)}: it was not known by then how many signatures it has. "
            "Look at the day and the year."
        )
    manifest = _read_manifest(order)
    if order.without_list:
        if order.export is not None:
            raise CannotDo("Either --export or --without-list, not both.")
        planned = PlannedHandover(day, manifest, None, state.signatures)
    else:
        found = _select(context, await storage.handovers.exports(), order.export, day)
        if found.exported_at < state.closed_at:
            raise CannotDo(
                f"{_name(context, found)} is older than the closing of the petition, on "
                f"{context.words.plain_moment(state.closed_at)}: who signed in between is not in "
                "it, and would be erased with those who are. Write one with petition-bot export."
            )
        planned = PlannedHandover(day, manifest, found, found.with_name + found.without_name)
    return planned, await _consequences(context, planned)


async def record_handover(context: CliContext, planned: PlannedHandover) -> str:
    """Records a handover; returns the result as a sentence."""
    recorded = await context.storage.handovers.record(
        planned.day,
        at=context.clock(),
        listed=planned.listed,
        manifest=planned.manifest,
        without_name=planned.number,
    )
    if recorded is None:
        raise CannotDo(
            "Meanwhile another handover was recorded, or the petition was reopened, and nothing "
            "was changed."
        )
    return (
        f"It is recorded that the petition was handed over on {_day(context, recorded)}. The bot "
        "tells the admins, and who opens it reads it. petition-bot delivered --undo takes the "
        "record back."
    )


async def prepare_undo(context: CliContext, order: HandoverOrder) -> tuple[Handover, str]:
    """Returns the handover that is to be taken back, and says what that means."""
    if not order.is_empty:
        raise CannotDo(
            "--undo takes back what is recorded; it goes with no other option but --yes."
        )
    active = await context.storage.handovers.active()
    if active is None:
        raise CannotDo("No handover is recorded, so there is nothing to take back.")
    return active, "\n".join(
        (
            *_recorded(context, active),
            "If it is taken back, retention no longer counts from that day, the bot says nothing "
            "of it any more, and no notice is owed. What was erased since stays erased.",
        )
    )


async def undo_handover(context: CliContext, found: Handover) -> str:
    """Takes a handover back; returns the result as a sentence."""
    if not await context.storage.handovers.undo(found, at=context.clock()):
        raise CannotDo("Meanwhile it was taken back already, and nothing was changed.")
    return "The record is taken back. The bot tells the admins."


async def show_handover(context: CliContext) -> str:
    """Returns what is recorded of the handover."""
    active = await context.storage.handovers.active()
    if active is not None:
        return "\n".join(_recorded(context, active))
    exports = await context.storage.handovers.exports()
    if not exports:
        return "No handover is recorded, and no list has been written."
    return "\n".join(
        ("No handover is recorded. Lists:", *(f"  {_held(context, each)}" for each in exports))
    )


def _read_day(context: CliContext, typed: str | None) -> date:
    if typed is None:
        raise CannotDo("Say on which day it was handed over: --on 2026-11-24")
    day = read_day(typed)
    if day > _today(context):
        raise CannotDo(
            f"{context.words.date(day)} has not come yet. A handover is recorded once it has been."
        )
    return day


def _today(context: CliContext) -> date:
    return day_of(context.clock(), context.words.zone)


def _read_manifest(order: HandoverOrder) -> str:
    if order.manifest is None:
        if order.without_list:
            return ""
        raise CannotDo(
            "Say with --manifest what was handed over: the SHA-256 of its manifest, which "
            "sha256sum FILE prints."
        )
    manifest = order.manifest.strip().lower()
    if not _SHA256.fullmatch(manifest):
        raise CannotDo(
            "--manifest is no SHA-256. Expected: 64 digits from 0 to f, as sha256sum FILE prints "
            "them."
        )
    return manifest


def _select(
    context: CliContext, exports: Sequence[ExportedList], wanted: str | None, day: date
) -> ExportedList:
    """Returns the list that was handed over on a day: the wanted one, or the newest by then."""
    if not exports:
        raise CannotDo(
            "No list has been written, so none can have been handed over: petition-bot export. "
            "If only the number of signatures was handed over, say so with --without-list."
        )
    if wanted is None:
        written = [each for each in exports if day_of(each.exported_at, context.words.zone) <= day]
        if not written:
            raise CannotDo(
                f"No list had been written by {context.words.date(day)}. The oldest is "
                f"{_name(context, exports[-1])}."
            )
        return written[0]
    found = [
        each
        for each in exports
        if _ID.fullmatch(wanted.lower()) and each.id.hex().startswith(wanted.lower())
    ]
    if len(found) != 1:
        known = "No list has" if not found else "More than one list has"
        raise CannotDo(
            f"{known} an id that begins with {wanted}. petition-bot delivered shows them."
        )
    if day_of(found[0].exported_at, context.words.zone) > day:
        raise CannotDo(
            f"{_name(context, found[0])}, after {context.words.date(day)}: it cannot have been "
            "handed over on that day."
        )
    return found[0]


async def _consequences(context: CliContext, planned: PlannedHandover) -> str:
    words, storage = context.words, context.storage
    what = (
        f"Only the number of signatures was handed over, {words.number(planned.number)}, and no "
        "name."
        if planned.listed is None
        else f"What was handed over: {_held(context, planned.listed)}"
    )
    untold = sum((await storage.broadcasts.audience(kind=Kind.CLOSING)).values())
    changed = (
        [] if planned.listed is None else await storage.changes_after_export.owed(planned.listed)
    )
    lines = [
        what,
        f"Handed over on {words.date(planned.day)}, to {_addressee(context)}.",
        *([f"Manifest: {planned.manifest}"] if planned.manifest else []),
        _erased(context, planned.day),
        "Once it is recorded nobody can change whether their name is handed over, and /reopen is "
        "refused.",
    ]
    if changed:
        lines.append(
            f"{words.number(len(changed))} of them changed after the list was written, and stand "
            "in it as they were. The addressee has to be told: petition-bot notices lists them."
        )
    if untold:
        lines.append(
            f"{words.number(untold)} signer{' has' if untold == 1 else 's have'} not been told "
            "how the petition ended. Send them the closing update with /broadcast before they are "
            "erased."
        )
    return "\n".join(lines)


def _erased(context: CliContext, handed_over_on: date) -> str:
    retention = context.petition.retention
    day = months_later(handed_over_on, retention.months_after_delivery)
    said = context.words.date(day)
    if day >= _today(context):
        return (
            f"The signatures are erased from {said} on, and earlier once they are "
            f"{retention.months_at_most} months old; only counts remain."
        )
    return (
        f"The signatures are due since {said}: the bot erases them a day after it has told the "
        "admins so, and those of people who have not been told how it ended a week after."
    )


def _recorded(context: CliContext, handover: Handover) -> tuple[str, ...]:
    words = context.words
    held = (
        f"The number of signatures alone, {words.number(handover.signatures)}, without a list."
        if handover.export_id is None or handover.exported_at is None
        else f"List {handover.export_id.hex()[:SHOWN_DIGITS]}, written on "
        f"{words.plain_moment(handover.exported_at)}: {_counts(context, handover)}."
    )
    return (
        f"Handed over on {_day(context, handover)}, to {_addressee(context)}; recorded on "
        f"{words.plain_moment(handover.recorded_at)}.",
        held,
        *([f"Manifest: {handover.manifest}"] if handover.manifest else []),
        _erased(context, handover.handed_over_on),
    )


def _held(context: CliContext, listed: ExportedList) -> str:
    return f"{_name(context, listed)}: {_counts(context, listed)}."


def _name(context: CliContext, listed: ExportedList) -> str:
    written = context.words.plain_moment(listed.exported_at)
    return f"list {listed.id.hex()[:SHOWN_DIGITS]}, written on {written}"


def _counts(context: CliContext, held: ExportedList | Handover) -> str:
    words = context.words
    return (
        f"{counted(held.with_name + held.without_name, 'signature')}, "
        f"{words.number(held.with_name)} with their name and "
        f"{words.number(held.without_name)} counted without it"
    )


def _day(context: CliContext, handover: Handover) -> str:
    return context.words.date(handover.handed_over_on)


def _addressee(context: CliContext) -> str:
    petition = context.petition
    return petition.addressee[petition.language_for("en")]
