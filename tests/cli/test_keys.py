"""Tests that an operator exchanges the key knowingly, and is told what to keep."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from storage import (
    KeyFileOther,
    Keyring,
    Statement,
    acquire_process_lock,
    key_rotation,
    open_storage,
)
from storage.key_file import (
    add_encryption_key,
    add_reference_key,
    remove_older_reference_keys,
)
from storage.process_lock import KEYS_LOCK
from tests.cli.petition_database import PetitionDatabase, on_both, refused, said
from tests.support.supporters import NOON, Supporters


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rotation, "LATEST_WRITE_SECONDS", 0.0)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "petition.key"


def call(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["keys", "rotate", *arguments], input=typed)


def encryption_keys(key_file: Path) -> int:
    return key_file.read_text().count("\nencryption ")


def names(petition: PetitionDatabase, key_file: Path) -> list[str]:
    """The names, as a bot reads them that starts now."""
    sql = "SELECT id, name_sealed FROM signatures ORDER BY number"
    rows = petition.do(lambda storage: storage.database.read(Statement(sql)))
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
    assert asked == (
        f"{key_file} gets a new encryption key, with which all values are encrypted anew. Then "
        "the older key is taken out of the file. Backups made until then cannot be read without "
        "it: keep a copy of the file as it is now, apart, for as long as you keep them. If a bot "
        "on another database uses this file, choose --keep-old.\n"
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


def test_one_that_was_killed_goes_on_with_the_same_key(
    petition: PetitionDatabase, key_file: Path
) -> None:
    add_encryption_key(key_file)
    newest = Keyring.load(key_file).newest
    assert "was begun and is not over. It goes on. Values left: 12." in said(call("--yes"))
    assert Keyring.load(key_file).newest == newest
    assert encryption_keys(key_file) == 1
    assert names(petition, key_file)[5] == "Persona 6"


def test_a_name_that_cannot_be_decrypted_keeps_the_older_key(
    petition: PetitionDatabase, key_file: Path
) -> None:
    sql = "UPDATE signatures SET name_sealed = chat_sealed WHERE number < 3"
    petition.do(lambda storage: storage.database.write(Statement(sql)))
    text = said(call("--yes"))
    assert text.splitlines()[-1] == (
        "Values encrypted with the new key: 10. Some could not be decrypted, and are as they "
        f"were: signatures.name_sealed 2. So the older key stays in {key_file}."
    )
    assert petition.audited()[0].detail.endswith("ended: 10 values, 2 damaged, older kept")
    assert encryption_keys(key_file) == 2


def test_two_at_once_are_one(petition: PetitionDatabase, key_file: Path) -> None:
    before = key_file.read_bytes()

    async def meanwhile() -> Result:
        async with acquire_process_lock(petition.url, KEYS_LOCK):
            return await asyncio.to_thread(call, "--yes")

    assert "Another petition-bot keys rotate is under way." in refused(asyncio.run(meanwhile()))
    assert key_file.read_bytes() == before


class TestTheReferenceKey:
    def test_what_it_costs_is_said_before_and_everybody_is_known_afterwards(
        self, petition: PetitionDatabase, key_file: Path
    ) -> None:
        before = key_file.read_bytes()
        asked = said(call_references(typed="n\n"))
        assert asked.splitlines() == [
            "Signatures: 6. Each gets a reference under another key, by which the bot recognises "
            "who gave it. People who have not signed, or have withdrawn: 0. Their chat is not "
            "stored, so what they chose and typed is forgotten, and they begin anew. Codes for "
            f"letters are void. Backups made until then can be restored only with {key_file} as "
            "it is now: keep a copy of it, apart, for as long as you keep them. Leave the bot "
            "stopped until this has ended.",
            "Exchange the key? [y/N]: n",
            "Nothing was changed.",
        ]
        assert key_file.read_bytes() == before
        result = said(call_references(typed="y\n"))
        assert result.splitlines()[-1] == (
            "Signatures with another reference: 6. People who begin anew: 0. The older key is no "
            f"longer in {key_file}. Make a copy of the file as it is now, and a backup, and start "
            "the bot."
        )
        assert key_file.read_text().count("\nreference ") == 1
        after = PetitionDatabase(petition.url, Keyring.load(key_file))
        people = after.do(
            lambda storage: storage.database.read(Statement("SELECT supporter FROM signatures"))
        )
        expected = {after.keyring.reference("andry", 1000 + n) for n in range(1, 7)}
        assert {row["supporter"] for row in people} == expected
        assert names(after, key_file) == [f"Persona {n}" for n in range(1, 7)]

    def test_is_not_exchanged_while_the_bot_runs(
        self, petition: PetitionDatabase, key_file: Path
    ) -> None:
        before = key_file.read_bytes()

        async def meanwhile() -> Result:
            async with acquire_process_lock(petition.url, "intake/andry"):
                return await asyncio.to_thread(call_references, "--yes")

        assert "The bot is running. Stop it first" in refused(asyncio.run(meanwhile()))
        assert key_file.read_bytes() == before

    def test_is_not_exchanged_on_a_copy_that_was_not_brought_up_to_date(
        self, petition: PetitionDatabase, key_file: Path
    ) -> None:
        before = key_file.read_bytes()
        petition.do(lambda storage: storage.restores.record(made_at=None, at=NOON))
        assert "Start its bot first" in refused(call_references("--yes"))
        assert key_file.read_bytes() == before

    def test_that_another_petition_here_needs_stays(
        self, petition: PetitionDatabase, key_file: Path
    ) -> None:
        async def sign() -> None:
            storage = await open_storage(petition.url, petition.keyring, "river")
            try:
                await Supporters(storage.database, petition.keyring, "river").sign([1])
            finally:
                await storage.close()

        asyncio.run(sign())
        assert said(call_references("--yes")).endswith(
            f"The older key stays in {key_file}, as another petition in this database needs it. "
            "Start the bot.\n"
        )
        assert key_file.read_text().count("\nreference ") == 2

    def test_whose_exchange_was_killed_is_exchanged_to_the_end(
        self, petition: PetitionDatabase, key_file: Path
    ) -> None:
        add_reference_key(key_file)
        fresh = Keyring.load(key_file).reference("andry", 1001)
        text = said(call_references("--yes", "--keep-old"))
        assert text.startswith("An exchange was begun and is not over. It goes on.")
        assert f"The older key stays in {key_file}." in text
        assert key_file.read_text().count("\nreference ") == 2
        assert Keyring.load(key_file).reference("andry", 1001) == fresh
        assert not petition_is_unknown(PetitionDatabase(petition.url, Keyring.load(key_file)))
        remove_older_reference_keys(key_file)
        assert not petition_is_unknown(PetitionDatabase(petition.url, Keyring.load(key_file)))


def call_references(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["keys", "rotate-references", *arguments], input=typed)


def petition_is_unknown(petition: PetitionDatabase) -> bool:
    """Whether no bot starts with this keyring."""
    try:
        petition.audited()
    except KeyFileOther:
        return True
    return False
