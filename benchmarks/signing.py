"""Benchmark of a crowd that signs at once, from /start to the thanks."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final
from unittest.mock import patch

from benchmarks.benchmark import Benchmark, Report, bottleneck, percentile, spread
from benchmarks.occasion import Occasion
from benchmarks.people import Signed
from benchmarks.telegram import TOKEN, Busy, Sign, a_telegram
from bot.app import open_app
from bot.petition.petition import BUNDLED
from bot.settings import Settings, load_settings
from bot.transport import send_gate
from storage import Keyring

PEOPLE: Final = 200
LATENCY: Final = 0.03
# New messages a second, and at once: the gate's own limits, and limits that delay nobody.
_AS_IT_IS: Final = (send_gate._REPLY_RATE, send_gate._REPLY_BURST)
_UNPACED: Final = (1e6, 1_000_000)


@dataclass(slots=True)
class _Runs:
    """The figures of the runs at one pace: times in milliseconds, busy cores."""

    rates: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    late_answers: list[float] = field(default_factory=list)
    screens: list[float] = field(default_factory=list)
    late_screens: list[float] = field(default_factory=list)
    bot: list[float] = field(default_factory=list)
    telegram: list[float] = field(default_factory=list)

    def row(self, name: str) -> tuple[str, ...]:
        """Returns one row of the table."""
        return (
            name,
            spread(self.rates),
            spread(self.answers),
            spread(self.late_answers),
            spread(self.screens),
            spread(self.late_screens),
            spread(self.bot, 2),
            spread(self.telegram, 2),
        )


async def _run(occasion: Occasion) -> Report:
    unpaced, paced = _Runs(), _Runs()
    for _ in range(occasion.runs):
        await _measure(unpaced, _UNPACED)
    # Once is enough: the pace determines its time.
    await _measure(paced, _AS_IT_IS)
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
        (unpaced.row("none"), paced.row(f"{send_gate._REPLY_RATE:g} a second")),
        (
            "`answer` is from the tap to its answer, `screen` to the next screen; both hold the"
            " time that an update waits for those before it, since all people come at once.",
            f"Without a pace: {bottleneck(median(unpaced.bot), median(unpaced.telegram))}",
            "At its own pace the bot computes little: the first two messages of each person (the"
            " picture and the screen) come at their turn, and taps do not wait for them.",
        ),
    )


async def _measure(runs: _Runs, pace: tuple[float, int]) -> None:
    with tempfile.TemporaryDirectory() as folder, _paced(*pace):
        async with (
            a_telegram(LATENCY) as telegram,
            open_app(_settings(Path(folder), telegram.url)) as app,
        ):
            running = asyncio.create_task(app.run())
            busy, theirs = time.process_time(), await telegram.ask(Busy())
            signed: Signed = await telegram.ask(Sign(PEOPLE))
            runs.bot.append((time.process_time() - busy) / signed.seconds)
            runs.telegram.append((await telegram.ask(Busy()) - theirs) / signed.seconds)
            app.stop()
            await running
    runs.rates.append(signed.updates / signed.seconds)
    runs.answers.append(percentile(signed.answers, 0.5) * 1000)
    runs.late_answers.append(percentile(signed.answers, 0.99) * 1000)
    runs.screens.append(percentile(signed.screens, 0.5) * 1000)
    runs.late_screens.append(percentile(signed.screens, 0.99) * 1000)


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


SIGNING: Final = Benchmark(
    "signing",
    "A crowd signs",
    f"{PEOPLE} people come at once and sign, over HTTP with {LATENCY * 1000:.0f} ms for each"
    " call, on SQLite; the simulator has its flood limits off and a process of its own.",
    _run,
)
