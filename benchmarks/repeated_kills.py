"""Benchmark of a bot killed repeatedly while it sends: messages lost and repeated."""

import time

from benchmarks.benchmark import Benchmark, Report
from benchmarks.run_options import RunOptions
from bot.broadcast.result_recorder import RECORD_SECONDS
from storage.migrate import migrate
from tests.support.bot_api.failing_server import FailingBehavior, failing_bot_api
from tests.support.bot_api.rate_limit import RateLimit
from tests.support.broadcast_kills import kill_repeatedly
from tests.support.petition_processes import chat_of, petition_processes

PEOPLE = 10_000
KILLS = 100
_QUICK_PEOPLE = 1_000
_QUICK_KILLS = 10
RATE = 1_000.0
LATENCY = 0.03


async def _run(options: RunOptions) -> Report:
    people, kills = (_QUICK_PEOPLE, _QUICK_KILLS) if options.quick else (PEOPLE, KILLS)
    async with failing_bot_api() as api:
        counts = api.begin(FailingBehavior(LATENCY, RateLimit(RATE, RATE)))
        with options.empty_folder() as folder, options.empty_folder() as apart:
            # The bot refuses to start with the key beside its data.
            url = f"sqlite+aiosqlite:///{folder / 'petition.db'}"
            await migrate(url)
            async with petition_processes(
                url, apart, api, people=people, rate=RATE, paid=True
            ) as petition:
                key, begun = await petition.start(), time.monotonic()
                tally, killed = await kill_repeatedly(petition, key, people, kills)
                seconds = time.monotonic() - begun
    recipients = counts.recipients(chat_of(1), people)
    return Report(
        (
            "Recipients",
            "kills",
            "lost",
            "repeated",
            "most in one chat",
            "in flight when killed",
            "in flight and unrecorded at most",
            "marked as delivered",
            "seconds",
        ),
        (
            (
                f"{people:,}",
                str(kills),
                str(recipients.lost),
                f"{recipients.repeated:,}",
                str(recipients.most),
                f"{counts.unheard:,}",
                f"{killed.bound(counts.unheard, RATE):,.0f}",
                f"{tally.delivered:,}",
                f"{seconds:.0f}",
            ),
        ),
        _NOTES,
    )


_NOTES = (
    f"`petition-bot run`, {RATE:,.0f} messages a second, {LATENCY * 1000:.0f} ms a call, SQLite;"
    " every life ends with SIGKILL at a random moment. `in flight when killed` is counted by the"
    f" server. Results are written at most {RECORD_SECONDS * 1000:.0f} ms late, and what arrived"
    " meanwhile may be repeated besides.",
)

REPEATED_KILLS = Benchmark(
    "kills",
    "Killed a hundred times",
    "A broadcast to 10,000 people by a process that is killed again and again meanwhile.",
    _run,
)
