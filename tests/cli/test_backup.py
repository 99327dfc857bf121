"""Tests that a backup is whole, encrypted and restored, and brings back nobody who withdrew."""

import asyncio
import errno
import json
import os
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pyrage
import pytest
from typer.testing import CliRunner, Result

from bot.backup import _line, _seal, read_manifest, remove_old_backups
from bot.cli.main import app
from storage import Storage
from storage.broadcast_transitions import change_broadcast
from storage.broadcast_types import BroadcastAction
from storage.broadcasts import broadcast_history, count_signers, due_broadcasts
from storage.keyring import Keyring
from storage.petitions import reached_so_far
from storage.process_lock import acquire_process_lock
from storage.restores import held_restore, release_restore, restore_awaits_repetition
from storage.signatures import mute_supporter, withdraw_signature
from tests.cli.petition_database import PetitionDatabase, TelegramDate, on_both
from tests.support.existing import existing
from tests.support.supporters import ADMIN, NOON, Supporters, later, signature_of

CANARY = "Persona 3"

pytestmark = pytest.mark.usefixtures("key")


def typed(*words: object, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], input=answer)


def said(*words: object, answer: str | None = None) -> str:
    result = typed(*words, answer=answer)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def refused(*words: object) -> str:
    result = typed(*words)
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


@on_both
@pytest.mark.usefixtures("programs")
def test_a_backup_made_beside_the_bot_is_whole_and_shows_nobody_anything(
    petition: PetitionDatabase, tmp_path: Path, key: Path, kind: str
) -> None:
    file = tmp_path / "backups" / "today.backup"
    file.parent.mkdir()

    sixth = petition.keyring.reference("andry", 1006)
    petition.write(withdraw_signature, sixth, NOON)
    told = said("backup", file)
    assert f"The backup is in {file}: andry with 5 signatures, up to number 6; " in told
    assert told.endswith(
        " MB. Keep it on another machine. It needs the bot's key file too, which is not in it. It"
        " holds what people withdraw from now on: delete it after thirty days, as they were "
        "promised. --keep 30 removes older ones."
    )
    assert [each.name for each in file.parent.iterdir()] == ["today.backup"]
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    for plain in (b"SQLite format 3", b"PGDMP", b"signatures (", CANARY.encode()):
        assert plain not in content[4096:]
    made_at = read_manifest(file).made_at
    checked = said("restore", file, "--check")
    assert checked.startswith(
        "The file is whole. It says of itself that it is the backup of "
        f"{made_at:%-d %B %Y, %H:%M} UTC: andry with 5 signatures, up to number 6; "
    )
    assert checked.endswith(" MB. It was made here, with the key file of the settings.")
    drilled = said("restore", file, "--identity", key, "--drill").removeprefix(checked)
    assert drilled == (
        " The key opens it, its database is sound, and the key file opens the names in it. This "
        "is how it would be. It has 5 signatures. Nothing was changed."
        if kind == "sqlite"
        else " The key opens it, and pg_restore reads it to its end. Nothing was changed."
    )
    assert "exists already; it is left as it is. Name another file." in refused("backup", file)
    entry = petition.audited()[0]
    assert (entry.action, entry.actor) == ("backup", None)
    assert entry.at.replace(microsecond=0) == made_at


def test_a_backup_that_is_not_whole_or_was_changed_is_refused_before_any_key_is_asked_for(
    petition: PetitionDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "today.backup"
    said("backup", file)
    whole = file.read_bytes()
    for content, why in (
        (whole[:-7], "is not whole"),
        (whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:], "is damaged"),
        (b"x" + whole[1:], "is no backup of petition-bot"),
        (b"", "is no backup of petition-bot"),
    ):
        file.write_bytes(content)
        assert why in refused("restore", file, "--check")
    assert "cannot be read" in refused("restore", tmp_path / "none", "--check")
    file.write_bytes(whole)
    no_key = refused("restore", file, "--identity", tmp_path / "none.txt")
    assert "none.txt cannot be read" in no_key
    assert "Put this backup" not in no_key


@pytest.mark.usefixtures("petition")
def test_without_recipients_or_room_there_is_no_backup_and_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cannot be written" in refused("backup", tmp_path / "none" / "today.backup")
    monkeypatch.delenv("PETITION_AGE_RECIPIENTS")
    assert "age-keygen -o key.txt" in refused("backup", tmp_path / "today.backup")
    assert not (tmp_path / "today.backup").exists()


