"""Each alert fires when it should and never while all is well, as Prometheus itself reads them.

Its promtool comes with Debian: `apt-get install prometheus`.
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bot.monitoring.readiness import CHECKS, RunState
from tests.monitoring.asked import ask, monitored
from tests.support.programs import found
from tests.support.scene import a_scene

PROMETHEUS = Path(__file__).parent.parent.parent / "deploy/prometheus"
OWN = 'job="petition-bot",instance="a"'
OTHER = OWN.replace('"a"', '"b"')
STEP, STEPS = 30, 400  # seconds, and how many of them
ALWAYS = f"x{STEPS}"


def metric(name: str, **labels: str) -> str:
    given = "".join(f',{label}="{value}"' for label, value in labels.items())
    return f"petition_bot_{name}{{{OWN}{given}}}"


def failing(check: str) -> str:
    return metric("check_failing", check=check)


PENDING = metric("deliveries", state="pending")
BACKED_UP = metric("last_backup_timestamp_seconds")
WELL = {
    f"up{{{OWN}}}": f"1{ALWAYS}",
    f"up{{{OTHER}}}": f"1{ALWAYS}",
    metric("lease_held"): f"1{ALWAYS}",
    f"petition_bot_lease_held{{{OTHER}}}": f"0{ALWAYS}",
    **{failing(check): f"0{ALWAYS}" for check in CHECKS},
    metric("updates_pending"): f"3{ALWAYS}",
    metric("updates_total", outcome="handled"): f"0+60{ALWAYS}",
    metric("updates_total", outcome="passed_over"): f"2{ALWAYS}",
    metric("update_seconds_bucket", le="0.5"): f"0+60{ALWAYS}",
    metric("update_seconds_bucket", le="30.0"): f"0+60{ALWAYS}",
    metric("update_seconds_bucket", le="+Inf"): f"0+60{ALWAYS}",
    metric("signatures"): f"100+1{ALWAYS}",
    metric("broadcast_state", state="running"): f"1{ALWAYS}",
    metric("broadcast_state", state="paused"): f"0{ALWAYS}",
    PENDING: f"90000-10{ALWAYS}",
    BACKED_UP: f"0{ALWAYS}",
}
# What is otherwise than well, from the beginning; and after how many minutes the alert fires.
FIRES: Mapping[str, tuple[Mapping[str, str], int]] = {
    "PetitionBotDown": ({f"up{{{OTHER}}}": f"0{ALWAYS}"}, 1),
    "PetitionBotNobodyAnswers": ({metric("lease_held"): f"0{ALWAYS}"}, 1),
    "PetitionBotDatabaseAway": ({failing("database"): f"1{ALWAYS}"}, 1),
    "PetitionBotStandbyMissing": ({failing("standby"): f"1{ALWAYS}"}, 1),
    "PetitionBotNoStandby": ({failing("no_standby"): f"1{ALWAYS}"}, 5),
    "PetitionBotTelegramAway": ({failing("telegram"): f"1{ALWAYS}"}, 5),
    "PetitionBotTokenUnknown": ({failing("token"): f"1{ALWAYS}"}, 2),
    "PetitionBotPeopleWait": ({metric("updates_pending"): f"1500{ALWAYS}"}, 5),
    "PetitionBotUpdatesFail": (
        {metric("updates_total", outcome="passed_over"): f"0x20 1{ALWAYS}"},
        11,
    ),
    "PetitionBotBroadcastStuck": ({PENDING: f"90000{ALWAYS}"}, 11),
    "PetitionBotBackupOld": ({BACKED_UP: f"-700000{ALWAYS}"}, 60),
}
ALSO_FIRES: Mapping[str, tuple[Mapping[str, str], int]] = {
    "PetitionBotDatabaseAway": ({failing("schema"): f"1{ALWAYS}"}, 1),
    "PetitionBotTelegramAway": ({failing("webhook"): f"1{ALWAYS}"}, 5),
    "PetitionBotPeopleWait": ({metric("update_seconds_bucket", le="0.5"): f"0+40{ALWAYS}"}, 6),
    "PetitionBotBroadcastStuck": ({metric("broadcast_state", state="paused"): f"1{ALWAYS}"}, 10),
    "PetitionBotBackupOld": ({BACKED_UP: f"_{ALWAYS}"}, 60),
}


def promtool(*arguments: str | Path, told: str | None = None) -> None:
    done = subprocess.run(  # noqa: S603 - the test's own command
        [found("promtool"), *map(str, arguments)],
        input=told, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def fires(alert: str | None, changed: Mapping[str, str], minutes: int) -> dict[str, object]:
    """A test of promtool's that one alert fires, and no other."""
    series = [{"series": name, "values": values} for name, values in {**WELL, **changed}.items()]
    sample = {"labels": f'{{alertname="{alert}"}}', "value": 1}
    return {
        "interval": f"{STEP}s",
        "name": f"{alert} after {minutes} minutes",
        "input_series": series,
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{minutes}m",
                "exp_samples": [sample] if alert else [],
            }
        ],
    }


def test_each_alert_fires_when_it_should_and_none_while_all_is_well(tmp_path: Path) -> None:
    given = [*FIRES.items(), *ALSO_FIRES.items()]
    tests = [fires(None, {}, minutes) for minutes in (5, 60, 180)]
    for alert, (changed, minutes) in given:
        tests += [fires(alert, changed, minutes), fires(None, changed, minutes - 1)]
    file = tmp_path / "alerts_test.yaml"
    rules = str(PROMETHEUS / "alerts.yaml")
    file.write_text(
        json.dumps({"rule_files": [rules], "evaluation_interval": "30s", "tests": tests})
    )
    promtool("test", "rules", file)
    text = (PROMETHEUS / "alerts.yaml").read_text("utf-8")
    assert [each for each in FIRES if f"alert: {each}\n" not in text] == []
    assert text.count("alert: ") == len(FIRES)


async def test_prometheus_has_no_complaint_about_the_metrics(tmp_path: Path) -> None:
    async with (
        a_scene(tmp_path) as scene,
        monitored(RunState(scene.app), scene.settings.database_url) as address,
    ):
        said = (await ask(address, "/metrics")).text
    promtool("check", "metrics", told=said)
