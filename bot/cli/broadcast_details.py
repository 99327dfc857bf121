"""Broadcasts as text: the table of all, and the details of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.table import Table

from bot.broadcast.stop_reasons import StopReason, parse_reason
from bot.cli.broadcast_selection import short_ids
from bot.cli.broadcast_snapshot import BroadcastSnapshot
from bot.text.translations import Words
from storage import Broadcast, Kind

_KINDS: Final = {
    Kind.CLOSING: "closing update",
    Kind.UPDATE: "message about the petition",
    Kind.NEWS: "other news",
}
# The width of the column of names: the longest name and two spaces.
_NAMES: Final = len("Not recalled") + 2
_CAUSES: Final = {
    StopReason.CONTENT: "Telegram does not accept the message: {said}",
    StopReason.UNREADABLE: "the key does not open the chats of those who signed",
    StopReason.LATE: "its time passed while no bot was running; resume or cancel it",
    StopReason.FORMER: "whoever planned it is no longer an admin; resume or cancel it",
    StopReason.DECLINED: "another admin did not approve it",
    StopReason.UNAPPROVED: "no other admin approved it within a day",
    StopReason.OPEN: "the petition was open when its time came",
    StopReason.DEFECT: "a mistake of the program ({said}); the log says where",
    StopReason.UNRECORDED: (
        "what became of a message could not be written down ({said}); the log says why; resume "
        "it once that is mended"
    ),
    StopReason.NOBODY: (
        "not one of the first {said} people could be reached; see that the token is that of the "
        "bot they signed with, and resume it"
    ),
    StopReason.DENIED: (
        "Telegram, or the server in between, denied every message for a minute ({said}); see what "
        "stands at PETITION_API_URL, and resume it"
    ),
    StopReason.OTHER: "{said}",
}


def kind_of(broadcast: Broadcast) -> str:
    """Returns the kind of a broadcast in words."""
    return _KINDS[broadcast.kind]


def name_of(broadcast: Broadcast) -> str:
    """Returns the name of a broadcast in a sentence: its kind and its short id."""
    return f"the {kind_of(broadcast)} {short_ids([broadcast])[broadcast.id]}"


def capitalised(sentence: str) -> str:
    """Returns the sentence with its first letter in upper case and the rest unchanged."""
    return sentence[:1].upper() + sentence[1:]


def table_of(accounts: Sequence[BroadcastSnapshot], words: Words) -> Table:
    """Returns a table with a row for each; long cells wrap, but ids are never cut."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    ids = short_ids([account.broadcast for account in accounts])
    table.add_column("ID", no_wrap=True, min_width=max(len(each) for each in ids.values()))
    for heading in ("Kind", "State", "When"):
        table.add_column(heading, overflow="fold")
    for heading in ("People", "Delivered", "Unreachable", "Left"):
        table.add_column(heading, overflow="fold", justify="right")
    for account in accounts:
        broadcast, tally = account.broadcast, account.tally
        counts = (account.total, tally.delivered, tally.unreachable, account.left)
        when = _when(broadcast).astimezone(words.zone)
        table.add_row(
            ids[broadcast.id],
            broadcast.kind.value,
            broadcast.state,
            f"{when:%Y-%m-%d %H:%M}",
            *(words.number(count) for count in counts),
        )
    return table


def account_lines(account: BroadcastSnapshot, words: Words) -> list[str]:
    """Returns the details of one broadcast, a heading and a line for each."""
    broadcast = account.broadcast
    facts = [
        ("Id", broadcast.id.hex()),
        ("State", state_of(account)),
        *_reason(broadcast),
        ("To", _audience(broadcast)),
        *_moments(broadcast, words),
        *_counts(account, words),
        *_recall(account, words),
    ]
    heading = capitalised(kind_of(broadcast)) + (", paid" if broadcast.paid else "")
    return [heading, *(f"  {name:<{_NAMES}}{value}" for name, value in facts)]


def state_of(account: BroadcastSnapshot) -> str:
    """Returns the state, and what it waits for: an admin or a running bot."""
    state = account.broadcast.state
    if account.broadcast.awaits_approval:
        return f"{state}, waits for another admin's approval"
    waits = state == "running" or account.broadcast.is_recalling
    if waits and not account.attended:
        return f"{state}, waits for the bot; if that is not running, petition-bot run goes on"
    return state


def _when(broadcast: Broadcast) -> datetime:
    return broadcast.started_at or broadcast.starts_at or broadcast.created_at


def _audience(broadcast: Broadcast) -> str:
    audience = broadcast.audience
    who = "those who accepted other news" if audience.news_only else "everyone who signed"
    return who if audience.language is None else f"{who} and reads {audience.language}"


def _reason(broadcast: Broadcast) -> Iterator[tuple[str, str]]:
    if broadcast.stop_reason:
        cause, said = parse_reason(broadcast.stop_reason)
        yield "Because", _CAUSES[cause].format(said=said)


def _moments(broadcast: Broadcast, words: Words) -> Iterator[tuple[str, str]]:
    named = (
        ("Confirmed", broadcast.created_at),
        ("Planned for", broadcast.starts_at),
        ("Began", broadcast.started_at),
        ("Ended", broadcast.ended_at),
    )
    for name, at in named:
        if at is not None:
            yield name, words.moment(at)


def _counts(account: BroadcastSnapshot, words: Words) -> Iterator[tuple[str, str]]:
    tally = account.tally
    about = "" if account.broadcast.queued else "about "
    yield "Recipients", about + words.number(account.total)
    yield "Delivered", words.number(tally.delivered)
    yield "Unreachable", words.number(tally.unreachable)
    yield "Unconfirmed", words.number(tally.unknown)
    if tally.rejected:
        yield "Rejected", words.number(tally.rejected)
    if tally.withdrawn:
        yield "Withdrawn", words.number(tally.withdrawn)
    if account.left:
        # After a finished broadcast, only supporters who returned are left.
        ended = account.broadcast.state in ("stopped", "cancelled")
        name = "Not told" if ended else "Left"
        yield name, words.number(account.left)


def _recall(account: BroadcastSnapshot, words: Words) -> Iterator[tuple[str, str]]:
    recall = account.recall
    if recall is None:
        return
    yield "Recalled", f"{words.number(recall.deleted)} of {words.number(recall.total)}"
    if recall.failed:
        yield "Not recalled", words.number(recall.failed)
    if recall.open:
        over = account.broadcast.recall_ended_at is not None
        yield "Not recorded" if over else "To recall", words.number(recall.open)
