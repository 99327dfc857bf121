"""Through nginx with TLS, tinyproxy and OpenSSH everybody is told, also when these are killed.

They come with Debian: `apt-get install nginx-light tinyproxy openssh-server`. They run on
loopback, as whoever runs the test, with their files in its folder.
"""

import asyncio
import getpass
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.broadcast_types import Tally
from tests.support.bot_api.failing_server import FailingBehavior, FailingBotApi
from tests.support.petition_processes import by_copies, petition_processes
from tests.support.programs import Program, found, free_port, running
from tests.transport.test_tls import certificate

PEOPLE = 3_000
RATE = 300.0
RESTARTS = 5
END_SECONDS = 120.0
_BETWEEN_SECONDS = 1.0

# It closes each connection after seven requests, as no server that means well does.
_NGINX = """
daemon off; master_process on; worker_processes 2; pid {folder}/nginx.pid; user {user};
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream behind {{ server {server}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {pem}; ssl_certificate_key {pem};
    keepalive_requests 7;
    proxy_http_version 1.1; proxy_set_header Connection "";
    location / {{ proxy_pass http://behind; }}
  }}
}}
"""
_TINYPROXY = "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 600\n"
_SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/own.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PidFile {folder}/sshd.pid
"""


def nginx(folder: Path, server: str) -> Program:
    """Returns nginx with TLS before a server of HTTP, which is given as host and port."""
    port, file = free_port(), folder / "nginx.conf"
    given = {"server": server, "pem": certificate(folder, "127.0.0.1")}
    text = _NGINX.format(folder=folder, port=port, user=getpass.getuser(), **given)
    file.write_text(text)
    return Program((found("nginx"), "-p", folder, "-e", folder / "start.log", "-c", file), port)


def tinyproxy(folder: Path) -> Program:
    port, file = free_port(), folder / "tinyproxy.conf"
    file.write_text(_TINYPROXY.format(port=port))
    return Program((found("tinyproxy"), "-d", "-c", file), port)


def sshd(folder: Path) -> Program:
    port, file, program = free_port(), folder / "sshd.conf", found("sshd")
    for name in ("host", "own"):
        making = (found("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
        subprocess.run(making, check=True)  # noqa: S603 - the test's own command
    file.write_text(_SSHD.format(folder=folder, port=port))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's puts away its rights
    return Program((program, "-D", "-f", file), port)


def ssh(folder: Path, server: Program) -> Program:
    """Returns `ssh -D`: a SOCKS proxy whose calls leave from the server."""
    port = free_port()
    options = ("StrictHostKeyChecking=no", f"UserKnownHostsFile={folder}/known", "BatchMode=yes")
    return Program(
        (
            *(found("ssh"), "-N", "-F", "none", "-D", f"127.0.0.1:{port}", "-p", str(server.port)),
            *(part for each in options for part in ("-o", each)),
            *("-i", folder / "own", f"{getpass.getuser()}@127.0.0.1"),
        ),
        port,
    )


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("way", ["nginx", "tinyproxy", "ssh"])
async def test_everybody_is_told_through_servers_that_are_killed_meanwhile(
    way: str,
    database_url: str,
    tmp_path: Path,
    api: FailingBotApi,
    tell: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = api.begin(FailingBehavior(latency=0.03))
    server = nginx(tmp_path, api.url.removeprefix("http://"))
    programs = [server]
    if way == "tinyproxy":
        programs.append(tinyproxy(tmp_path))
        monkeypatch.setenv("PETITION_PROXY", f"http://127.0.0.1:{programs[-1].port}")
    if way == "ssh":
        programs.append(sshd(tmp_path))
        programs.append(ssh(tmp_path, programs[-1]))
        monkeypatch.setenv("PETITION_PROXY", f"socks5://127.0.0.1:{programs[-1].port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    async with (
        running(*programs),
        petition_processes(
            database_url, tmp_path, api, people=PEOPLE, rate=RATE, paid=True
        ) as petition,
    ):
        monkeypatch.setattr(api, "url", f"https://127.0.0.1:{server.port}")
        await petition.bot()
        key = await petition.start()
        for number in range(RESTARTS):
            await api.arrived((number + 1) * PEOPLE // (RESTARTS + 2), END_SECONDS)
            await programs[-1].restart()
            await asyncio.sleep(_BETWEEN_SECONDS)
        tally = await petition.reported(key, END_SECONDS)
        copies = by_copies(petition, PEOPLE)
    seconds = counts.messages[-1].at - counts.messages[0].at
    tell(
        f"{way}: {PEOPLE:,} people at {RATE:.0f} a second, {RESTARTS} times killed and started"
        f" again: {PEOPLE / seconds:.0f} a second; lost {copies[0]}; repeated {counts.repeated};"
        f" {tally}"
    )
    assert copies[0] == 0, petition.log
    assert set(copies) <= {1, 2}
    # Only what was under way when one was killed may come twice, or stay without an answer.
    assert counts.repeated + tally.unconfirmed <= RESTARTS * RATE * 0.5
    assert tally == Tally(
        total=PEOPLE, delivered=PEOPLE - tally.unconfirmed, unconfirmed=tally.unconfirmed
    )
