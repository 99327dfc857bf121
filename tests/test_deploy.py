"""Tests that the service and the container allow the bot only what it needs, and that it runs.

Compose reads its own files where it is installed: `apt-get install docker-compose`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.cli.service import service_unit
from bot.console import CannotDo
from bot.petition_folder.edit import copy_template
from tests.support.api_client import TOKEN
from tests.support.programs import found

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
WORST_EXPOSURE = 2.0
ANALYZE = shutil.which("systemd-analyze")
PROGRAM = Path("/home/ana/live/bin/petition-bot")
SETTINGS = Path("/home/ana/.config/petition-bot/.env")
DATA = Path("/home/ana/.local/share/petition-bot/data")
WRITTEN = (DATA, Path("/home/ana/.config/petition-bot/keys"))
READ = (Path("/home/ana/live"), Path("/usr"), Path("/home/ana/mi petición"))
of_ana = partial(service_unit, SETTINGS, WRITTEN)


def directives(text: str) -> dict[str, list[str]]:
    """Its directives; one that stands there twice has two values."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.fixture(scope="module", autouse=True)
def _ana() -> Iterator[None]:
    """Ana asks for the unit, in a home where the program is hers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_name="ana"))
        patch.setattr("bot.cli.service._program", lambda: PROGRAM)
        yield


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    return directives(of_ana(READ))


# Each keeps something from whoever has taken over the process, or from whoever finds the disk.
YES = """
PrivateTmp NoNewPrivileges RestrictSUIDSGID PrivateUsers PrivateDevices PrivateIPC RemoveIPC
ProtectClock ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables
ProtectControlGroups RestrictNamespaces RestrictRealtime LockPersonality MemoryDenyWriteExecute
"""
KEPT = {
    **dict.fromkeys(YES.split(), "yes"),
    **dict.fromkeys(("CapabilityBoundingSet", "AmbientCapabilities"), ""),
    **dict.fromkeys(("LimitCORE", "MemorySwapMax"), "0"),
    "User": "ana",
    "UMask": "0077",
    "ProtectSystem": "strict",
    "ProtectHome": "tmpfs",
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "SystemCallArchitectures": "native",
    "SystemCallErrorNumber": "EPERM",
    # It reaches Telegram and a database on this machine.
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    # It is started again unless only a person can mend what is wrong.
    "Restart": "always",
    "RestartPreventExitStatus": "78",
}


def test_what_the_bot_has_no_use_for_is_kept_from_it(unit: dict[str, list[str]]) -> None:
    assert {name: unit.get(name) for name in KEPT} == {name: [each] for name, each in KEPT.items()}
    assert unit["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


def test_it_writes_its_data_and_sees_little_else_at_home(unit: dict[str, list[str]]) -> None:
    written = " ".join(map(str, WRITTEN))
    assert unit["ReadWritePaths"] == unit["BindPaths"] == [written]
    assert unit["BindReadOnlyPaths"] == [
        "/home/ana/live/bin/petition-bot /home/ana/.config/petition-bot/.env /home/ana/live"
        ' "/home/ana/mi petición"'
    ]
    assert unit["Environment"] == [f'"PETITION_ENV_FILE={SETTINGS}"']
    apart = directives(service_unit(Path("/srv/.env"), [Path("/srv/data")], []))
    assert (apart["BindPaths"], apart["BindReadOnlyPaths"]) == ([""], [str(PROGRAM)])


@pytest.mark.parametrize("name", ["100%", 'my "petition"', "cost$", "a:b", "back\\slash"])
def test_a_path_that_systemd_would_read_otherwise_is_refused(name: str) -> None:
    with pytest.raises(CannotDo, match="systemd"):
        of_ana([Path("/home/ana") / name])


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not here")
def test_systemd_reads_all_of_it_and_finds_little_that_it_could_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "petition-bot.service"
    # It wants a user and a program that are there.
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_name="root"))
    monkeypatch.setattr("bot.cli.service._program", lambda: Path(sys.executable))
    file.write_text(of_ana(READ), "utf-8")
    verified = _analyzed("verify", "--man=no", str(file))
    assert [line for line in verified.splitlines() if file.name in line] == []
    said = _analyzed("security", "--offline=true", "--no-pager", str(file))
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= WORST_EXPOSURE


def _analyzed(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - arguments of our own
        [str(ANALYZE), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_the_image_is_made_of_files_that_are_there_and_runs_as_nobody() -> None:
    container = (DEPLOY / "Containerfile").read_text("utf-8")
    sent = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", container, re.MULTILINE)
    for source in " ".join(copied).split():
        assert list(DEPLOY.parent.glob(source)), source
        assert f"!{source.partition('/')[0]}" in sent
    assert {"bot", "handlers", "simulator", "storage", "telegram_text"} <= set(copied)
    assert re.findall(r"^USER (.+)$", container, re.MULTILINE) == ["10001"]
    assert 'ENTRYPOINT ["petition-bot"]' in container
    assert "--require-hashes" in container


def test_the_container_may_do_as_little_as_the_service(unit: dict[str, list[str]]) -> None:
    compose = (DEPLOY / "compose.yaml").read_text("utf-8")
    for line in ("read_only: true", "- ALL", "- no-new-privileges:true", "core: 0"):
        assert line in compose
    assert f"stop_grace_period: {unit['TimeoutStopSec'][0]}s" in compose
    mounted = set(re.findall(r"- \w+:(/\w+)", compose))
    container = (DEPLOY / "Containerfile").read_text("utf-8")
    assert set(re.findall(r"XDG_\w+_HOME=(\S+)", container)) == mounted == {"/data", "/settings"}


def composed(file: str) -> dict[str, dict[str, Any]]:
    """The services of one of the files, as Compose understands them."""
    done = subprocess.run(  # noqa: S603 - arguments of our own
        [found("docker-compose"), "-f", DEPLOY / file, "config", "--format", "json"],
        env=os.environ | {"POSTGRES_PASSWORD": "x", "PETITION_HOST": "bot.example.org"},
        capture_output=True, check=True,
    )  # fmt: skip
    services: dict[str, dict[str, Any]] = json.loads(done.stdout)["services"]
    return services


def test_prometheus_reaches_the_metrics_of_each_replica_and_nobody_outside_does() -> None:
    services = composed("replicas.yaml")
    prometheus = services["prometheus"]
    (folder,) = (v for v in prometheus["volumes"] if v["source"] == str(DEPLOY / "prometheus"))
    (option,) = (o for o in prometheus["command"] if o.startswith("--config.file="))
    file = Path(option.partition("=")[2]).relative_to(folder["target"])
    asked = re.findall(r'"([^"]+)"', (DEPLOY / "prometheus" / file).read_text("utf-8"))
    serving, opened = {}, set()
    for name, each in services.items():
        settings = each.get("environment", {})
        host, _, port = settings.get("PETITION_METRICS_ADDRESS", "").partition(":")
        if port:
            serving[f"{name}:{port}"] = host
            assert each["networks"].keys() & prometheus["networks"].keys()
        if any(port.get("host_ip") != "127.0.0.1" for port in each.get("ports", ())):
            opened.add(name)
    assert serving == dict.fromkeys(asked, "0.0.0.0")  # noqa: S104 - of a container
    assert opened == {"caddy"}
    assert "9464" not in (DEPLOY / "Caddyfile").read_text("utf-8")


def test_the_databases_are_one_version_and_start_again_by_themselves() -> None:
    services = composed("replicas.yaml")
    for name in ("db1", "db2", "bot1", "bot2"):
        assert services[name]["restart"] == "unless-stopped"
        assert "depends_on" not in services[name], "it starts, and waits, while a database is gone"
    files = ("replicas.yaml", "patroni/patroni.yml", "../docs/operating.md")
    text = "".join((DEPLOY / file).read_text("utf-8") for file in files)
    versions = re.findall(r"(?:postgres:|PostgreSQL |/postgresql/)(\d+)", text)
    assert len(versions) >= 4
    assert len(set(versions)) == 1


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose bot was set up, with a person other than root in front of it."""
    config = tmp_path / "config" / "petition-bot"
    (config / "keys").mkdir(parents=True)
    (config / ".env").write_text(
        f"PETITION_BOT_TOKEN={TOKEN}\nPETITION_ADMIN_IDS=7\n"
        f"PETITION_KEY_FILE={config / 'keys' / 'petition.key'}\n"
    )
    (config / ".env").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    for kind in ("CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 1001)
    monkeypatch.setenv("LOGNAME", "root")
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["service", *arguments])


