"""Benchmarks of a crowd that comes at once: its first screen, and the way to the thanks."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from unittest.mock import patch

from benchmarks.benchmark import Benchmark, Report, row
from benchmarks.child_server import child_server
from benchmarks.peers.aiogram_signing import aiogram_petition
from benchmarks.run_options import RunOptions
from benchmarks.signing_people import (
    TOKEN,
    Screens,
    Signed,
    Started,
    cpu_seconds,
    people_sign,
    people_start,
    serve_simulator,
    signing_screens,
)
from benchmarks.this_bot import settle_down
from bot.app import open_app
from bot.petition.petition import BUNDLED
from bot.settings import Settings
from bot.transport import send_gate
from bot.transport.reply_rate import REPLY_BURST, REPLY_RATE
from storage.keyring import Keyring
from tests.support.percentiles import percentile

PEOPLE = 500
AT_ONCE = 100
NEWCOMERS = 100
LATENCY = 0.03
# New messages a second, and at once: the gate's own limits, and limits that delay nobody.
_AS_IT_IS = (REPLY_RATE, REPLY_BURST)
_UNPACED = (1e6, 1_000_000)
_PICTURE = BUNDLED / "card.es.png"

# Runs a bot in a folder, against a simulator's address.
_Run = Callable[[Path, str], AbstractAsyncContextManager[None]]

# In the order of the table: a rate, milliseconds of a core, four times in milliseconds, and the
# busy cores of the simulator.
_DIGITS = (0, 2, 0, 0, 0, 0, 2)


async def _run(options: RunOptions) -> Report:
    screens = await _screens()
    peer = partial(aiogram_petition, screens=screens, picture=_PICTURE)
    ours, theirs = [], []
    for _ in range(options.runs):
        ours.append(await _measure(_this_bot))
        theirs.append(await _measure(peer))
    # Once is enough: the pace determines its time.
    paced = [await _measure(_this_bot, _AS_IT_IS, people=AT_ONCE)]
    return Report(
        (
            "Who",
            "updates/s",
            "ms of a core for one",
            "answer p50 ms",
            "answer p99 ms",
            "screen p50 ms",
            "screen p99 ms",
            "simulator cores",
        ),
        (
            row("**this bot**", ours, _DIGITS),
            row(f"aiogram {version('aiogram')}", theirs, _DIGITS),
            row(f"**this bot**, {REPLY_RATE:g} messages a second", paced, _DIGITS),
        ),
        (
            "`answer` is from the tap to its answer, `screen` to the next screen; both hold the"
            " time that an update waits for those before it. The first two rows have no pace of"
            " new messages; the garbage collector is set for both as the bot sets it. aiogram"
            " makes the same calls, as its documentation writes a form: it"
            " acknowledges what it has not handled, keeps the form in memory and one row in clear"
            " for a signature, and checks no name, no stale button and no consent.",
        ),
    )


async def _measure(
    bot: _Run, pace: tuple[float, int] = _UNPACED, people: int = PEOPLE
) -> tuple[float, ...]:
    with tempfile.TemporaryDirectory() as folder, _paced(*pace):
        async with (
            child_server(serve_simulator, LATENCY) as telegram,
            bot(Path(folder), telegram.url),
        ):
            settle_down()
            busy, theirs = time.process_time(), await telegram.ask(cpu_seconds)
            signed: Signed = await telegram.ask(people_sign, people, AT_ONCE)
            busy = time.process_time() - busy
            theirs = await telegram.ask(cpu_seconds) - theirs
    waits = (signed.answers, signed.screens)
    return (
        signed.updates / signed.seconds,
        busy / signed.updates * 1000,
        *(percentile(each, share) * 1000 for each in waits for share in (0.5, 0.99)),
        theirs / signed.seconds,
    )


async def _screens() -> Screens:
    """Returns the screens that this bot shows, for a peer to show the same."""
    with tempfile.TemporaryDirectory() as folder, _paced(*_UNPACED):
        async with (
            child_server(serve_simulator, 0.0) as telegram,
            _this_bot(Path(folder), telegram.url),
        ):
            screens: Screens = await telegram.ask(signing_screens)
            return screens


@asynccontextmanager
async def _this_bot(folder: Path, url: str) -> AsyncIterator[None]:
    async with open_app(_settings(folder, url)) as app:
        running = asyncio.create_task(app.run())
        yield
        app.stop()
        await running


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
            _this_bot(Path(folder), telegram.url),
        ):
            started: Started = await telegram.ask(people_start, NEWCOMERS)
    return started


@contextmanager
def _paced(rate: float, burst: int) -> Iterator[None]:
    """Replaces the gate's reply rate and burst; no setting allows values this high."""
    with (
        patch.object(send_gate, "REPLY_RATE", rate),
        patch.object(send_gate, "REPLY_BURST", burst),
    ):
        yield


def _settings(folder: Path, url: str) -> Settings:
    for part in ("data", "keys"):
        (folder / part).mkdir(mode=0o700)
    Keyring.generate(folder / "keys" / "petition.key")
    return Settings.load(
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
    f"{PEOPLE} people sign, {AT_ONCE} of them at any time, over HTTP with {LATENCY * 1000:.0f} ms"
    " for each call, on SQLite; the simulator has its flood limits off and a process of its own.",
    _run,
)

NEWCOMERS_AT_ONCE = Benchmark(
    "newcomers",
    "A hundred people come at once",
    f"{NEWCOMERS} people press Start at the same moment, over HTTP with {LATENCY * 1000:.0f} ms"
    " for each call, on SQLite; the simulator refuses more than 30 new messages a second.",
    _run_newcomers,
)
