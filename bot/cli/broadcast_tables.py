"""What the commands `list` and `show` print."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

from rich.console import Console
from rich.live import Live

from bot.cli.broadcast_details import account_lines, table_of
from bot.cli.broadcast_follow import Data, Display, Lines, LiveBar, follow
from bot.cli.broadcast_selection import pick
from bot.cli.broadcast_snapshot import BroadcastSnapshot, as_data, read_account
from bot.cli.context import CliContext

# The width for a file or a pipe, where lines should not wrap.
_WIDE = 200


async def list_broadcasts(desk: CliContext, out: Console, *, limit: int, as_json: bool) -> None:
    """Prints a line for each broadcast, newest first."""
    found = await desk.storage.broadcasts.history(limit=limit)
    accounts = [await read_account(desk, broadcast) for broadcast in found]
    if as_json:
        _print_data(out, [as_data(account) for account in accounts])
    elif accounts:
        paper = out if out.is_terminal else Console(file=out.file, width=_WIDE)
        paper.print(table_of(accounts, desk.words))
    else:
        out.print("There is no broadcast yet.")


async def show_broadcast(
    desk: CliContext, out: Console, wanted: str | None, *, as_json: bool
) -> None:
    """Prints the details of one broadcast."""
    broadcast = await pick(desk.storage.broadcasts, wanted, or_latest=True)
    account = await read_account(desk, broadcast)
    if as_json:
        _print_data(out, as_data(account))
    else:
        _print_account(out, account, desk)


async def follow_broadcast(
    desk: CliContext, out: Console, wanted: str | None, *, seconds: float, as_json: bool
) -> None:
    """Shows the progress of a broadcast until it has ended, and then its details."""
    broadcast = await pick(desk.storage.broadcasts, wanted, or_latest=True)
    with ExitStack() as stack:
        screen = _screen(desk, out, stack, as_json=as_json)
        account = await follow(lambda: read_account(desk, broadcast), screen, desk.clock, seconds)
    if not as_json:
        _print_account(out, account, desk)


def _screen(desk: CliContext, out: Console, stack: ExitStack, *, as_json: bool) -> Display:
    if as_json:
        return Data(lambda data: _print_data(out, data))
    if out.is_terminal:
        live = Live(console=out, auto_refresh=False)
        return LiveBar(stack.enter_context(live), desk.words)
    return Lines(out, desk.words, desk.clock)


def _print_account(out: Console, account: BroadcastSnapshot, desk: CliContext) -> None:
    for line in account_lines(account, desk.words):
        out.print(line, markup=False, soft_wrap=True)


def _print_data(out: Console, data: Any) -> None:
    out.print(json.dumps(data, ensure_ascii=False), markup=False, soft_wrap=True)
    out.file.flush()
