"""Benchmarks of a crowd that comes at once: its first screen, and the way to the thanks."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from benchmarks.benchmark import Benchmark, Report, row
from benchmarks.child_server import child_server
from benchmarks.run_options import RunOptions
from benchmarks.signing_people import (
    TOKEN,
    Signed,
    Started,
    cpu_seconds,
    people_sign,
    people_start,
    serve_simulator,
)
from bot.app import open_app
from bot.petition.petition import BUNDLED
from bot.settings import Settings, load_settings
from bot.transport import send_gate
from storage.keyring import Keyring
from tests.support.percentiles import percentile

PEOPLE = 200
NEWCOMERS = 100
LATENCY = 0.03
# New messages a second, and at once: the gate's own limits, and limits that delay nobody.
_AS_IT_IS = (send_gate._REPLY_RATE, send_gate._REPLY_BURST)
_UNPACED = (1e6, 1_000_000)


# In the order of the table: a rate, four times in milliseconds, and the busy cores of each side.
_DIGITS = (0, 0, 0, 0, 0, 2, 2)


async def _run(options: RunOptions) -> Report:
    unpaced = [await _measure(_UNPACED) for _ in range(options.runs)]
    # Once is enough: the pace determines its time.
    paced = [await _measure(_AS_IT_IS)]
    return Report(
        (
            "Pace of new messages",
            "updates/s",
            "answer p50 ms",
            "answer p99 ms",
            "screen p50 ms",
            "screen p99 ms",
            "bot cores",
            "simulator cores",
        ),
        (
            row("none", unpaced, _DIGITS),
            row(f"{send_gate._REPLY_RATE:g} a second", paced, _DIGITS),
        ),
        (
            "`answer` is from the tap to its answer, `screen` to the next screen; both hold the"
            " time that an update waits for those before it. Where neither process fills a core,"
            " computing is not the bottleneck.",
        ),
    )


async def _measure(pace: tuple[float, int]) -> tuple[float, ...]:
    with tempfile.TemporaryDirectory() as folder, _paced(*pace):
        async with (
            child_server(serve_simulator, LATENCY) as telegram,
            open_app(_settings(Path(folder), telegram.url)) as app,
        ):
            running = asyncio.create_task(app.run())
            busy, theirs = time.process_time(), await telegram.ask(cpu_seconds)
            signed: Signed = await telegram.ask(people_sign, PEOPLE)
            busy = time.process_time() - busy
            theirs = await telegram.ask(cpu_seconds) - theirs
            app.stop()
            await running
    waits = (signed.answers, signed.screens)
    return (
        signed.updates / signed.seconds,
        *(percentile(each, share) * 1000 for each in waits for share in (0.5, 0.99)),
        busy / signed.seconds,
        theirs / signed.seconds,
    )


async def _run_newcomers(options: RunOptions) -> Report:
    started = [await _start() for _ in range(options.runs)]
    figures = [
        (percentile(each.waits, 0.5), max(each.waits), each.pictures, each.refused)
        for each in started
    ]
    return Report(
        ("Who", "middle one, s", "last one, s", "got the picture", "429s"),
        (row("**this bot**", figures, (1, 1, 0, 0)),),
        (
            "From /start to a screen with buttons. Those who come while nobody waits get the"
            " picture too; for the others it would be one more of the 30 messages a second.",
        ),
    )


async def _start() -> Started:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            child_server(serve_simulator, LATENCY) as telegram,
            open_app(_settings(Path(folder), telegram.url)) as app,
        ):
            running = asyncio.create_task(app.run())
            started: Started = await telegram.ask(people_start, NEWCOMERS)
            app.stop()
            await running
    return started


@contextmanager
def _paced(rate: float, burst: int) -> Iterator[None]:
    """Replaces the gate's reply rate and burst; no setting allows values this high."""
    with (
        patch.object(send_gate, "_REPLY_RATE", rate),
        patch.object(send_gate, "_REPLY_BURST", burst),
    ):
        yield


def _settings(folder: Path, url: str) -> Settings:
    for part in ("data", "keys"):
        (folder / part).mkdir(mode=0o700)
    Keyring.generate(folder / "keys" / "petition.key")
    return load_settings(
        bot_token=TOKEN,
        admin_ids=frozenset({1}),
        database_url=f"sqlite+aiosqlite:///{folder / 'data' / 'petition.db'}",
        key_file=folder / "keys" / "petition.key",
        api_url=url,
        folder=BUNDLED,
    )


SIGNING = Benchmark(
    "signing",
    "A crowd signs",
    f"{PEOPLE} people come at once and sign, over HTTP with {LATENCY * 1000:.0f} ms for each"
    " call, on SQLite; the simulator has its flood limits off and a process of its own.",
    _run,
)

NEWCOMERS_AT_ONCE = Benchmark(
    "newcomers",
    "A hundred people come at once",
    f"{NEWCOMERS} people press Start at the same moment, over HTTP with {LATENCY * 1000:.0f} ms"
    " for each call, on SQLite; the simulator refuses more than 30 new messages a second.",
    _run_newcomers,
)
