"""Benchmark of sending at a set rate: how much of it is reached, and how many 429s come."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final

from benchmarks.benchmark import Benchmark, Report, spread
from benchmarks.bot_api.limit import Limit
from benchmarks.bot_api.process import Weather, a_fast_api
from benchmarks.children import ChildFailed
from benchmarks.contenders import LIMITED, OURS, Attempt, Contender, Course, attempt
from benchmarks.occasion import Occasion
from benchmarks.peers.environments import NoEnvironment
from benchmarks.rates import busiest_second, steady_rate

LATENCY: Final = 0.03
SECONDS: Final = 20
_QUICK_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class _Case:
    """One contender at one rate, in messages a second."""

    contender: Contender
    rate: int


_CASES: Final = (_Case(OURS, 1_000), _Case(OURS, 30), _Case(LIMITED, 30))


async def _run(occasion: Occasion) -> Report:
    rows, notes = [], list(_NOTES)
    async with a_fast_api() as api:
        for case in _CASES:
            seconds = _QUICK_SECONDS if occasion.quick else SECONDS
            weather = Weather(LATENCY, Limit(case.rate, case.rate))
            course = Course(case.rate * seconds, weather, case.rate)
            try:
                runs = []
                for _ in range(occasion.runs if case.rate > 30 else 1):
                    one = await attempt(case.contender, occasion, api, course)
                    runs.append((one, (await api.times())[0]))
                rows.append(_row(case, runs))
            except (NoEnvironment, ChildFailed) as error:
                notes.append(f"{case.contender.name} could not be run: {error}")
    return Report(
        ("Rate set", "who", "recipients", "reached", "busiest second", "429s", "client cores"),
        tuple(rows),
        tuple(notes),
    )


def _row(case: _Case, runs: list[tuple[Attempt, array[float]]]) -> tuple[str, ...]:
    first = runs[0][0].told
    return (
        f"{case.rate:,}/s",
        case.contender.name,
        f"{first.delivered + first.failed:,}",
        spread([steady_rate(arrivals) / case.rate for _, arrivals in runs], 3),
        spread([busiest_second(arrivals) for _, arrivals in runs]),
        str(sum(one.seen.refused for one, _ in runs)),
        spread([one.cores for one, _ in runs], 3),
    )


_NOTES: Final = (
    "`reached` is the share of the rate, from the first arrival to the last; `busiest second` is"
    " the most that arrived within any second, wherever it begins. The server lets exactly that"
    " rate through, with a second's worth at once.",
)

CAPPED: Final = Benchmark(
    "capped",
    "At a rate that is set",
    "The rate that Telegram sells, and the one it gives, with 30 ms for each call, against a"
    " server that refuses everything beyond exactly that rate.",
    _run,
    "`python -m benchmarks.bot_api --latency 30 --limit 1000 --burst 1000` is the server; it"
    " tells what arrived and what it refused when it is stopped. `top -p` shows the client's"
    " share of a core.",
)
