"""Benchmark of an undeclared limit: the rate each client reaches, and its failures."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Final

from benchmarks.benchmark import Benchmark, Report
from benchmarks.bot_api.account import Shares
from benchmarks.bot_api.limit import Limit
from benchmarks.bot_api.process import FastApi, Weather, a_fast_api
from benchmarks.children import ChildFailed
from benchmarks.contenders import (
    AIOGRAM,
    GATHER,
    LIMITED,
    OURS,
    PATIENT,
    SEQUENTIAL,
    Attempt,
    Contender,
    Course,
    attempt,
)
from benchmarks.occasion import Occasion
from benchmarks.peers.environments import NoEnvironment
from benchmarks.rates import NEAR_ENOUGH, WINDOW_SECONDS, search
from benchmarks.signatories import FIRST_CHAT

LIMITS: Final = (30, 300)
# Seconds, for the bot only; peers that send one by one would not reach the limit with 30 ms.
LATENCIES: Final = (0.03, 0.0)
# The highest rate that can be set, so the limit must be found.
RATE: Final = 1_000.0
SECONDS: Final = 120
_QUICK_SECONDS: Final = 30
# A peer sends ten seconds' worth of messages, and is stopped after this many seconds.
_PEER_WORTH: Final = 10
_PEER_SECONDS: Final = 20.0
_PEERS: Final = (AIOGRAM, PATIENT, SEQUENTIAL, GATHER, LIMITED)

_Row = tuple[str, ...]


async def _run(occasion: Occasion) -> Report:
    cases = list(product(LIMITS, LATENCIES))
    for limit in LIMITS:
        async with occasion.petition(_worth(occasion, limit)):
            pass  # made now, so that the measurements below do not include it
    # In parallel: they compute little and mostly wait.
    ours = await asyncio.gather(*(_ours(occasion, *case) for case in cases))
    peers: list[_Row] = []
    async with a_fast_api() as api:
        for limit, contender in product(LIMITS, _PEERS):
            peers.append(await _peer(occasion, api, limit, contender))
    return Report(
        (
            "Limit, latency",
            "who",
            "recipients",
            "delivered/s",
            "found after",
            "kept",
            "429s",
            "marked as failed",
            "got nothing",
            "got it twice",
        ),
        (*ours, *peers),
        _NOTES,
    )


async def _ours(occasion: Occasion, limit: int, latency: float) -> _Row:
    course = Course(_worth(occasion, limit), _weather(limit, latency), RATE)
    async with a_fast_api() as api:
        one = await attempt(OURS, occasion, api, course)
        arrivals, refusals = await api.times()
        shares = await api.shares(FIRST_CHAT, course.people)
    found = search(arrivals, refusals, limit, one.seen.seconds)
    after = "not found" if found.found_after is None else f"{found.found_after:.0f} s"
    off = f"{found.mean / limit:.1%} of it, {found.worst:.0%} off at worst"
    refused = f"{one.seen.refused} ({found.refused_after} after that)"
    return _row(limit, latency, OURS, course, one, shares, (after, off, refused))


async def _peer(occasion: Occasion, api: FastApi, limit: int, contender: Contender) -> _Row:
    course = Course(limit * _PEER_WORTH, _weather(limit, 0.0), limit, _PEER_SECONDS)
    try:
        one = await attempt(contender, occasion, api, course)
    except (NoEnvironment, ChildFailed) as error:
        return (f"{limit}/s, 0 ms", contender.name, f"not run: {error}", *("" for _ in range(7)))
    shares = await api.shares(FIRST_CHAT, course.people)
    cut_off = "" if one.told.complete else f", cut off after {_PEER_SECONDS:.0f} s"
    looked = ("does not look", f"{one.rate / limit:.1%} of it{cut_off}", f"{one.seen.refused:,}")
    return _row(limit, 0.0, contender, course, one, shares, looked)


def _row(
    limit: int,
    latency: float,
    who: Contender,
    course: Course,
    one: Attempt,
    shares: Shares,
    search: tuple[str, str, str],
) -> _Row:
    return (
        f"{limit}/s, {latency * 1000:.0f} ms",
        who.name,
        f"{course.people:,}",
        f"{one.rate:.1f}",
        *search,
        f"{one.told.failed:,}",
        f"{shares.lost:,}",
        f"{shares.repeated:,}",
    )


def _worth(occasion: Occasion, limit: int) -> int:
    return limit * (_QUICK_SECONDS if occasion.quick else SECONDS)


def _weather(limit: int, latency: float) -> Weather:
    return Weather(latency, Limit(limit, limit))


_NOTES: Final = (
    f"The bot is set to {RATE:,.0f} a second, so it has to find the limit: it is found when from"
    f" there on no {WINDOW_SECONDS} seconds are more than {NEAR_ENOUGH:.0%} off. `kept` is the"
    " mean from there on, and the worst such window.",
    "The limit is a bucket with a second's worth in it; once it is empty nothing is let through"
    " for two seconds, and every 429 tells the whole seconds that are left of them.",
    "`marked as failed` is what each believes at the end; who got nothing and who got it twice"
    " is counted by the server.",
)

LIMITS_UNKNOWN: Final = Benchmark(
    "limits",
    "Against a limit that is not known",
    "The server refuses more than so many a second, and nobody told the client. The bot sends"
    f" for about {SECONDS} seconds, its peers what fills {_PEER_WORTH}.",
    _run,
    "`python -m benchmarks.bot_api --limit 30 --burst 30` is the server.",
)
