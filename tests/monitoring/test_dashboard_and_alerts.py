"""The dashboard and the alerts ask for metrics that the bot has, and say what to do."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.monitoring.readiness import RunState
from storage.admins import add_audit
from tests.monitoring.asked import ask, monitored
from tests.support.scene import a_scene

ROOT = Path(__file__).parent.parent.parent
DASHBOARD = ROOT / "deploy/grafana/petition-bot.json"
ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
# A metric, and what is asked of its labels.
_ASKED = re.compile(r"\b((?:petition_bot|process)_\w+)(?:\{([^}]*)\})?")
_LABEL = re.compile(r'(\w+)!?=~?"([^"]*)"')
# Prometheus adds it to all that it asks for.
_ADDED = {"job"}


def expressions() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from re.findall(r"expr: (?:>-\n)?((?:.+\n)+?) {8}\w+:", ALERTS.read_text("utf-8"))


async def test_every_metric_and_label_that_is_asked_for_is_one_of_the_bots(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.signs(scene.ana)
        await scene.closes()
        await scene.broadcasts(1)
        await scene.storage.write(add_audit, "backup", actor=None, at=datetime.now(UTC))
        async with monitored(RunState(scene.app), scene.settings.database_url) as address:
            exported = (await ask(address, "/metrics")).metrics
    names = {each.partition(" ")[0] for each in exported}
    labels = {(name, each) for name, *rest in map(str.split, exported) for each in rest}
    asked = [found for each in expressions() for found in _ASKED.finditer(each)]
    assert len(asked) > 25
    assert {found[1] for found in asked} - names == set()
    asked_labels = {
        (found[1], f"{label}={each}")
        for found in asked
        for label, value in _LABEL.findall(found[2] or "")
        if label not in _ADDED
        for each in value.split("|")
    }
    assert asked_labels - labels == set()


def test_every_alert_has_its_place_in_the_operators_page() -> None:
    alerts = ALERTS.read_text("utf-8")
    runbooks = re.findall(r'runbook: "docs/operating.md#([\w-]+)"', alerts)
    assert len(runbooks) == alerts.count("alert: ") == len(set(runbooks))
    page = (ROOT / "docs/operating.md").read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
    assert set(runbooks) - anchors == set()
