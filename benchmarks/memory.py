"""Benchmark of peak memory by the number of recipients."""

from collections.abc import Iterator

from benchmarks.benchmark import Benchmark, Report
from benchmarks.bot_api_process import BotApiProcess, running_bot_api
from benchmarks.child_process import ChildFailed
from benchmarks.clients import AIOGRAM, LIMITED, SEQUENTIAL, THIS_BOT, Attempt, Client, Task
from benchmarks.clients import attempt as attempt_one
from benchmarks.peers.environments import NoEnvironment
from benchmarks.run_options import RunOptions
from tests.support.bot_api.server import Behavior

SIZES = (10_000, 100_000, 1_000_000)
_QUICK_SIZES = (5_000, 20_000)
PEER_SIZES = (10_000, 100_000)
# Peers hold everyone in memory from the start, so most of the peak is reached by then.
PEER_SECONDS = 10.0
# The limiter's default rate, which keeps the other messages waiting in memory.
_LIMITED_RATE = 30.0
# Five times Telegram's paid rate, but less than the machine can send, so that the number of
# deliveries claimed in advance is the same for few and many recipients.
_OUR_RATE = 5_000.0
_OUR_SECONDS = 1_800.0
_PEERS = (AIOGRAM, SEQUENTIAL, LIMITED)


async def _run(options: RunOptions) -> Report:
    rows: list[tuple[str, ...]] = []
    notes = list(_NOTES)
    async with running_bot_api() as api:
        sizes = _QUICK_SIZES if options.quick else SIZES
        runs = [await _one(THIS_BOT, options, api, size) for size in sizes]
        rows.extend(_rows(THIS_BOT, sizes, runs))
        for peer in _PEERS:
            sizes = _QUICK_SIZES if options.quick else PEER_SIZES
            try:
                runs = [await _one(peer, options, api, size) for size in sizes]
            except (NoEnvironment, ChildFailed) as error:
                notes.append(f"{peer.name} could not be run: {error}")
            else:
                rows.extend(_rows(peer, sizes, runs))
    return Report(
        ("Who", "recipients", "before, MB", "peak, MB", "more than with fewest, MB", "sent"),
        tuple(rows),
        tuple(notes),
    )


async def _one(client: Client, options: RunOptions, api: BotApiProcess, size: int) -> Attempt:
    seconds = _OUR_SECONDS if client is THIS_BOT else PEER_SECONDS
    rate = {THIS_BOT: _OUR_RATE, LIMITED: _LIMITED_RATE}.get(client, 0.0)
    task = Task(size, Behavior(), rate, seconds)
    return await attempt_one(client, options, api, task)


def _rows(
    client: Client, sizes: tuple[int, ...], runs: list[Attempt]
) -> Iterator[tuple[str, ...]]:
    for size, one in zip(sizes, runs, strict=True):
        more = (
            "" if one is runs[0] else f"{_megabytes(one.report.peak - runs[0].report.peak):+.1f}"
        )
        sent = "all" if one.report.complete else f"{one.summary.arrived:,} when cut off"
        yield (
            client.name,
            f"{size:,}",
            f"{_megabytes(one.report.base):.1f}",
            f"{_megabytes(one.report.peak):.1f}",
            more,
            sent,
        )


def _megabytes(kilobytes: int) -> float:
    return kilobytes / 1024


_NOTES = (
    "Resident memory of the whole process at its highest (`VmHWM`). Without latency; the bot at"
    f" {_OUR_RATE:,.0f} a second, its peers without a cap, each cut off after"
    f" {PEER_SECONDS:.0f} seconds. `gather` stands here with its rate limiter; without it, 20,000"
    " did not get that far within a minute.",
)

MEMORY = Benchmark(
    "memory",
    "Peak memory",
    "One broadcast to 10,000, to 100,000 and to 1,000,000 people, each by a process of its own.",
    _run,
)
