"""Benchmark of messages a second without a cap: this bot and its peers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from statistics import median
from typing import Final

from benchmarks.benchmark import Benchmark, Report, spread
from benchmarks.bot_api.process import FastApi, Weather, a_fast_api
from benchmarks.children import ChildFailed
from benchmarks.contenders import OURS, PEERS, RAW, Attempt, Contender, Course, attempt
from benchmarks.occasion import Occasion
from benchmarks.peers.environments import NoEnvironment

LATENCIES: Final = (0.03, 0.0)
_ALL: Final = (OURS, *PEERS, RAW)

_Found = Mapping[tuple[float, Contender], Sequence[Attempt]]


async def _run(occasion: Occasion) -> Report:
    found: dict[tuple[float, Contender], list[Attempt]] = defaultdict(list)
    missing: dict[Contender, str] = {}
    async with a_fast_api() as api:
        # Interleaved, so that a slow moment of the machine affects all.
        for _, latency, contender in product(range(occasion.runs), LATENCIES, _ALL):
            if contender in missing:
                continue
            try:
                found[latency, contender].append(await _one(occasion, api, latency, contender))
            except (NoEnvironment, ChildFailed) as error:
                missing[contender] = str(error)
    reasons = tuple(f"{who.name} could not be run: {why}" for who, why in missing.items())
    return Report(
        (
            "Latency",
            "who",
            "recipients",
            "messages/s",
            "to the best peer",
            "client cores",
            "server cores",
            "marked as sent",
        ),
        tuple(_rows(found)),
        (*_NOTES, *reasons),
    )


async def _one(occasion: Occasion, api: FastApi, latency: float, contender: Contender) -> Attempt:
    people = _people(contender, latency) // (5 if occasion.quick else 1)
    return await attempt(contender, occasion, api, Course(people, Weather(latency)))


def _people(contender: Contender, latency: float) -> int:
    """Returns enough recipients for a few seconds of each contender.

    A contender that rewrites a file for every message also gets a shorter file that way.
    """
    if contender is OURS:
        return 20_000
    if contender is RAW:
        return 50_000
    if contender.one_by_one:
        return 150 if latency else 1_000
    return 600


def _rows(found: _Found) -> Iterator[tuple[str, ...]]:
    for latency, contender in product(LATENCIES, _ALL):
        attempts = found.get((latency, contender), ())
        if not attempts:
            yield (_told(latency), contender.name, *("not run" for _ in range(6)))
            continue
        yield (
            _told(latency),
            contender.name,
            f"{attempts[0].told.delivered + attempts[0].told.failed:,}",
            spread([each.rate for each in attempts]),
            "" if contender is RAW else _ratio(found, latency, attempts),
            spread([each.cores for each in attempts], 2),
            spread([each.server_cores for each in attempts], 2),
            contender.marks,
        )


def _ratio(found: _Found, latency: float, attempts: Sequence[Attempt]) -> str:
    """Returns the ratio to the peer with the best median, paired by run."""
    peers = [found[latency, peer] for peer in PEERS if found.get((latency, peer))]
    if not peers:
        return "no peer"
    best = max(peers, key=lambda runs: median(each.rate for each in runs))
    pairs = zip(attempts, best, strict=False)
    ratios = [mine.rate / theirs.rate for mine, theirs in pairs]
    return spread(ratios, 1 if median(ratios) >= 10 else 2)


def _told(latency: float) -> str:
    return f"{latency * 1000:.0f} ms"


_NOTES: Final = (
    "From the first arrival until the last message was marked, as far as each marks. No cap: the"
    " bot's rate is set beyond what the machine can send, the rate limiter's to none.",
    "`gather` has 256 connections and no time-outs: with python-telegram-bot's own defaults most"
    " of its calls fail while they wait for a connection.",
    "The last row is the same server under a client of raw sockets, with as many connections as"
    " the bot: what no client can exceed.",
)

SPEED: Final = Benchmark(
    "speed",
    "Messages a second, without a cap",
    "A text to everyone, over HTTP, with 30 ms for each call and with none. Client and server"
    " have a core each; a client's database and its thread are on the client's.",
    _run,
    "The peers are installed from `benchmarks/peers/*.lock` and run as `benchmarks/peers/*.py`,"
    " each a page long. `python -m benchmarks.bot_api --latency 30` is the server alone, for any"
    " client: `wrk -t1 -c400 -s benchmarks/bot_api/wrk.lua http://127.0.0.1:8081` shows its"
    " ceiling.",
)
