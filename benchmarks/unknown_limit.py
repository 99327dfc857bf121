"""Benchmark of an undeclared limit: the rate each client reaches, and its failures."""

import asyncio
from itertools import product

from benchmarks.benchmark import Benchmark, Report
from benchmarks.bot_api_process import BotApiProcess, running_bot_api
from benchmarks.child_process import ChildFailed
from benchmarks.clients import (
    AIOGRAM,
    GATHER,
    LIMITED,
    PATIENT,
    SEQUENTIAL,
    THIS_BOT,
    Attempt,
    Client,
    Task,
    attempt,
)
from benchmarks.peers.environments import NoEnvironment
from benchmarks.rates import NEAR_ENOUGH, WINDOW_SECONDS, search
from benchmarks.run_options import RunOptions
from benchmarks.signed_database import FIRST_CHAT
from tests.support.bot_api.message_counts import RecipientCounts
from tests.support.bot_api.server import Behavior

LIMITS = (30, 300)
# Seconds, for the bot only; peers that send one by one would not reach the limit with 30 ms.
LATENCIES = (0.03, 0.0)
# The highest rate that can be set, so the limit must be found.
RATE = 1_000.0
SECONDS = 120
_QUICK_SECONDS = 30
# A peer sends ten seconds' worth of messages, and is stopped after this many seconds.
_PEER_WORTH = 10
_PEER_SECONDS = 20.0
_PEERS = (AIOGRAM, PATIENT, SEQUENTIAL, GATHER, LIMITED)


async def _run(options: RunOptions) -> Report:
    for limit in LIMITS:
        async with options.petition(_worth(options, limit)):
            pass  # made now, so that the measurements below do not include it
    # In parallel: they compute little and mostly wait.
    ours = await asyncio.gather(*(_ours(options, *case) for case in product(LIMITS, LATENCIES)))
    peers: list[tuple[str, ...]] = []
    async with running_bot_api() as api:
        for limit, client in product(LIMITS, _PEERS):
            peers.append(await _peer(options, api, limit, client))
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


async def _ours(options: RunOptions, limit: int, latency: float) -> tuple[str, ...]:
    task = Task(_worth(options, limit), _behavior(limit, latency), RATE)
    async with running_bot_api() as api:
        one = await attempt(THIS_BOT, options, api, task)
        arrivals, refusals = await api.times()
        shares = await api.recipients(FIRST_CHAT, task.people)
    found = search(arrivals, refusals, limit, one.summary.seconds)
    after = "not found" if found.found_after is None else f"{found.found_after:.0f} s"
    off = f"{found.mean / limit:.1%}, {found.worst:.0%} off at worst"
    refused = f"{one.summary.refused} ({found.refused_after} after)"
    return _row(task, THIS_BOT, one, shares, after, off, refused)


async def _peer(
    options: RunOptions, api: BotApiProcess, limit: int, client: Client
) -> tuple[str, ...]:
    task = Task(limit * _PEER_WORTH, _behavior(limit, 0.0), limit, _PEER_SECONDS)
    try:
        one = await attempt(client, options, api, task)
    except (NoEnvironment, ChildFailed) as error:
        return (_case(task), client.name, f"not run: {error}", *("" for _ in range(7)))
    shares = await api.recipients(FIRST_CHAT, task.people)
    cut_off = "" if one.report.complete else f", cut off after {_PEER_SECONDS:.0f} s"
    kept = f"{one.rate / limit:.1%}{cut_off}"
    refused = f"{one.summary.refused:,}"
    return _row(task, client, one, shares, "–", kept, refused)


def _row(
    task: Task, who: Client, one: Attempt, shares: RecipientCounts, *search: str
) -> tuple[str, ...]:
    return (
        _case(task),
        who.name,
        f"{task.people:,}",
        f"{one.rate:.1f}",
        *search,
        f"{one.report.failed:,}",
        f"{shares.lost:,}",
        f"{shares.repeated:,}",
    )


def _case(task: Task) -> str:
    return f"{task.behavior.limit:g}/s, {task.behavior.latency * 1000:.0f} ms"


def _worth(options: RunOptions, limit: int) -> int:
    return limit * (_QUICK_SECONDS if options.quick else SECONDS)


def _behavior(limit: int, latency: float) -> Behavior:
    return Behavior(latency, limit, limit)


_NOTES = (
    f"The bot is set to {RATE:,.0f} a second. The limit is found when from there on no"
    f" {WINDOW_SECONDS} seconds are more than {NEAR_ENOUGH:.0%} off; `kept` is the mean from there"
    " on. It is a bucket with a second's worth in it; once that is empty, nothing is let through"
    " for two seconds. `marked as failed` is what each client believes, the rest what the server"
    " counted.",
)

UNKNOWN_LIMIT = Benchmark(
    "limits",
    "Against a limit that is not known",
    "The server has a limit that nobody told the client. The bot sends for about"
    f" {SECONDS} seconds, its peers what fills {_PEER_WORTH}.",
    _run,
)
