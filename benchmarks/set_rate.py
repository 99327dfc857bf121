"""Benchmark of sending at a set rate: how much of it is reached, and how many 429s come."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from benchmarks.benchmark import Benchmark, Report, spread
from benchmarks.bot_api_process import running_bot_api
from benchmarks.child_process import ChildFailed
from benchmarks.clients import LIMITED, THIS_BOT, Attempt, Client, Task, attempt
from benchmarks.peers.environments import NoEnvironment
from benchmarks.rates import steady_rate
from benchmarks.run_options import RunOptions
from tests.support.bot_api.message_counts import busiest_second
from tests.support.bot_api.server import Behavior

LATENCY = 0.03
SECONDS = 20
_QUICK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class _Case:
    """One client at one rate, in messages a second."""

    client: Client
    rate: int


_CASES = (_Case(THIS_BOT, 1_000), _Case(THIS_BOT, 30), _Case(LIMITED, 30))


async def _run(options: RunOptions) -> Report:
    rows, notes = [], list(_NOTES)
    async with running_bot_api() as api:
        for case in _CASES:
            seconds = _QUICK_SECONDS if options.quick else SECONDS
            behavior = Behavior(LATENCY, case.rate, case.rate)
            task = Task(case.rate * seconds, behavior, case.rate)
            try:
                runs = []
                for _ in range(options.runs if case.rate > 30 else 1):
                    one = await attempt(case.client, options, api, task)
                    runs.append((one, (await api.times())[0]))
                rows.append(_row(case, runs))
            except (NoEnvironment, ChildFailed) as error:
                notes.append(f"{case.client.name} could not be run: {error}")
    return Report(
        ("Rate set", "who", "recipients", "reached", "busiest second", "429s", "client cores"),
        tuple(rows),
        tuple(notes),
    )


def _row(case: _Case, runs: list[tuple[Attempt, array[float]]]) -> tuple[str, ...]:
    first = runs[0][0].report
    return (
        f"{case.rate:,}/s",
        case.client.name,
        f"{first.delivered + first.failed:,}",
        spread([steady_rate(arrivals) / case.rate for _, arrivals in runs], 3),
        spread([busiest_second(arrivals) for _, arrivals in runs]),
        str(sum(one.summary.refused for one, _ in runs)),
        spread([one.cores for one, _ in runs], 3),
    )


_NOTES = (
    "`reached` is the share of the rate, from the first arrival to the last; `busiest second` is"
    " the most that arrived within any second. The server lets a second's worth through at once.",
)

SET_RATE = Benchmark(
    "capped",
    "At a rate that is set",
    "The rate that Telegram sells, and the one it gives, 30 ms a call, against a server that"
    " refuses everything beyond it.",
    _run,
)
