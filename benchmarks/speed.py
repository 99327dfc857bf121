"""Benchmark of messages a second without a cap: this bot and its peers."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from statistics import median

from benchmarks.benchmark import Benchmark, Report, spread
from benchmarks.bot_api_process import BotApiProcess, running_bot_api
from benchmarks.child_process import ChildFailed
from benchmarks.clients import PEERS, RAW, THIS_BOT, Attempt, Client, Task, attempt
from benchmarks.peers.environments import NoEnvironment
from benchmarks.run_options import RunOptions
from tests.support.bot_api.server import Behavior

LATENCIES = (0.03, 0.0)
_ALL = (THIS_BOT, *PEERS, RAW)

_Found = Mapping[tuple[float, Client], Sequence[Attempt]]


async def _run(options: RunOptions) -> Report:
    found: dict[tuple[float, Client], list[Attempt]] = defaultdict(list)
    missing: dict[Client, str] = {}
    async with running_bot_api() as api:
        # Interleaved, so that a slow moment of the machine affects all.
        for _, latency, client in product(range(options.runs), LATENCIES, _ALL):
            if client in missing:
                continue
            try:
                found[latency, client].append(await _one(options, api, latency, client))
            except (NoEnvironment, ChildFailed) as error:
                missing[client] = str(error)
    reasons = tuple(f"{who.name} could not be run: {why}" for who, why in missing.items())
    return Report(
        (
            "Latency",
            "who",
            "recipients",
            "messages/s",
            "to the best peer",
            "client cores",
            "marked as sent",
        ),
        tuple(_rows(found)),
        (*_NOTES, *reasons),
    )


async def _one(options: RunOptions, api: BotApiProcess, latency: float, client: Client) -> Attempt:
    people = _people(client, latency) // (5 if options.quick else 1)
    return await attempt(client, options, api, Task(people, Behavior(latency)))


def _people(client: Client, latency: float) -> int:
    """Returns enough recipients for a few seconds of each client.

    A client that rewrites a file for every message also gets a shorter file that way.
    """
    if client is THIS_BOT:
        return 20_000
    if client is RAW:
        return 50_000
    if client.one_by_one:
        return 150 if latency else 1_000
    return 600


def _rows(found: _Found) -> Iterator[tuple[str, ...]]:
    for latency, client in product(LATENCIES, _ALL):
        attempts = found.get((latency, client), ())
        if not attempts:
            yield (_told(latency), client.name, *("not run" for _ in range(5)))
            continue
        yield (
            _told(latency),
            client.name,
            f"{attempts[0].report.delivered + attempts[0].report.failed:,}",
            spread([each.rate for each in attempts]),
            "" if client is RAW else _ratio(found, latency, attempts),
            spread([each.cores for each in attempts], 2),
            client.marks,
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


_NOTES = (
    "From the first arrival until the last message was marked. The rates of bot and rate limiter"
    " are set beyond what the machine can send. `gather` has 256 connections and no time-outs, as"
    " with its defaults most of its calls fail. The last row is a client of raw sockets: what no"
    " client can exceed.",
)

SPEED = Benchmark(
    "speed",
    "Messages a second, without a cap",
    "A text to everyone, over HTTP, with 30 ms for each call and with none. Client and server"
    " have a core each.",
    _run,
)
