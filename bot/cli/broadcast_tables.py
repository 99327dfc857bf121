"""What the commands `list` and `show` print: the table of all broadcasts, the details of one."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from bot.cli.broadcast_follow import Display, bar_display, follow, json_display, line_display
from bot.cli.broadcast_selection import capitalised, kind_of, select_broadcast, short_ids
from bot.cli.broadcast_snapshot import BroadcastSnapshot, read_snapshot, snapshot_json
from bot.cli.context import CliContext
from bot.console import out, say
from bot.text.translations import Words
from storage import Broadcast, BroadcastState, Kind, PauseReason, StopReason

# The width of the column of names: the longest name and two spaces.
_NAME_WIDTH = len("Not recalled") + 2
_REASONS: dict[StopReason | PauseReason, str] = {
    StopReason.CONTENT: "Telegram does not accept the message: {detail}",
    StopReason.UNREADABLE: "the key does not open the chats of those who signed",
    PauseReason.LATE: "its time passed while no bot was running; resume or cancel it",
    PauseReason.FORMER: "whoever planned it is no longer an admin; resume or cancel it",
    StopReason.DECLINED: "another admin did not approve it",
    StopReason.UNAPPROVED: "no other admin approved it within a day",
    StopReason.OPEN: "the petition was open when its time came",
    PauseReason.DEFECT: "a mistake of the program ({detail}); the log says where",
    PauseReason.UNRECORDED: (
        "what became of a message could not be written down ({detail}); the log says why; resume "
        "it once that is mended"
    ),
    PauseReason.NOBODY: (
        "not one of the first {detail} people could be reached; see that the token is that of the "
        "bot they signed with, and resume it"
    ),
    PauseReason.DENIED: (
        "Telegram, or the server in between, denied every message for a minute ({detail}); see "
        "what stands at PETITION_API_URL, and resume it"
    ),
    StopReason.OTHER: "{detail}",
}
# The width for a file or a pipe, where lines should not wrap.
_WIDE = 200


async def list_broadcasts(context: CliContext, *, limit: int, as_json: bool) -> None:
    """Prints a line for each broadcast, newest first."""
    found = await context.storage.broadcasts.history(limit=limit)
    snapshots = [await read_snapshot(context, broadcast) for broadcast in found]
    if as_json:
        _print_json([snapshot_json(snapshot) for snapshot in snapshots])
    elif snapshots:
        console = out if out.is_terminal else Console(file=out.file, width=_WIDE)
        console.print(table_of(snapshots, context.words))
    else:
        out.print("There is no broadcast yet.")


async def show_broadcast(context: CliContext, wanted: str | None, *, as_json: bool) -> None:
    """Prints the details of one broadcast."""
    broadcast = await select_broadcast(context.storage.broadcasts, wanted, or_latest=True)
    snapshot = await read_snapshot(context, broadcast)
    if as_json:
        _print_json(snapshot_json(snapshot))
    else:
        _print_details(snapshot, context)


async def follow_broadcast(
    context: CliContext, wanted: str | None, *, seconds: float, as_json: bool
) -> None:
    """Shows the progress of a broadcast until it has ended, and then its details."""
    broadcast = await select_broadcast(context.storage.broadcasts, wanted, or_latest=True)
    with ExitStack() as stack:
        screen = _display(context, stack, as_json=as_json)
        snapshot = await follow(
            lambda: read_snapshot(context, broadcast), screen, context.clock, seconds
        )
    if not as_json:
        _print_details(snapshot, context)


def _display(context: CliContext, stack: ExitStack, *, as_json: bool) -> Display:
    if as_json:
        return json_display(_print_json)
    if out.is_terminal:
        live = Live(console=out, auto_refresh=False)
        return bar_display(stack.enter_context(live), context.words)
    return line_display(out, context.words, context.clock)


def _print_details(snapshot: BroadcastSnapshot, context: CliContext) -> None:
    say(*detail_lines(snapshot, context.words))


def _print_json(data: Any) -> None:
    out.print(json.dumps(data, ensure_ascii=False), markup=False, soft_wrap=True)
    out.file.flush()


def table_of(snapshots: Sequence[BroadcastSnapshot], words: Words) -> Table:
    """Returns a table with a row for each; long cells wrap, but ids are never cut."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    ids = short_ids([snapshot.broadcast for snapshot in snapshots])
    table.add_column("ID", no_wrap=True, min_width=max(len(each) for each in ids.values()))
    for heading in ("Kind", "State", "When"):
        table.add_column(heading, overflow="fold")
    for heading in ("People", "Delivered", "Unreachable", "Left"):
        table.add_column(heading, overflow="fold", justify="right")
    for snapshot in snapshots:
        broadcast, tally = snapshot.broadcast, snapshot.tally
        counts = (snapshot.total, tally.delivered, tally.unreachable, snapshot.left)
        when = _when(broadcast).astimezone(words.zone)
        table.add_row(
            ids[broadcast.id],
            broadcast.kind.value,
            broadcast.state,
            f"{when:%Y-%m-%d %H:%M}",
            *(words.number(count) for count in counts),
        )
    return table