def test_with_another_key_nothing_is_changed(petition: PetitionDatabase, tmp_path: Path) -> None:
    file, other = tmp_path / "today.backup", tmp_path / "other.txt"
    said("backup", file)
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    assert "encrypted to other keys" in refused("restore", file, "-i", other, "--drill")
    assert "encrypted to other keys" in refused("restore", file, "-i", other, "--yes")
    assert refused("restore", file, "--yes").endswith(
        "Opening a backup needs the key of age: --identity KEY. Nothing was done."
    )
    folder = Path(petition.url.partition(":///")[2]).parent
    assert not [each for each in folder.iterdir() if "copy" in each.name or "before" in each.name]


def test_what_somebody_else_encrypted_to_the_same_key_is_not_opened(
    petition: PetitionDatabase, tmp_path: Path, key: Path
) -> None:
    # A recipient is public, and whoever keeps the backups can put another file in their place.
    file, other = tmp_path / "today.backup", tmp_path / "other" / "petition.key"
    said("backup", file)
    other.parent.mkdir(mode=0o700)
    strange = Keyring.generate(other)
    manifest = read_manifest(file)
    assert remove_old_backups(file, petition.keyring, manifest.made_at)[0] == []
    for change in (
        {"made_at": NOON},
        {"revision": "0001"},
        {"seal": _seal(strange, manifest)},
        {"seal": "ñ"},
    ):
        file.write_bytes(_line(manifest.model_copy(update=change)) + file.read_bytes()[4096:])
        for deed in ("--drill", "--yes"):
            assert "cannot be told" in refused("restore", file, "-i", key, deed)
    plain = json.loads(_line(manifest))
    for strange_word in (
        {"made_at": "2026-03-01T12:00:00+02:00"},
        {"payload_bytes": 10**12},
        {"database": "oracle"},
        {"petitions": 7},
    ):
        line = json.dumps({**plain, **strange_word}).encode().ljust(4095) + b"\n"
        file.write_bytes(line + file.read_bytes()[4096:])
        assert "is no backup" in refused("restore", file, "--check")
    file.write_bytes(b"[" * 4095 + b"\n" + file.read_bytes()[4096:])
    assert "is no backup" in refused("restore", file, "--check")


def sealed(file: Path, keyring: Keyring, **changes: object) -> None:
    """Writes another first line, as whoever has the key file can."""
    manifest = read_manifest(file).model_copy(update=changes)
    manifest = manifest.model_copy(update={"seal": _seal(keyring, manifest)})
    file.write_bytes(_line(manifest) + file.read_bytes()[4096:])


def test_a_backup_from_before_the_key_was_exchanged_needs_the_older_one_below_the_present(
    petition: PetitionDatabase, tmp_path: Path, key: Path
) -> None:
    """Also where nobody has a name that could be decrypted."""
    file, key_file = tmp_path / "today.backup", tmp_path / "petition.key"
    petition.sql("UPDATE signatures SET name_sealed = NULL")
    said("backup", file)
    before = key_file.read_text()
    (older,) = [line for line in before.splitlines() if line.startswith("encryption")]
    said("keys", "rotate", "--yes")
    told = said("restore", file, "--check")
    assert "which is no longer in" in told
    assert "add the line of that key below the present one" in told
    assert "put back the key file" in refused("restore", file, "-i", key, "--yes")
    key_file.write_text(key_file.read_text() + before)
    said("restore", file, "-i", key, "--yes")
    assert "An exchange was begun and is not over." in said("keys", "rotate", "--yes")
    assert older not in key_file.read_text()
    present = PetitionDatabase(petition.url, Keyring.load(key_file))
    assert present.read(reached_so_far).number == 6


