"""Each file of deploy/ is accepted by the program that it is for, or read or run by a test.

The programs come with Debian: `apt-get install caddy docker-compose haproxy prometheus`.
"""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.programs import found

ROOT = Path(__file__).parents[2]
ACCEPTED_BY = {
    "Caddyfile": "caddy validate --adapter caddyfile --config {}",
    "compose.yaml": "docker-compose -f {} config --quiet",
    "patroni/haproxy.cfg": "haproxy -c -f {}",
    "postgres_pair": "sh -n {}",
    "prometheus/alerts.yaml": "promtool check rules {}",
    "prometheus/prometheus.yaml": "promtool check config {}",
    "replicas.yaml": "docker-compose -f {} config --quiet",
    "try_container": "bash -n {}",
    "try_wheel": "bash -n {}",
}
READ_BY = {
    "Containerfile": "deploy/try_container",
    "Containerfile.dockerignore": "tests/test_deploy.py",
    "build.lock": "tests/test_packaging.py",
    "grafana/petition-bot.json": "tests/monitoring/test_dashboard_and_alerts.py",
    "live.lock": "tests/test_packaging.py",
    "patroni/patroni.yml": "tests/soak/test_patroni.py",
    "patroni/pgbouncer.ini": "tests/soak/test_failover.py",
    "pdf.lock": "tests/test_packaging.py",
    "postgres.lock": "tests/test_packaging.py",
}


@pytest.mark.parametrize("file", ACCEPTED_BY)
def test_the_program_that_a_file_is_for_accepts_it(file: str, tmp_path: Path) -> None:
    path = ROOT / "deploy" / file
    if file.endswith("haproxy.cfg"):  # it looks the names up
        path = tmp_path / "haproxy.cfg"
        text = (ROOT / "deploy" / file).read_text()
        path.write_text(text.replace("db1:", "127.0.0.1:").replace("db2:", "127.0.0.2:"))
    name, *arguments = shlex.split(ACCEPTED_BY[file].format(path))
    done = subprocess.run(  # noqa: S603 - the test's own command
        [found(name), *arguments],
        env=os.environ | {"POSTGRES_PASSWORD": "x", "PETITION_HOST": "bot.example.org"},
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_read_by_no_test() -> None:
    files = {str(p.relative_to(ROOT / "deploy")) for p in ROOT.glob("deploy/**/*") if p.is_file()}
    assert ACCEPTED_BY.keys() | READ_BY.keys() == files
    assert all((ROOT / test).exists() for test in READ_BY.values())