def detail_lines(snapshot: BroadcastSnapshot, words: Words) -> list[str]:
    """Returns the details of one broadcast, a heading and a line for each."""
    broadcast = snapshot.broadcast
    facts = [
        ("Id", broadcast.id.hex()),
        ("State", state_of(snapshot)),
        *_reason(broadcast),
        ("To", _audience(broadcast)),
        *_moments(broadcast, words),
        *_counts(snapshot, words),
        *_recall(snapshot, words),
    ]
    heading = capitalised(kind_of(broadcast)) + (", paid" if broadcast.paid else "")
    return [heading, *(f"  {name:<{_NAME_WIDTH}}{value}" for name, value in facts)]


def state_of(snapshot: BroadcastSnapshot) -> str:
    """Returns the state, and what it waits for: an admin or a running bot."""
    state = snapshot.broadcast.state
    if snapshot.broadcast.awaits_approval:
        return f"{state}, waits for another admin's approval"
    waits = state is BroadcastState.RUNNING or snapshot.broadcast.is_recalling
    if waits and not snapshot.attended:
        return f"{state}, waits for the bot; if that is not running, petition-bot run goes on"
    return state


def _when(broadcast: Broadcast) -> datetime:
    return broadcast.started_at or broadcast.starts_at or broadcast.created_at


def _audience(broadcast: Broadcast) -> str:
    audience = broadcast.audience
    who = "everyone who signed"
    if audience.news_only:
        who = "those who accepted other news"
    elif broadcast.kind is Kind.UPDATE:
        who = "those who chose messages about the petition"
    elif broadcast.kind is Kind.BREACH:
        who = "everyone who signed, also those who asked for silence"
    elif broadcast.kind is Kind.CORRECTION:
        who = "those who got the message that it corrects"
    return who if audience.language is None else f"{who} and reads {audience.language}"


def _reason(broadcast: Broadcast) -> Iterator[tuple[str, str]]:
    reason = broadcast.stop_reason or broadcast.pause_reason
    if reason is not None:
        yield "Because", _REASONS[reason].format(detail=broadcast.reason_detail)


def _moments(broadcast: Broadcast, words: Words) -> Iterator[tuple[str, str]]:
    named = (
        ("Confirmed", broadcast.created_at),
        ("Planned for", broadcast.starts_at),
        ("Began", broadcast.started_at),
        ("Ended", broadcast.ended_at),
    )
    for name, at in named:
        if at is not None:
            yield name, words.plain_moment(at)


def _counts(snapshot: BroadcastSnapshot, words: Words) -> Iterator[tuple[str, str]]:
    tally = snapshot.tally
    about = "" if snapshot.broadcast.is_enqueued else "about "
    yield "Recipients", about + words.number(snapshot.total)
    yield "Delivered", words.number(tally.delivered)
    yield "Unreachable", words.number(tally.unreachable)
    yield "Unconfirmed", words.number(tally.unconfirmed)
    if tally.rejected:
        yield "Rejected", words.number(tally.rejected)
    if tally.withdrawn:
        yield "Withdrawn", words.number(tally.withdrawn)
    if snapshot.not_told:
        yield "Not reached", f"{words.number(snapshot.not_told)}, to be told another way"
    if snapshot.left:
        # After a finished broadcast, only supporters who returned are left.
        ended = snapshot.broadcast.state in (BroadcastState.STOPPED, BroadcastState.CANCELLED)
        name = "Not told" if ended else "Left"
        yield name, words.number(snapshot.left)


def _recall(snapshot: BroadcastSnapshot, words: Words) -> Iterator[tuple[str, str]]:
    recall = snapshot.recall
    if recall is None:
        return
    yield "Recalled", f"{words.number(recall.deleted)} of {words.number(recall.total)}"
    if recall.failed:
        yield "Not recalled", words.number(recall.failed)
    if recall.open:
        over = snapshot.broadcast.recall_ended_at is not None
        yield "Not recorded" if over else "To recall", words.number(recall.open)
