"""Tests that an operator exchanges the key knowingly, and is told what to keep."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from typer.testing import Result

from storage.keyring import Keyring, add_encryption_key
from storage.process_lock import acquire_process_lock
from tests.cli.petition_database import PetitionDatabase, command, on_both, refused, said
from tests.support.postgres_server import END_LOCKS, PostgresServer

call = partial(command, "keys", "rotate")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "petition.key"


def encryption_keys(key_file: Path) -> int:
    return key_file.read_text().count("\nencryption ")


def names(petition: PetitionDatabase, key_file: Path) -> list[str]:
    """The names, as a bot reads them that starts now."""
    sql = "SELECT id, name_sealed FROM signatures ORDER BY number"
    rows = petition.sql(sql)
    keyring, where = Keyring.load(key_file), ("signatures", "name_sealed")
    return [
        keyring.open(row["name_sealed"], table=where[0], column=where[1], row=row["id"])
        for row in rows
    ]


@on_both
def test_what_to_keep_is_said_before_and_nothing_needs_the_older_key_afterwards(
    petition: PetitionDatabase, key_file: Path
) -> None:
    before = key_file.read_bytes()
    asked = said(call(typed="n\n"))
    machines = (
        ""
        if petition.url.startswith("sqlite")
        else " If other machines have a bot on this database, stop all of them before, and copy "
        "this file to each of them afterwards."
    )
    assert asked == (
        f"{key_file} gets a new encryption key, with which all values are encrypted anew. Then "
        "the older key is taken out of the file. Backups made until then cannot be read without "
        "it: keep a copy of the file as it is now, apart, for as long as you keep them. If a bot "
        f"on another database uses this file, choose --keep-old.{machines}\n"
        "Exchange the key? [y/N]: n\nNothing was changed.\n"
    )
    assert key_file.read_bytes() == before
    result = said(call(typed="y\n"))
    assert "Values encrypted with the new key: 12. The older one is no longer in " in result
    assert f" in {key_file}. Make a copy of the file as it is now, and keep the former" in result
    assert encryption_keys(key_file) == 1
    assert key_file.read_bytes() != before
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert names(petition, key_file) == [f"Persona {n}" for n in range(1, 7)]
    ended, begun = petition.audited()[:2]
    newest = Keyring.load(key_file).newest.hex()
    assert (ended.action, ended.detail) == (
        "rotate keys",
        f"{newest} ended: 12 values, 0 damaged, older removed",
    )
    assert begun.detail == f"{newest} begun"


def test_the_older_key_can_stay_in_the_file(petition: PetitionDatabase, key_file: Path) -> None:
    text = said(call("--keep-old", "--yes"))
    assert text.splitlines() == [
        f"{key_file} gets a new encryption key, with which all values are encrypted anew. The "
        "older key stays in the file as well.",
        f"Values encrypted with the new key: 12. The older one stays in {key_file}. Make a copy of"
        " the file as it is now.",
    ]
    assert petition.audited()[0].detail.endswith("ended: 12 values, 0 damaged, older kept")
    assert encryption_keys(key_file) == 2
    assert names(petition, key_file)[0] == "Persona 1"


def test_a_killed_one_goes_on_with_its_key(petition: PetitionDatabase, key_file: Path) -> None:
    add_encryption_key(key_file)
    newest = Keyring.load(key_file).newest
    assert "was begun and is not over. It goes on. Values left: 12." in said(call("--yes"))
    assert Keyring.load(key_file).newest == newest
    assert encryption_keys(key_file) == 1
    assert names(petition, key_file)[5] == "Persona 6"


def test_one_damaged_name_keeps_the_older_key(petition: PetitionDatabase, key_file: Path) -> None:
    sql = "UPDATE signatures SET name_sealed = chat_sealed WHERE number < 3"
    petition.sql(sql)
    text = said(call("--yes"))
    assert text.splitlines()[-1] == (
        "Values encrypted with the new key: 10. Some could not be decrypted: "
        f"signatures.name_sealed 2. So the older one stays in {key_file}."
    )
    assert petition.audited()[0].detail.endswith("ended: 10 values, 2 damaged, older kept")
    assert encryption_keys(key_file) == 2
    # The file was seen by somebody else: all that can be read gets another key once more.
    before = Keyring.load(key_file).newest
    assert "Values encrypted with the new key: 10." in said(call("--yes"))
    assert Keyring.load(key_file).newest != before
    assert encryption_keys(key_file) == 3


def test_nothing_is_asked_while_the_bot_runs(petition: PetitionDatabase, key_file: Path) -> None:
    before = key_file.read_bytes()

    async def meanwhile() -> Result:
        async with acquire_process_lock(petition.url, "intake/andry"):
            return await asyncio.to_thread(call, "--yes")

    assert "already running on this database" in refused(asyncio.run(meanwhile()))
    assert key_file.read_bytes() == before


def test_nothing_is_exchanged_where_the_bot_was_started_while_the_question_stood(
    petition: PetitionDatabase, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, lock = key_file.read_bytes(), acquire_process_lock(petition.url, "intake/andry")
    with closing(asyncio.new_event_loop()) as bot:

        def starts(_question: str) -> bool:
            bot.run_until_complete(lock.__aenter__())
            return True

        monkeypatch.setattr("bot.console.confirms", starts)
        assert "already running on this database" in refused(call())
        bot.run_until_complete(lock.__aexit__(None, None, None))
    assert key_file.read_bytes() == before


@pytest.mark.parametrize("kind", ["postgres"])
def test_it_stops_when_it_can_no_longer_keep_the_bot_from_starting_and_goes_on_later(
    petition: PetitionDatabase,
    key_file: Path,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An administrator of the server ends the session that keeps the bot away."""
    done: list[int] = []

    @contextmanager
    def shown(*_: object) -> Iterator[Callable[[int], None]]:
        yield portion_done

    def portion_done(values: int) -> None:
        done.append(values)
        if len(done) == 1:
            with ThreadPoolExecutor() as other:
                other.submit(postgres_server.execute, END_LOCKS).result()

    with monkeypatch.context() as patch:
        patch.setattr("storage.key_rotation.PORTION", 1)
        patch.setattr("bot.cli.keys.progress", shown)
        assert "See that no bot runs, and run it again." in refused(call("--yes"))
    assert len(done) <= 2, "no portion is begun after that"
    assert encryption_keys(key_file) == 2
    assert "The older one is no longer in" in said(call("--yes"))
    assert names(petition, key_file) == [f"Persona {n}" for n in range(1, 7)]
