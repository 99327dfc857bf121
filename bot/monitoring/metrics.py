"""What a bot has counted, in the form that Prometheus reads; nothing in it is about one person.

Every number is read where the bot counts it anyway, when somebody asks for it. A new one goes
here, into `deploy/grafana` if it helps a tired person, and into `docs/running.md`.
"""

import asyncio
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot.app import App
from bot.intake.dispatcher import DURATION_BOUNDS
from bot.monitoring.readiness import CHECKS, Readiness, RunState
from storage import Storage
from storage.admins import last_done
from storage.broadcast_types import BroadcastState, DeliveryState
from storage.broadcasts import newest_tally
from storage.errors import StorageError
from storage.petitions import petition_state
from storage.transaction import Transaction

_PREFIX = "petition_bot_"
_READ_SECONDS = 2.0
# What counting costs the database: it is not counted again for so long, nor for fifty times as
# long as that took.
_COUNTED_AGAIN_SECONDS = 5.0
_SHARE = 50


class Metrics:
    """Answers what Prometheus asks for."""

    def __init__(self, readiness: Readiness, clock: Callable[[], float] = time.monotonic) -> None:
        self._readiness = readiness
        self._clock = clock
        self._stored: list[Metric] = []
        self._counted_again_at = -math.inf
        self._counting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._counting.set_result(None)

    async def answer(self) -> bytes:
        """Returns all metrics in Prometheus' text format."""
        problems, app = await self._readiness.problems(), self._readiness.state.app
        await self._count_if_due(app)
        found = [*_of_process(self._readiness.state, problems)]
        if app is not None:
            found += _of_app(app)
        if self._readiness.pending is not None:
            pending = self._readiness.pending
            found.append(_gauge("updates_pending", "Updates that wait at Telegram", pending))
        found += self._stored
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Found(found))
        return generate_latest(registry)

    async def _count_if_due(self, app: App | None) -> None:
        """Counts what is stored, or goes on with an earlier count if that takes long."""
        if app is None:
            self._stored = []
            return
        if self._counting.done() and self._clock() >= self._counted_again_at:
            self._counting = asyncio.ensure_future(self._count(app.services.storage))
        await asyncio.wait({self._counting}, timeout=_READ_SECONDS)

    async def _count(self, storage: Storage) -> None:
        begun = self._clock()
        try:
            self._stored = await storage.read(_of_database)
        except StorageError:
            self._stored = []
        else:
            now = self._clock()
            self._counted_again_at = now + max(_COUNTED_AGAIN_SECONDS, _SHARE * (now - begun))


@dataclass(eq=False)
class _Found(Collector):
    metrics: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        """Returns what was found, for one answer."""
        return self.metrics


def _of_process(state: RunState, problems: Collection[str]) -> Iterator[Metric]:
    app = state.app
    replica = "" if app is None else app.process_lock.holder
    about = {(version("petition-bot"), replica): 1}
    yield _gauges("info", "This process", "version replica", about)
    is_held = app is not None and app.services.lease.is_ours()
    yield _gauge("lease_held", "Whether this process is the one that sends", is_held)
    failing = {(each,): each in problems for each in CHECKS}
    yield _gauges("check_failing", "Whether a check of /readyz fails", "check", failing)


def _of_app(app: App) -> Iterator[Metric]:
    dispatch, gate = app.dispatch, app.services.gate
    others = app.process_lock.peers.others
    yield _gauge("replicas", "Processes that answer people, as this one knows", 1 + others)
    updates = {(name,): number for name, number in asdict(dispatch.counts).items()}
    yield _counters("updates", "Updates by what became of them", "outcome", updates)
    bounds = (*map(str, DURATION_BOUNDS), "+Inf")
    yield HistogramMetricFamily(
        _PREFIX + "update_seconds",
        "How long updates took, with their wait behind others of their chat",
        buckets=list(zip(bounds, accumulate(dispatch.durations), strict=True)),
        sum_value=dispatch.seconds,
    )
    yield _gauge("updates_in_progress", "Updates not finished", len(dispatch.in_progress))
    calls = {
        (method, "ok" if kind is None else kind.name.lower()): number
        for (method, kind), number in app.services.bot.client.calls.items()
    }
    yield _counters("calls", "Calls of Telegram", "method outcome", calls)
    rates = {("broadcast",): gate.rate, ("reply",): gate.reply_rate}
    yield _gauges("gate_rate", "New messages a second that may leave", "lane", rates)
    waiting = {(lane.name.lower(),): number for lane, number in gate.waiting.items()}
    yield _gauges("gate_waiting", "Calls that wait for their turn", "lane", waiting)
    pause = gate.announced_pause()
    yield _gauge("gate_pause_seconds", "For how long Telegram asks to send nothing", pause)


def _of_database(tx: Transaction) -> list[Metric]:
    found = [_gauge("signatures", "Signatures that count", petition_state(tx).signatures)]
    if (backup := last_done(tx, "backup")) is not None:
        about, made_at = "When the newest backup was made", backup.at.timestamp()
        found.append(_gauge("last_backup_timestamp_seconds", about, made_at))
    if (newest := newest_tally(tx)) is not None:
        state, tally = newest
        states = {(each.value,): each is state for each in BroadcastState}
        deliveries = {(each.value,): getattr(tally, each.value) for each in DeliveryState}
        found += [
            _gauges("broadcast_state", "How the newest broadcast stands", "state", states),
            _gauges("deliveries", "Deliveries of the newest broadcast", "state", deliveries),
        ]
    return found


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, about, value=value)


def _labelled(
    kind: type[GaugeMetricFamily | CounterMetricFamily],
    name: str,
    about: str,
    labels: str,
    values: Mapping[Any, float],
) -> Metric:
    family = kind(_PREFIX + name, about, labels=labels.split())
    for each, value in values.items():
        family.add_metric(each, value)
    return family


_gauges = partial(_labelled, GaugeMetricFamily)
_counters = partial(_labelled, CounterMetricFamily)
