"""Tests that a restore believes nobody who keeps the backups, and survives what comes between."""

import errno
import json
import os
import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import restore as restoration
from bot.cli import backup as shell
from storage import Storage
from storage.broadcasts import due_broadcasts
from storage.database_contents import contents_of
from storage.keyring import Keyring, add_encryption_key, remove_older_encryption_keys
from storage.petitions import reached_so_far
from storage.restores import restore_awaits_repetition
from storage.signatures import withdraw_signature
from tests.cli.petition_database import PetitionDatabase, on_both
from tests.cli.test_backup import refused, said, sealed, typed
from tests.support.postgres_server import END_LOCKS, PostgresServer
from tests.support.supporters import NOON


@pytest.mark.usefixtures("petition")
def test_a_first_line_is_not_believed_and_gives_the_terminal_no_orders(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever keeps the backups writes what they like into the line that everybody can read."""
    file = tmp_path / "today.backup"
    said("backup", file)
    whole = file.read_bytes()
    line = json.loads(whole[:4096])

    def forged(**changes: object) -> None:
        file.write_bytes(json.dumps(line | changes).encode().ljust(4096) + whole[4096:])

    petitions = [{"slug": "andry", "signatures": 99_999, "last_number": 99_999}]
    forged(petitions=petitions)
    told = said("restore", file, "--check")
    assert "99,999" in told
    assert "anybody may have written that" in told
    for name, other in (("KEY_FILE", str(tmp_path / "elsewhere.key")), ("LOG_LEVEL", "loud")):
        with monkeypatch.context() as with_another:
            with_another.setenv(f"PETITION_{name}", other)
            told = said("restore", file, "--check")
        assert "cannot be told without the bot's key file" in told
        assert "was made here" not in told
    for changes in (
        {"petitions": [{**petitions[0], "slug": "\x1b]0;owned\x07\x1b[2J"}]},
        {"petitions": [{**petitions[0], "signatures": "1"}]},
        {"petitions": [{**petitions[0], "signatures": float("inf")}]},
        {"petitions": [{**petitions[0], "signatures": -7}]},
        {"database": "\x1b[2J"},
        {"made_at": "0001-01-01T00:00:00+23:00"},
        {"made_at": "9999-12-31T23:59:59-23:00"},
        {"made_at": "2026-11-28T12:00:00"},
        {"payload_bytes": True},
    ):
        forged(**changes)
        for words in (("--check",), ("-i", key, "--yes")):
            answer = refused("restore", file, *words)
            assert "is no backup of petition-bot" in answer
            assert "\x1b" not in answer


def swapped(file: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the question stands, somebody puts another file there, with the same first line."""

    def asked(*_: object, **__: object) -> bool:
        file.write_bytes(file.read_bytes()[:4096] + content)
        return True

    monkeypatch.setattr(shell, "agrees", asked)


def test_what_is_put_there_after_it_was_checked_is_not_restored(
    petition: PetitionDatabase, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = tmp_path / "today.backup", tmp_path / "other.backup"
    said("backup", other)
    petition.write(withdraw_signature, petition.supporter(3), NOON)
    said("backup", file)
    swapped(file, other.read_bytes()[4096:], monkeypatch)
    before = contents(petition)
    assert "was changed or replaced after it was checked" in refused("restore", file, "-i", key)
    assert contents(petition) == before


def test_a_dump_that_was_swapped_never_reaches_pg_restore(
    petition: PetitionDatabase, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other, reached = tmp_path / "today.backup", tmp_path / "other", tmp_path / "reached"
    for each in (file, other):
        said("backup", each)
    sealed(file, petition.keyring, database="postgresql")
    program = tmp_path / "pg_restore"
    program.write_text(f"#!/bin/sh\ncat > {reached}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert "reads it to its end" in said("restore", file, "-i", key, "--drill")
    assert reached.read_bytes().startswith(b"SQLite format 3")
    reached.unlink()
    drill = restoration.drill

    async def later_on(order: restoration.Order) -> restoration.Restored | None:
        file.write_bytes(file.read_bytes()[:4096] + other.read_bytes()[4096:])
        return await drill(order)

    monkeypatch.setattr(restoration, "drill", later_on)
    assert "was changed or replaced" in refused("restore", file, "-i", key, "--drill")
    assert not reached.exists()


def test_a_database_that_runs_what_somebody_wrote_is_refused(
    petition: PetitionDatabase, tmp_path: Path, key: Path
) -> None:
    for kind, written in (
        (
            "TRIGGER",
            "AFTER DELETE ON signatures BEGIN UPDATE petitions SET signatures = 7; END",
        ),
        ("VIEW", "AS SELECT * FROM signatures"),
        ("VIRTUAL TABLE", "USING fts5(words)"),
    ):
        file = tmp_path / f"{kind}.backup"
        with closing(sqlite3.connect(place(petition))) as database:
            database.execute(f"CREATE {kind} strange {written}")
        said("backup", file)
        for deed in ("--drill", "--yes"):
            assert "that this program never makes" in refused("restore", file, "-i", key, deed)
        with closing(sqlite3.connect(place(petition))) as database:
            database.execute(f"DROP {kind.split()[-1]} strange")


def test_a_database_that_was_damaged_before_its_backup_is_refused(
    petition: PetitionDatabase, tmp_path: Path, key: Path
) -> None:
    file = tmp_path / "today.backup"
    with closing(sqlite3.connect(place(petition))) as database, database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute("UPDATE petitions SET last_number = 0")
    said("backup", file)
    for deed in ("--drill", "--yes"):
        assert "was damaged before it was backed up" in refused("restore", file, "-i", key, deed)


def test_a_backup_whose_names_the_key_file_does_not_open_is_refused(
    petition: PetitionDatabase, tmp_path: Path, key: Path
) -> None:
    """Its reference key is the bot's; the encryption key was exchanged, and the older one lost."""
    file, keys = tmp_path / "today.backup", petition.keyring.path
    said("backup", file)
    add_encryption_key(keys)
    remove_older_encryption_keys(keys, Keyring.load(keys).newest)
    before = contents(petition)
    for deed in ("--drill", "--yes"):
        assert "which the key file does not have" in refused("restore", file, "-i", key, deed)
    assert contents(petition) == before


def test_a_backup_from_before_the_first_release_is_refused_before_anything_is_put_there(
    petition: PetitionDatabase, tmp_path: Path, key: Path
) -> None:
    file = tmp_path / "old.backup"
    said("backup", file)
    sealed(file, petition.keyring, revision="v3")
    before = contents(petition)
    for deed in ("--drill", "--yes"):
        told = typed("restore", file, "-i", key, deed).output
        assert "is from before the first release" in " ".join(told.split())
    assert contents(petition) == before


def place(petition: PetitionDatabase) -> Path:
    return Path(petition.url.partition(":///")[2])


def contents(petition: PetitionDatabase) -> dict[str, bytes]:
    """Every file of the database."""
    database = place(petition)
    return {
        each.name: content
        for each in database.parent.glob(f"*{database.name}*")
        if (content := each.read_bytes()) and not each.name.endswith("-shm")
    }


@on_both
def test_a_copy_put_back_is_refused_after_deeds_in_the_shell(petition: PetitionDatabase) -> None:
    """A letter is answered while no bot runs, and the database from before it comes back."""
    letter = ("--verified-otherwise", "letter with a copy of the ID card, seen by the board")
    said("person", 3, "erase", *letter, "--yes")
    petition.sql("UPDATE petitions SET deeds = 0")
    assert "petition-bot run --restored-backup" in refused("person", 2, "show", *letter, "--yes")


class Killed(BaseException):
    """Nothing that comes after it is done."""


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
@pytest.mark.usefixtures("programs")
def test_a_restore_to_a_server_that_was_killed_is_told_where_no_number_tells_of_it(
    petition: PetitionDatabase,
    tmp_path: Path,
    key: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """Without a mark: the third is back, and a broadcast would go out again."""
    file, server = tmp_path / "today.backup", request.getfixturevalue("postgres_server")
    petition.sql("INSERT INTO petitions (slug) VALUES ('sahara')")
    petition.begins()
    said("backup", file)
    petition.write(withdraw_signature, petition.supporter(3), NOON)
    for mark in tmp_path.glob("*.mark"):
        mark.unlink()

    async def killed(*_: object) -> None:
        raise Killed

    def unfinished() -> list[bool]:
        slugs = ("andry", "sahara")
        return [restoration.unfinished_restore(petition.keyring, slug).exists() for slug in slugs]

    half, url = server.empty(), server.empty()
    monkeypatch.setenv("PETITION_DATABASE_URL", half)
    with monkeypatch.context() as patch:
        patch.setattr(restoration, "run_program", lambda *_, **__: shutil.copy("none", "none"))
        assert typed("restore", file, "-i", key, "--yes").exit_code != 0
        assert unfinished() == [False, False]
    with monkeypatch.context() as patch:
        patch.setattr(restoration, "_brought_up_to_date", killed)
        with pytest.raises(Killed):
            typed("restore", file, "-i", key, "--yes")
    assert unfinished() == [True, True]
    assert "did not come to its end" in refused("backup", tmp_path / "another.backup")
    monkeypatch.setenv("PETITION_DATABASE_URL", url)
    assert "It has 5 signatures." in said("restore", file, "-i", key, "--yes")
    assert unfinished() == [False, False]
    restored = PetitionDatabase(url, petition.keyring)
    assert not restored.read(restore_awaits_repetition)
    assert restored.read(due_broadcasts, datetime.now(UTC)) == []

    async def of_the_other(storage: Storage) -> bool:
        theirs = Storage(storage.database, storage.keyring, "sahara")
        return await theirs.read(restore_awaits_repetition)

    assert restored.do(of_the_other)
    for each in (half, url):
        server.drop(each)


def test_with_a_mark_that_cannot_be_read_nothing_is_restored_nor_tried(
    petition: PetitionDatabase, tmp_path: Path, key: Path
) -> None:
    """Numbers that were given after the backup would be given again."""
    file, mark = tmp_path / "today.backup", petition.keyring.beside("andry.mark")
    said("backup", file)
    mark.write_text("damaged")
    before = contents(petition)
    for deed in ("--drill", "--yes"):
        told = refused("restore", file, "-i", key, deed)
        assert "cannot be read, so nobody can tell whether signatures are missing" in told
    assert contents(petition) == before
    mark.unlink()
    mark.symlink_to("nowhere")
    assert "cannot be read, so nobody can tell" in refused("restore", file, "-i", key, "--yes")


def test_a_copy_whose_log_is_not_in_it_does_not_take_the_place_of_the_database(
    petition: PetitionDatabase, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: what people asked for since would stay behind in the log."""
    file, repeat = tmp_path / "today.backup", restoration.repeat_journal
    said("backup", file)
    petition.write(withdraw_signature, petition.supporter(3), NOON)
    before = contents(petition)
    readers: list[sqlite3.Connection] = []

    async def beside(*given: object) -> restoration.Restored:
        (copy,) = place(petition).parent.glob("*.part~")
        readers.append(sqlite3.connect(copy, isolation_level=None, timeout=0))
        readers[0].execute("BEGIN")
        readers[0].execute("SELECT * FROM petitions").fetchall()
        return await repeat(*given)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(restoration, "repeat_journal", beside)
    assert "lock of the database" in refused("restore", file, "-i", key, "--yes")
    readers[0].close()
    assert contents(petition) == before


def test_a_copy_that_the_disk_damaged_does_not_take_the_place_of_the_database(
    petition: PetitionDatabase, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decrypted was whole, and the last that was written into the copy is not."""
    file, bring = tmp_path / "today.backup", restoration._brought_up_to_date
    said("backup", file)
    before = contents(petition)

    async def on_a_bad_disk(url: str, order: restoration.Order) -> restoration.Restored:
        restored = await bring(url, order)
        overwrite_signatures(Path(url.partition(":///")[2]))
        return restored

    monkeypatch.setattr(restoration, "_brought_up_to_date", on_a_bad_disk)
    refused("restore", file, "-i", key, "--yes")
    assert contents(petition) == before


def overwrite_signatures(database: Path) -> None:
    root = "SELECT rootpage FROM sqlite_master WHERE name = 'signatures'"
    with closing(sqlite3.connect(database)) as opened:
        page, size = (opened.execute(sql).fetchone()[0] for sql in (root, "PRAGMA page_size"))
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))


def test_a_kill_before_the_end_of_a_restore_leaves_the_database_with_all_that_was_in_its_log(
    petition: PetitionDatabase, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, database = tmp_path / "today.backup", place(petition)
    said("backup", file)
    with closing(sqlite3.connect(database, isolation_level=None)) as bot:
        bot.execute("PRAGMA journal_mode=WAL")
        bot.execute("UPDATE petitions SET last_number = 77")
        killed = contents(petition)
    for name, content in killed.items():
        database.with_name(name).write_bytes(content)
    assert database.with_name(f"{database.name}-wal").stat().st_size > 0
    replaced = Path.replace

    def kill(self: Path, target: Path) -> Path:
        if target == database:
            raise KeyboardInterrupt
        return replaced(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", kill)
        assert typed("restore", file, "-i", key, "--yes").exit_code != 0
    assert len([*database.parent.glob("*.before-restore-*Z-wal")]) == 1, "kept as it was"
    assert petition.read(reached_so_far).number == 77
    restoration.tidy_up(petition.url, petition.keyring.path, datetime.now(UTC))
    assert database.stat().st_nlink == 1
    said("restore", file, "-i", key, "--yes")


def test_on_a_disk_without_hard_links_a_backup_takes_the_place_of_the_database_too(
    petition: PetitionDatabase, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a memory card with exFAT, or in a folder that another system shares."""

    def refuses(_self: Path, _target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    file, database = tmp_path / "today.backup", place(petition)
    said("backup", file)
    before = contents_of(database)
    monkeypatch.setattr(Path, "hardlink_to", refuses)
    said("restore", file, "-i", key, "--yes")
    (aside,) = database.parent.glob("*.before-restore-*Z")
    assert contents_of(aside) == before


def test_what_is_no_file_is_said_at_once_and_not_waited_for(tmp_path: Path, key: Path) -> None:
    pipe, device = tmp_path / "pipe", tmp_path / "zero"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for each in (pipe, device):
        for words in (("--check",), ("-i", key, "--drill")):
            assert "is a device or a pipe" in refused("restore", each, *words)


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("kind", ["postgres"])
def test_a_restore_stops_when_it_can_no_longer_keep_the_bot_from_starting(
    petition: PetitionDatabase,
    tmp_path: Path,
    key: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgres_server: PostgresServer,
) -> None:
    """An administrator of the server ends its session, while `pg_restore` is at work."""
    file, begun, program = (tmp_path / name for name in ("b.backup", "begun", "pg_restore"))
    said("backup", file)
    with monkeypatch.context() as patch:
        patch.setenv("PETITION_DATABASE_URL", postgres_server.empty())
        program.write_text(f"#!/bin/sh\ntouch {begun}\nexec sleep 60\n")
        program.chmod(0o700)
        patch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

        def ends_it() -> None:
            while not begun.exists():
                time.sleep(0.02)
            postgres_server.execute(END_LOCKS)

        with ThreadPoolExecutor() as administrator:
            administrator.submit(ends_it)
            told = refused("restore", file, "-i", key, "--yes")
    assert "See that no bot runs, and run it again." in told
    assert "did not come to its end" in refused("backup", tmp_path / "another.backup")
