"""Tests that the systemd service allows the bot only what it needs, and that the bot runs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parent.parent / "deploy" / "petition-bot.service"
WORST_EXPOSURE = 2.0
ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture(scope="module")
def text() -> str:
    return UNIT.read_text("utf-8")


@pytest.fixture(scope="module")
def unit(text: str) -> dict[str, list[str]]:
    """Its directives; one that stands there twice has two values."""
    directives: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        directives.setdefault(name, []).append(value)
    return directives


# Each keeps something from whoever has taken over the process, or from whoever finds the disk.
KEPT = {
    "User": "petition",
    "UMask": "0077",
    "StateDirectoryMode": "0700",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "LimitCORE": "0",
    "MemorySwapMax": "0",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "RestrictSUIDSGID": "yes",
    "PrivateUsers": "yes",
    "PrivateDevices": "yes",
    "PrivateIPC": "yes",
    "RemoveIPC": "yes",
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectControlGroups": "yes",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
}


@pytest.mark.parametrize(("name", "value"), KEPT.items())
def test_what_the_bot_has_no_use_for_is_kept_from_it(
    unit: dict[str, list[str]], name: str, value: str
) -> None:
    assert unit.get(name) == [value]


def test_system_calls_are_a_services_and_a_refused_one_does_not_kill(
    unit: dict[str, list[str]],
) -> None:
    assert unit["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert unit["SystemCallErrorNumber"] == ["EPERM"]


def test_it_reaches_telegram_and_a_database_on_this_machine(unit: dict[str, list[str]]) -> None:
    (families,) = unit["RestrictAddressFamilies"]
    assert set(families.split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}


def test_it_writes_its_data_and_beside_its_key_and_nowhere_else(
    text: str, unit: dict[str, list[str]]
) -> None:
    (key,) = re.findall(r"PETITION_KEY_FILE=(\S+)", text)
    (data,) = unit["WorkingDirectory"]
    assert unit["ReadWritePaths"] == [str(Path(key).parent)]
    assert unit["StateDirectory"] == [Path(data).name]
    assert not Path(key).is_relative_to(data)
    # What is made by hand is made with the same paths, and for nobody else.
    assert f"install -d -m 700 -o petition -g petition {Path(key).parent}\n" in text
    assert f"petition-bot keygen {key}\n" in text
    assert f"install -m 600 /dev/null {unit['EnvironmentFile'][0]}\n" in text


def test_nothing_of_it_lies_where_the_service_sees_nothing(text: str) -> None:
    paths = set(re.findall(r"(?<![\w:])/(?:[\w.-]+/)+[\w.-]+", text))
    assert {path for path in paths if path.startswith(("/home", "/root", "/run/user"))} == set()
    assert len(paths) > 5


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not here")
def test_systemd_finds_little_that_it_could_do() -> None:
    said = subprocess.run(  # noqa: S603 - arguments of our own
        [str(ANALYZE), "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= WORST_EXPOSURE