@on_both
@pytest.mark.usefixtures("programs")
def test_what_people_asked_for_after_the_backup_stays(
    petition: PetitionDatabase,
    tmp_path: Path,
    key: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    file = tmp_path / "today.backup"
    petition.begins(b"b" * 16)  # a broadcast that is under way
    said("backup", file)

    async def afterwards(storage: Storage) -> None:
        people = Supporters(storage.database, petition.keyring)
        await storage.write(withdraw_signature, people.supporter(3), NOON)
        await storage.write(mute_supporter, people.supporter(4), NOON)
        await people.sign([7, 8])

    petition.do(afterwards)
    mark = petition.keyring.beside("andry.mark")
    mark.write_text("8 0\n\n\n")  # as the running bot does
    petition.is_left_alone()
    if kind == "postgres":
        assert "make an empty one" in refused("restore", file, "-i", key, "--yes")
        empty = request.getfixturevalue("empty_url")
        monkeypatch.setenv("PETITION_DATABASE_URL", empty)
        petition = PetitionDatabase(empty, petition.keyring)
    assert "Nothing was changed" in said("restore", file, "-i", key, answer="n\n")
    told = said("restore", file, "-i", key, answer="y\n")
    assert (
        "The backup is restored. It has 5 signatures. Numbers given after it: 2. So many "
        "signatures at most are lost, and none of these numbers is given again. Done again from "
        "the journal, as people asked for it afterwards: 2." in told
    )
    assert told.endswith(
        " Start the bot now. Nothing is sent until an admin has looked: the bot tells them in the"
        " chat what was restored, with a button that lets messages go out again."
    )

    async def now(storage: Storage) -> None:
        people = Supporters(storage.database, petition.keyring)
        assert await storage.read(signature_of, people.supporter(3)) is None
        assert (await storage.read(count_signers)).muted == 1
        assert (await storage.read(reached_so_far)).number == 8
        # Nothing is sent, planned or not, until an admin has looked.
        (broadcast,) = await storage.read(broadcast_history)
        assert broadcast.state == "paused"
        await storage.write(change_broadcast, BroadcastAction.RESUME, broadcast.id, ADMIN, NOON)
        assert await storage.read(due_broadcasts, later(9)) == []
        held = existing(await storage.read(held_restore))
        assert held.lost == 2
        assert not await storage.read(restore_awaits_repetition)
        assert await storage.write(release_restore, actor=ADMIN, at=later(9)) is True
        assert await storage.write(release_restore, actor=ADMIN, at=later(9)) is False
        assert len(await storage.read(due_broadcasts, later(9))) == 1

    petition.do(now)
    if kind == "sqlite":
        folder = Path(petition.url.partition(":///")[2]).parent
        (aside,) = folder.glob("*.before-restore-*Z")
        assert aside.name in told.replace(" ", "")
        former = PetitionDatabase(f"sqlite+aiosqlite:///{aside}", petition.keyring)
        assert former.read(reached_so_far).number == 8


def test_a_running_bot_stops_a_restore(
    petition: PetitionDatabase, tmp_path: Path, key: Path
) -> None:
    """Also while one runs of a petition that is in the backup alone, or in the database alone."""
    file = tmp_path / "today.backup"
    petition.sql("INSERT INTO petitions (slug) VALUES ('former')")
    said("backup", file)
    petition.sql("UPDATE petitions SET slug = 'newer' WHERE slug = 'former'")

    async def beside(lock: str) -> str:
        async with acquire_process_lock(petition.url, lock):
            return await asyncio.to_thread(refused, "restore", file, "-i", key, "--yes")

    for lock in ("intake/andry", "intake/former", "intake/newer"):
        assert "already running" in asyncio.run(beside(lock)), lock
    # Nobody has signed the other one.
    assert "other petitions" not in said("restore", file, "-i", key, "--yes")


def test_where_the_database_is_a_link_what_it_leads_to_is_replaced(
    petition: PetitionDatabase, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a larger disk: a copy of everybody would stay there, and nobody be told of it.
    file, link, disk = tmp_path / "today.backup", tmp_path / "linked.db", tmp_path / "my disk"
    said("backup", file)
    disk.mkdir()
    real = Path(petition.url.partition(":///")[2]).rename(disk / "petition.db")
    link.symlink_to(real)
    monkeypatch.setenv("PETITION_DATABASE_URL", f"sqlite+aiosqlite:///{link}")
    told = said("restore", file, "-i", key, "--yes")
    assert link.resolve() == real
    (aside,) = disk.glob("*.before-restore-*Z")
    assert not aside.is_symlink()
    assert (
        f"The database that was there is {aside} now. It holds the same people: the bot removes "
        "it after a week. Start the bot now." in told
    )


class Tomorrow(datetime):
    """The clock a day later."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Tomorrow":
        return super().now(tz) + timedelta(days=1)


def test_without_the_journal_nobody_is_told_that_all_was_done_again(
    petition: PetitionDatabase, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, lost = tmp_path / "today.backup", "is not there whole: some of them may be back"
    said("backup", file)
    journal = petition.keyring.beside("andry.journal")
    journal.write_bytes(b"")  # as a copy onto a full disk leaves it
    assert lost in said("restore", file, "-i", key, "--drill")
    journal.unlink(missing_ok=True)
    assert lost in said("restore", file, "-i", key, "--drill")
    without_it = said("restore", file, "-i", key, "--yes")
    assert lost in without_it
    assert "It is not known either whether later signatures are missing." in without_it
    # Nor once the bot has begun another one, as after a move to another machine, and tidied it.
    monkeypatch.setattr("storage.journal.datetime", Tomorrow)
    petition.write(withdraw_signature, b"nobody", NOON)
    petition.do(lambda storage: asyncio.to_thread(storage.journal.rewrite, NOON))
    assert lost in said("restore", file, "-i", key, "--yes")
    held = existing(petition.read(held_restore))
    assert not held.journal_is_whole
    # Whoever withdrew would be in it.
    assert "No list is written until an admin has looked" in refused(
        "export", "--output", tmp_path / "list.age"
    )
    petition.write(release_restore, actor=ADMIN, at=NOON)
    assert "6 signatures" in said("export", "--output", tmp_path / "list.age")


def test_older_backups_go_and_nothing_else_in_their_folder(
    petition: PetitionDatabase, tmp_path: Path, telegram: TelegramDate
) -> None:
    folder, now = tmp_path / "backups", datetime.now(UTC)
    folder.mkdir()

    def made(name: str, days: int, keyring: Keyring = petition.keyring) -> Path:
        said("backup", folder / name)
        sealed(folder / name, keyring, made_at=now - timedelta(days=days, minutes=1))
        return folder / name

    made("old.backup", 30)
    damaged, other = made("damaged.backup", 40), tmp_path / "other" / "petition.key"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    other.parent.mkdir(mode=0o700)
    left = {
        made("young.backup", 29),
        damaged,
        made("strange.backup", 40, Keyring.generate(other)),
        made("elsewhere.age", 40),
        made("kept", 40),
        folder / "letter.backup",
        folder / "link.backup",
    }
    (folder / "letter.backup").write_text("Querida Ana")
    (folder / "link.backup").symlink_to(folder / "kept")
    (folder / "killed.backup.0123abcd.part~").write_bytes(b"half of one")
    before = set(folder.iterdir())
    telegram.days_ahead = -730  # as the clock is two years ahead
    assert "Nothing was erased" in refused("backup", folder / "new.backup", "--keep", 30)
    assert set(folder.iterdir()) == before | {folder / "new.backup"}
    (folder / "new.backup").unlink()
    telegram.days_ahead = None  # it cannot be asked
    told = said("backup", folder / "new.backup", "--keep", 30)
    assert set(folder.iterdir()) == left | {folder / "new.backup"}
    assert told.endswith(
        "which is not in it. Removed, as older than 30 days: old.backup. Older too, and left: "
        "damaged.backup, strange.backup. They are damaged, or were not made with this key file. "
        "If they are yours, delete them."
    )
    assert typed("backup", folder / "more.backup", "--keep", 31).exit_code == 2


@pytest.mark.usefixtures("petition", "telegram")
def test_a_file_of_somebody_elses_that_cannot_be_read_keeps_no_old_backup_there(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.backup", "theirs.backup", "z.backup"):
        said("backup", tmp_path / name)
        sealed(tmp_path / name, keyring, made_at=NOON)
    opened = Path.open

    def refuses(self: Path, *given: Any, **named: Any) -> Any:
        if self.name == "theirs.backup":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return opened(self, *given, **named)

    monkeypatch.setattr(Path, "open", refuses)
    said("backup", tmp_path / "new.backup", "--keep", 30)
    assert {each.name for each in tmp_path.glob("*.backup")} == {"new.backup", "theirs.backup"}
