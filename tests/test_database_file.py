"""Tests that what was signed is not lost without a word, and nobody is back who withdrew."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot import database_watch
from bot.app import open_app
from bot.cli.context import open_cli_context
from bot.database_watch import DatabaseWatch
from bot.high_water_mark import HighWaterMark
from bot.restore import unfinished_restore
from bot.settings import PetitionSettings
from storage import Storage, open_storage
from storage.errors import DatabaseBehind, DatabaseReplaced, Unavailable
from storage.petitions import Reached, petition_state
from storage.restores import held_restore, record_restore
from storage.write_ahead_log import WriteAheadLog
from tests.support.scene import Scene, a_scene
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is looked at more often, so that nobody waits for it here."""
    monkeypatch.setattr(database_watch, "LOOK_SECONDS", 0.05)


KILLED = """
import os, sys
from pathlib import Path
from storage.private_files import new_file, unfinished_file

with unfinished_file(Path(sys.argv[1])) as copy, new_file(Path(sys.argv[2])) as key:
    for name in (copy, copy.with_name(copy.name + "-wal")):
        name.write_bytes(b"Ana")
    key.write(b"the old key and the new one")
    os.kill(os.getpid(), 9)
"""


class TestTheDatabaseFile:
    """What was signed is not lost without a word."""

    async def test_removed_under_the_bot_stops_it_and_thanks_nobody(self, scene: Scene) -> None:
        jordi, words = scene.jordi, scene.words
        await scene.signs(scene.ana)
        jordi.start()
        await scene.taps(jordi, words.label("✍️ Firmar con mi nombre"))
        await scene.taps(jordi, words.label("Usar «{name}»", name="Jordi Puig"))
        consent = await jordi.with_button(words.label("✍️ Consiento y firmo"))
        await until_marked(scene, 1)
        before = consent.text
        database(scene).unlink()
        jordi.tap(words.label("✍️ Consiento y firmo"))
        with pytest.raises(DatabaseReplaced, match="was removed or replaced"):
            await scene.ended()
        assert jordi.chat.messages[consent.id].text == before
        assert scene.world.updates.pending  # for Telegram to send again

    async def test_that_another_holds_for_long_thanks_her_only_then(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ana taps once; a copy that is being made keeps everybody else from writing."""
        monkeypatch.setattr("storage.sqlite._BUSY_MILLISECONDS", 200)
        async with a_scene(tmp_path) as scene:
            ana, words = scene.ana, scene.words
            ana.start()
            await scene.taps(ana, words.label("✍️ Firmar con mi nombre"))
            await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
            with closing(sqlite3.connect(database(scene), isolation_level=None)) as another:
                another.execute("BEGIN IMMEDIATE")
                ana.tap(words.label("✍️ Consiento y firmo"))
                await asyncio.sleep(10)
                assert "con la tuya" not in scene.screen(ana).text
                assert scene.world.updates.pending, "it is not acknowledged"
            await ana.sees("con la tuya: 1", 20)
            await scene.settled()
            assert scene.app.dispatch.counts.passed_over == 0

    async def test_removed_while_it_is_idle_stops_it_too(self, scene: Scene) -> None:
        database(scene).unlink()
        with pytest.raises(DatabaseReplaced):
            await scene.ended()

    async def test_that_lost_signatures_is_not_gone_on_with(self, scene: Scene) -> None:
        await scene.signs(scene.ana)
        await until_marked(scene, 1)
        await scene.stop_bot()
        database(scene).unlink()
        with pytest.raises(DatabaseBehind, match="--restored-backup"):
            await scene.start_bot()
        assert not database(scene).exists()

    async def test_that_is_another_and_empty_is_not_begun_beside_a_key_with_signatures(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        await scene.signs(scene.ana)
        await until_marked(scene, 1)
        await scene.stop_bot()
        elsewhere = f"sqlite+aiosqlite:///{tmp_path / 'elsewhere' / 'petition.db'}"
        (tmp_path / "elsewhere").mkdir()
        settings = scene.settings.model_copy(update={"database_url": elsewhere})
        for restored in (False, True):
            with pytest.raises(DatabaseBehind, match="Nothing was changed"):
                async with open_app(settings, clocks=scene.clocks, restored=restored):
                    pass

    async def test_that_is_lost_within_a_moment_of_the_first_signature_is_missed_too(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await scene.stop_bot()
        monkeypatch.setattr(database_watch, "LOOK_SECONDS", 3600.0)
        await scene.start_bot()
        await until_marked(scene, 0)
        await scene.signs(scene.ana)  # and is thanked
        await scene.stop_bot()
        database(scene).unlink()
        with pytest.raises(DatabaseBehind, match="ends at signature 0, and 1 were given"):
            await scene.start_bot()

    async def test_is_closed_also_on_a_slow_disk(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An operator copies it once the bot has stopped: what was signed is in it."""
        close = WriteAheadLog.close

        async def slowly(log: WriteAheadLog) -> None:
            await asyncio.sleep(3)
            await close(log)

        await scene.signs(scene.ana)
        monkeypatch.setattr(WriteAheadLog, "close", slowly)
        await scene.stop_bot()
        assert not database(scene).with_name(f"{database(scene).name}-wal").exists()

    async def test_that_is_an_older_copy_brings_nobody_back_where_nobody_has_signed_since(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ana withdraws, and somebody copies yesterday's file back: she would be delivered."""
        monkeypatch.setattr(database_watch, "LOOK_SECONDS", 3600.0)
        await scene.signs(scene.ana)
        await scene.signs(scene.sean)
        yesterday = await copied(scene)
        await scene.withdraws(scene.ana)
        await put_back(scene, yesterday)  # at once: what was done in the last second counts too
        for _ in range(2):
            with pytest.raises(
                DatabaseBehind, match=r"knows 0 of the 1 times .*--restored-backup"
            ):
                await scene.start_bot()
            with pytest.raises(DatabaseBehind, match="Put back the newest copy"):
                await a_command_begins(scene)
        assert database(scene).read_bytes() == yesterday
        async with open_app(scene.settings, clocks=scene.clocks, restored=True) as app:
            assert (await app.services.storage.read(petition_state)).signatures == 1
        await scene.start_bot()
        await put_back(scene, yesterday)
        with pytest.raises(DatabaseBehind):  # also once it was brought up to date
            await scene.start_bot()

    async def test_that_is_a_backup_put_back_brings_nobody_back(self, scene: Scene) -> None:
        await scene.signs(scene.ana)
        await scene.signs(scene.sean)
        await until_marked(scene, 2)
        backup = await copied(scene)
        await scene.withdraws(scene.ana)
        await scene.signs(scene.jordi)
        await until_marked(scene, 3)
        await put_back(scene, backup)
        async with open_app(scene.settings, clocks=scene.clocks, restored=True) as app:
            held = app.services.storage
            assert (await held.read(petition_state)).signatures == 1
            await app.watch.look()
        await scene.start_bot()
        scene.ana.start()
        await scene.ana.with_button(scene.words.label("✍️ Firmar con mi nombre"))
        await scene.signs(scene.mallory)
        await until_marked(scene, 4)  # as 3 was Jordi's

    async def test_that_was_not_brought_up_to_date_to_the_end_is_not_started_on(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await scene.signs(scene.ana)
        backup = await copied(scene)
        await scene.withdraws(scene.ana)
        await put_back(scene, backup)

        def killed(*_: object, **__: object) -> int:
            raise Unavailable

        with monkeypatch.context() as patch:
            patch.setattr("storage.restores.last_entries", killed)
            with pytest.raises(Unavailable):
                async with open_app(scene.settings, clocks=scene.clocks, restored=True):
                    pass
        with pytest.raises(DatabaseBehind, match="knows 0 of the 1 times"):
            await scene.start_bot()
        async with open_app(scene.settings, clocks=scene.clocks, restored=True) as app:
            storage = app.services.storage
            assert (await storage.read(petition_state)).signatures == 0
            assert await storage.read(held_restore) is not None

    async def test_with_a_half_restored_backup_is_not_started_on(self, scene: Scene) -> None:
        """Nobody has asked for anything since, so that no number tells of it."""
        services = scene.services
        await scene.stop_bot()
        unfinished = unfinished_restore(services.keyring, services.petition.slug)
        unfinished.touch()
        with pytest.raises(DatabaseBehind, match="did not come to its end"):
            await scene.start_bot()
        with pytest.raises(DatabaseBehind, match="did not come to its end"):
            await a_command_begins(scene)
        async with open_app(scene.settings, clocks=scene.clocks, restored=True) as app:
            assert await app.services.storage.read(held_restore) is not None
        assert not unfinished.exists()
        await scene.start_bot()

    async def test_in_which_anothers_backup_has_her_lets_her_go(self, scene: Scene) -> None:
        """Ana withdraws, and both are restored; of this one no mark says what she asked for."""
        await scene.signs(scene.ana)
        backup = await copied(scene)
        services = scene.services
        await scene.withdraws(scene.ana)
        await put_back(scene, backup)
        services.keyring.beside(f"{services.petition.slug}.mark").unlink()
        made_at = scene.clocks.now().replace(microsecond=0) - timedelta(hours=1)
        another = await open_storage(scene.settings.database_url, services.keyring, "another")
        await another.write(record_restore, made_at=made_at, at=scene.clocks.now())
        await another.close()
        with pytest.raises(DatabaseBehind, match="Start its bot first"):
            await a_command_begins(scene)
        await scene.start_bot()
        storage = scene.storage
        assert (await storage.read(petition_state)).signatures == 0
        held = await storage.read(held_restore)
        assert held is not None
        # The journal was begun after the hour before, so it cannot be told whether it has all.
        assert (held.backup_made_at, held.journal_is_whole) == (made_at, False)
        await a_command_begins(scene)

    async def test_is_alone_again_after_a_start_and_what_was_moved_aside_goes_after_a_week(
        self, scene: Scene
    ) -> None:
        """A backup and an exchange of the key were killed, and a backup was restored long ago."""
        await scene.signs(scene.ana)
        await scene.stop_bot()
        file, key = database(scene), scene.settings.key_file
        assert key is not None
        killed = [sys.executable, "-c", KILLED, str(file), str(key)]
        assert (await asyncio.to_thread(subprocess.run, killed, check=False)).returncode == -9
        left = [*file.parent.glob("*.part~*"), *key.parent.glob("*.part~")]
        assert len(left) == 3
        now, names = scene.clocks.now(), list[Path]()
        for days in (6, 8):
            at = f"{now - timedelta(days=days):%Y%m%dT%H%M%S.%fZ}"
            names += [Path(f"{file}.before-restore-{at}"), Path(f"{file}.before-restore-{at}-wal")]
        names.append(Path(f"{file}.before-restore-notes"))
        for each in names:
            each.write_bytes(b"Ana")
        await scene.start_bot()
        async with asyncio.timeout(5):
            while any(each.exists() for each in (*left, *names[2:4])):  # noqa: ASYNC110 - of files
                await asyncio.sleep(0.01)
        assert [each.exists() for each in names] == [True, True, False, False, True]


def database(scene: Scene) -> Path:
    return Path(scene.settings.database_url.partition(":///")[2])


async def copied(scene: Scene) -> bytes:
    """The database file, of which a copy is made while the bot is stopped."""
    await scene.stop_bot()
    content = database(scene).read_bytes()
    await scene.start_bot()
    return content


async def put_back(scene: Scene, content: bytes) -> None:
    await scene.stop_bot()
    database(scene).write_bytes(content)


async def a_command_begins(scene: Scene) -> None:
    settings = PetitionSettings.model_validate(scene.settings.model_dump())
    async with open_cli_context(settings):
        pass


async def until_marked(scene: Scene, number: int) -> None:
    """Waits until it is noted beside the key how far the petition has got."""
    assert scene.settings.key_file is not None
    keys = scene.settings.key_file.parent
    await until(lambda: [each.split()[0] for each in marks(keys)] == [str(number)])


def marks(folder: Path) -> list[str]:
    return [each.read_text() for each in folder.glob("*.mark")]


class Stored:
    """A storage whose files and last number are as the test says."""

    def __init__(self) -> None:
        self.number = 6
        self.replaced = False
        self.away = False
        self.database = self

    def require_files(self) -> None:
        if self.replaced:
            raise DatabaseReplaced

    async def read(self, _: object) -> Reached:
        if self.away:
            raise Unavailable
        return Reached(self.number)


def watch_of(stored: Stored, mark: HighWaterMark) -> DatabaseWatch:
    return DatabaseWatch(cast("Storage", stored), mark)


def number_in(mark: HighWaterMark) -> int:
    return int(mark.path.read_text().split()[0])


@pytest.fixture
def mark(tmp_path: Path) -> HighWaterMark:
    (tmp_path / "keys").mkdir()
    url = f"sqlite+aiosqlite:///{tmp_path / 'petition.db'}"
    return HighWaterMark(tmp_path / "keys" / "petition.key", url, "andry")


async def test_many_looks_at_once_never_seem_to_go_back(mark: HighWaterMark) -> None:
    class Busy(Stored):
        async def read(self, _: object) -> Reached:
            """The earlier it is asked for, the longer it takes to arrive."""
            self.number += 1
            number = self.number
            await asyncio.sleep(0.1 / number)
            return Reached(number)

    stored = Busy()
    watch = watch_of(stored, mark)
    await asyncio.gather(*[watch.look() for _ in range(10)])
    assert number_in(mark) == stored.number


async def test_other_files_end_it(mark: HighWaterMark) -> None:
    stored = Stored()
    watching = asyncio.create_task(watch_of(stored, mark).run())
    await asyncio.sleep(0.02)
    assert not watching.done()
    stored.replaced = True
    with pytest.raises(DatabaseReplaced):
        await asyncio.wait_for(watching, 5)


async def test_a_database_that_is_away_is_looked_at_again(mark: HighWaterMark) -> None:
    stored = Stored()
    stored.away = True
    watch = watch_of(stored, mark)
    await watch.look()
    assert not mark.path.exists()
    stored.away = False
    await watch.look()
    assert number_in(mark) == 6


async def test_a_mark_that_cannot_be_kept_is_said_once(
    mark: HighWaterMark, tmp_path: Path
) -> None:
    stored = Stored()
    watch = watch_of(stored, mark)
    with capture_logs() as logs:
        for said in (1, 2):
            (tmp_path / "keys").rename(tmp_path / "away")
            for _ in range(2):
                await watch.look()
                assert len(logs) == said
            (tmp_path / "away").rename(tmp_path / "keys")
            stored.number += 1
            await watch.look()
            assert number_in(mark) == stored.number
            stored.number += 1
    assert [(line["event"], line["kind"]) for line in logs] == [
        ("high_water_mark_not_saved", "FileNotFoundError")
    ] * 2