def test_the_unit_has_the_settings_and_paths_of_whoever_asks_and_no_token(home: Path) -> None:
    said = call().output
    written = directives(said)
    assert written["User"] == ["ana"]
    data = home / "data" / "petition-bot" / "data"
    assert data.is_dir(), "a folder that is not there cannot be given to the service"
    assert written["ReadWritePaths"] == [f"{data} {home}/config/petition-bot/keys"]
    assert written["WorkingDirectory"] == [str(data)]
    assert TOKEN not in said
    assert "systemctl enable --now petition-bot" in said


def test_the_service_uses_the_shells_proxy(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/organisation.pem")
    assert '"SSL_CERT_FILE=/etc/organisation.pem"' in directives(call().output)["Environment"]
    monkeypatch.setenv("HTTPS_PROXY", "http://ana:secret@127.0.0.1:3128")
    assert "PETITION_PROXY" in call().output
    assert "secret" not in call().output
    for proxy, code in (("", 1), ("none", 0)):
        with (home / "config" / "petition-bot" / ".env").open("a") as settings:
            settings.write(f"PETITION_PROXY={proxy}\n")
        assert call().exit_code == code


def test_a_service_with_other_settings_than_those_of_the_shell_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In lower case it is read too.
    monkeypatch.setenv("petition_database_url", "postgresql+asyncpg://ana:secret@127.0.0.1/bot")
    refused = call()
    assert refused.exit_code == 1
    assert "PETITION_DATABASE_URL" in refused.output
    assert "secret" not in refused.output
    # What says nothing, and where the settings are, is no other setting.
    monkeypatch.setenv("petition_database_url", "")
    settings = home / "config" / "petition-bot" / ".env"
    monkeypatch.setenv("PETITION_ENV_FILE", str(settings))
    assert call().exit_code == 0
    with settings.open("a") as file:
        file.write("PETITION_FOLDER=river\n")
    copy_template(home / "river", slug="river")
    relative = call()
    assert relative.exit_code == 1
    assert "Write the whole path of river" in relative.output
    monkeypatch.setenv("PETITION_FOLDER", str(home / "river"))
    assert "would not have this of this shell: PETITION_FOLDER" in call().output


def test_root_is_told_how_to_make_a_user(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    refused = call()
    assert refused.exit_code == 1
    assert "useradd --system" in refused.output
