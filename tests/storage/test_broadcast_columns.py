"""Tests what revision 0007 makes of a database of 0006: columns, reasons and outcomes."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import closing
from typing import Any

import asyncpg
import pytest

from storage import Keyring, PauseReason, Row, Statement, StopReason, migrate, open_database
from storage.broadcast_rows import read_broadcast
from storage.broadcast_types import DeliveryState
from tests.storage.earlier_revisions import make_revision
from tests.support.supporters import ADMIN, SLUG

AUTHOR = 555

# By state and stored reason: what they are now.
REASONS = {
    ("stopped", "content: Bad Request: can't parse"): (
        StopReason.CONTENT,
        "Bad Request: can't parse",
    ),
    ("stopped", "unreadable: Not one"): (StopReason.UNREADABLE, "Not one"),
    ("stopped", "declined: "): (StopReason.DECLINED, ""),
    ("stopped", "unapproved: "): (StopReason.UNAPPROVED, ""),
    ("stopped", "open: "): (StopReason.OPEN, ""),
    ("stopped", "defect: KeyError 1f"): (StopReason.OTHER, "defect: KeyError 1f"),
    ("stopped", "can't parse"): (StopReason.OTHER, "can't parse"),
    ("paused", None): (None, ""),
    ("paused", "late: "): (PauseReason.LATE, ""),
    ("paused", "former: "): (PauseReason.FORMER, ""),
    ("paused", "defect: KeyError 3f9a"): (PauseReason.DEFECT, "KeyError 3f9a"),
    ("paused", "unrecorded: OSError 3f9a"): (PauseReason.UNRECORDED, "OSError 3f9a"),
    ("paused", "nobody: 20"): (PauseReason.NOBODY, "20"),
    ("paused", "denied: Not: Found"): (PauseReason.DENIED, "Not: Found"),
    ("paused", "by hand"): (PauseReason.DEFECT, "by hand"),
    ("running", None): (None, ""),
    ("scheduled", None): (None, ""),
    ("finished", None): (None, ""),
    ("cancelled", None): (None, ""),
}
STATES = [state for state in DeliveryState if state is not DeliveryState.FORBIDDEN]  # came later
FORMER_STATES = [
    "unknown" if state is DeliveryState.UNCONFIRMED else state.value for state in STATES
]


def former_rows(keyring: Keyring) -> Iterable[str]:
    """The statements that fill a database of revision 0006, one petition for each broadcast."""
    for number, (state, reason) in enumerate(REASONS):
        id_, slug = number.to_bytes(16, "big"), f"{SLUG}{number}"
        author, approver = (
            keyring.seal(str(who), table="broadcasts", column=column, row=id_).hex()
            for who, column in ((AUTHOR, "started_by_sealed"), (ADMIN, "approved_by_sealed"))
        )
        stored = "NULL" if reason is None else "'{}'".format(reason.replace("'", "''"))
        yield f"INSERT INTO petitions (slug) VALUES ('{slug}')"  # noqa: S608
        yield f"""INSERT INTO broadcasts (id, petition, kind, state, content, content_sha256,
          total, created_at, finished_at, stop_reason, started_by_sealed, approved_by_sealed,
          cutoff, queued_upto, queued_at)
          VALUES (HEX{id_.hex()}', '{slug}', 'closing', '{state}', '{{}}', HEX00', 7, 1, 9000,
          {stored}, HEX{author}', HEX{approver}', 70, 60, 8000)"""  # noqa: S608
    first = bytes(16).hex()
    for position, state in enumerate(FORMER_STATES):
        yield f"""INSERT INTO signatures (id, petition, supporter, number, name_sealed,
          chat_sealed, language, text_version, signed_at)
          VALUES (HEX{position:02}', '{SLUG}0', HEX{position:02}', {position}, HEX00', HEX00',
          'es', '1', 0)"""  # noqa: S608
        yield f"""INSERT INTO deliveries (broadcast_id, position, signature_id, language, state,
          attempts, claim, updated_at, message_ids, recall)
          VALUES (HEX{first}', {position}, HEX{position:02}', 'es', '{state}', 1, HEXc1',
          2000, '17,18', 'deleted')"""  # noqa: S608
    for state, people in (("unknown", 3), ("delivered", 4)):
        yield f"""INSERT INTO erased_deliveries (broadcast_id, state, recall, people)
          VALUES (HEX{first}', '{state}', 'failed', {people})"""  # noqa: S608


async def fill(url: str, statements: Iterable[str]) -> None:
    """Runs the statements in a database."""
    if url.startswith("sqlite"):
        with (
            closing(sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))) as database,
            database,
        ):
            for statement in statements:
                database.execute(statement.replace("HEX", "x'"))
        database.close()
        return
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    for statement in statements:
        await connection.execute(statement.replace("HEX", r"'\x"))
    await connection.close()


@pytest.fixture
async def rows(empty_url: str, keyring: Keyring) -> AsyncIterator[Callable[[str], Any]]:
    """Reads from a database of revision 0006 that was migrated."""
    await make_revision(empty_url, "0006")
    await fill(empty_url, former_rows(keyring))
    await migrate(empty_url)
    database = await open_database(empty_url)

    async def read(sql: str) -> list[Row]:
        return await database.read(Statement(sql))

    yield read
    await database.close()


async def test_broadcasts_keep_everything_under_its_new_name(
    rows: Callable[[str], Any], keyring: Keyring
) -> None:
    found = await rows("SELECT * FROM broadcasts ORDER BY id")
    broadcasts = [read_broadcast(row, keyring) for row in found]
    assert [
        (one.state, one.pause_reason or one.stop_reason, one.reason_detail) for one in broadcasts
    ] == [(state, *now) for (state, _), now in REASONS.items()]
    assert {(one.author, one.confirmed_by, one.is_damaged) for one in broadcasts} == {
        (AUTHOR, ADMIN, False)
    }
    names = ("reported_at", "last_signature_number", "enqueued_through", "enqueued_at")
    assert {tuple(row[name] for name in names) for row in found} == {(9000, 70, 60, 8000)}


async def test_deliveries_keep_everything_and_unknown_is_unconfirmed(
    rows: Callable[[str], Any],
) -> None:
    found = await rows("SELECT * FROM deliveries ORDER BY position")
    assert [row["state"] for row in found] == STATES
    assert found[-1] == {
        "broadcast_id": bytes(16),
        "position": len(STATES) - 1,
        "signature_id": bytes([len(STATES) - 1]),
        "language": "es",
        "state": "withdrawn",
        "attempts": 1,
        "claim_token": b"\xc1",
        "updated_at": 2000,
        "message_ids": "17,18",
        "recall_outcome": "deleted",
    }
    erased = await rows("SELECT state, recall_outcome, people FROM erased_deliveries ORDER BY 1")
    assert [tuple(row.values()) for row in erased] == [
        ("delivered", "failed", 4),
        ("unconfirmed", "failed", 3),
    ]
