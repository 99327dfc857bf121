"""Fixtures: a petition in a database, and the command line on it."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bot.petition.petition import Petition, load_petition
from storage.keyring import Keyring
from tests.cli.petition_database import PetitionDatabase, TelegramDate
from tests.support.scene import petition_read_once


@pytest.fixture(autouse=True)
def _petition_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("context", "backup"):
        monkeypatch.setattr(f"bot.cli.{command}.load_petition", petition_read_once)


@cache
def _loaded(folder: Path) -> Petition:
    """A petition, checked once: no test changes a folder between two commands."""
    return load_petition(folder)


@pytest.fixture
def petition(
    kind: str,
    database_url: str,
    keyring: Keyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> PetitionDatabase:
    """A closed petition that six people signed, and settings without the bot's token."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.cli.context.load_petition", _loaded)
    monkeypatch.delenv("PETITION_BOT_TOKEN", raising=False)
    monkeypatch.setenv("PETITION_DATABASE_URL", database_url)
    monkeypatch.setenv("PETITION_KEY_FILE", str(tmp_path / "petition.key"))
    petition = PetitionDatabase(database_url, keyring)
    if kind == "postgres":
        petition.open()
        return petition
    if not _opened:
        petition.open()
        database = Path(database_url.partition(":///")[2])
        journal = keyring.path.with_name("petition.key.andry.journal")
        _opened.update(
            {each.relative_to(tmp_path): each.read_bytes() for each in (database, journal)}
        )
    for name, content in _opened.items():
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_bytes(content)
    return petition


_opened: dict[Path, bytes] = {}
"""The files of the first such petition on SQLite, which all others begin with."""


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[TelegramDate]:
    date = TelegramDate()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if date.days_ahead is None:
                return  # without an answer
            self.send_response_only(404)
            said = datetime.now(UTC) + timedelta(days=date.days_ahead)
            self.send_header("Date", format_datetime(said, usegmt=True))
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    monkeypatch.setenv("PETITION_API_URL", f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield date
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def programs(kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's programs of the server's own version."""
    if kind == "postgres":
        folder = request.getfixturevalue("postgres_server").programs
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
