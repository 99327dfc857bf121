"""Ana's stored data is damaged: she is told, can still withdraw, and the admins are told."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from handlers.admin_notices import DAMAGED
from storage.signatures import stored_supporter
from storage.sqlite_connection import storage_error
from storage.transaction import Transaction
from tests.support.raw_sql import read_sql, write_sql
from tests.support.scene import Scene
from tests.support.storage_calls import call_instead
from tests.support.telegram_calls import fails

SIGNED_NAME = "El nombre con el que firmaste está dañado"
TYPED_NAME = "El nombre que habías escrito está dañado"


@pytest.fixture(autouse=True)
async def marta_is_there(scene: Scene) -> None:
    await scene.starts(scene.marta)


async def damage(scene: Scene, table: str, column: str) -> None:
    """One bit of the tag of every sealed value in a column."""
    storage = scene.storage
    rows = await read_sql(
        storage.database,
        f"SELECT rowid, {column} AS value FROM {table}",  # noqa: S608 - of this test
    )
    for row in rows:
        if row["value"] is not None:
            value = row["value"][:-1] + bytes([row["value"][-1] ^ 1])
            sql = f"UPDATE {table} SET {column} = :value WHERE rowid = :row"  # noqa: S608
            await write_sql(storage.database, sql, value=value, row=row["rowid"])


def alarms(scene: Scene) -> int:
    """How often an admin was told that data is damaged."""
    told = scene.words.text(DAMAGED).split("</b>")[0].removeprefix("⚠️ <b>")
    return sum(told in message.text for message in scene.marta.messages if message.from_bot)


async def test_a_damaged_signature_is_shown_told_and_can_be_withdrawn(scene: Scene) -> None:
    """The admins are told once, and the log each time."""
    ana = scene.ana
    await scene.signs(ana)
    await damage(scene, "signatures", "name_sealed")
    with capture_logs() as logs:
        for command in ("/mydata", "/start", "/privacy"):
            await scene.says(ana, command)
            if command == "/mydata":
                assert SIGNED_NAME in scene.screen(ana).text
                assert "Ana" not in scene.screen(ana).text
    assert alarms(scene) == 1
    found = [line for line in logs if line["event"] == "data_damaged"]
    assert len(found) >= 3
    assert {(line["log_level"], line["column"]) for line in found} == {
        ("critical", "signatures.name_sealed")
    }
    # What is damaged in another column is told as well.
    await scene.to_the_consent(scene.jordi)
    await damage(scene, "conversations", "name_sealed")
    for _ in range(2):
        await scene.says(scene.jordi, "/start")
    assert alarms(scene) == 2
    await scene.closes()
    await scene.broadcasts(1)
    assert scene.told(ana) == 1
    assert "No te escribiremos más." in await scene.says(ana, "/stop")
    assert SIGNED_NAME not in await scene.withdraws(ana)
    assert await read_sql(scene.storage.database, "SELECT id FROM signatures") == []


async def test_a_typed_name_that_is_damaged_is_asked_for_again_and_said_once(scene: Scene) -> None:
    ana, words = scene.ana, scene.words

    async def types_a_name_that_is_damaged(*before: str) -> None:
        await scene.to_the_name(ana)
        await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
        for command in before:
            await scene.says(ana, command)
        await damage(scene, "conversations", "name_sealed")

    # She leaves the form, and she reads something else meanwhile.
    for command, before in (("/start", ()), ("/help", ("/help",))):
        await types_a_name_that_is_damaged(*before)
        for said in (True, False):
            await scene.says(ana, command)
            assert (TYPED_NAME in scene.screen(ana).text) is said
    await types_a_name_that_is_damaged()
    await scene.taps(ana, words.label("✍️ Consiento y firmo"))
    text = scene.screen(ana).text
    assert TYPED_NAME in text
    assert "¿Con qué nombre quieres firmar?" in text
    assert TYPED_NAME not in await scene.taps(ana, "Usar «Ana García»")
    assert "con la tuya: 1" in await scene.consents(ana)
    assert alarms(scene) == 1


def corrupt() -> sqlite3.DatabaseError:
    """What SQLite says of a page that fails its check."""
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def spoil(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """From now on the database's own words for whatever mentions a part are that it is damaged."""

    def spoiled(execute: Callable[..., Any]) -> Callable[..., Any]:
        def called(self: object, statement: Any, *given: Any, **named: Any) -> Any:
            if part in str(statement).replace("\n", " "):
                raise corrupt()
            return execute(self, statement, *given, **named)

        return called

    monkeypatch.setattr(Connection, "execute", spoiled(Connection.execute))
    monkeypatch.setattr(Transaction, "first_kept", spoiled(Transaction.first_kept))


async def test_damage_met_when_a_screen_is_drawn_at_last_is_said_and_told_like_any(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.starts(scene.ana)
    fails(monkeypatch, "send_message", 1)
    await scene.says(scene.ana, "/help")
    spoil(monkeypatch, "JOIN signatures")
    with capture_logs() as logs:
        await scene.ana.sees("No podemos mostrarte cómo ha quedado lo que has pedido")
        await scene.marta.sees("Hay datos dañados")
    assert alarms(scene) == 1
    # What looks by itself every few seconds may have met it too.
    found = {line["log_level"] for line in logs if line["event"] == "data_damaged"}
    assert found == {"critical"}


@pytest.mark.parametrize("part", ["ORDER BY conversations.updated_at", "FROM broadcasts"])
async def test_damage_that_nobody_asked_for_is_told_to_the_admins(scene: Scene, part: str) -> None:
    await scene.stop_bot()
    spoil(scene.patch, part)
    with capture_logs() as logs:
        await scene.start_bot()
        await scene.marta.sees("Hay datos dañados")
        await scene.settled()
    assert alarms(scene) == 1
    assert "critical" in [line["log_level"] for line in logs if line["event"] == "data_damaged"]


async def test_a_damaged_database_is_said_to_who_meets_it_and_to_the_admins(scene: Scene) -> None:
    await scene.starts(scene.ana)

    def broken(_: Transaction) -> None:
        raise storage_error(corrupt())

    async def breaks(*_: object) -> None:
        await scene.services.storage.read(broken)

    call_instead(scene.patch, stored_supporter, breaks)
    with capture_logs() as logs:
        for _ in range(2):
            await scene.says(scene.ana, "/mydata")
    scene.patch.undo()
    assert scene.app.dispatch.counts.passed_over == 2, "they do not count as handled"
    assert "los datos que guardamos están dañados" in scene.ana.messages[-1].text
    assert alarms(scene) == 1
    assert [line["log_level"] for line in logs if line["event"] == "data_damaged"] == [
        "critical"
    ] * 2
    assert "Lo que guardamos de ti" in await scene.says(scene.ana, "/mydata")
