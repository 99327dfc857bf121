"""Tests that the database files show nobody without the key: no name, chat id or admin."""

import hashlib
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import storage as package
from storage import Storage, open_storage
from storage.closing_texts import (
    CLOSING_UPDATE,
    AwaitedText,
    ClosingTextKind,
    all_closing_texts,
    approve_publication,
    publish_closing_texts,
    write_closing_text,
)
from storage.conversations import Conversation, conversation_of, save_conversation
from storage.invalidations import take_out_signatures
from storage.keyring import Keyring
from storage.petitions import close_petition
from storage.sent_files import add_sent_file
from storage.signatures import withdraw_signature
from storage.tables import metadata
from tests.support.raw_sql import read_sql
from tests.support.supporters import NOON, WORDS, a_supporter

NAME = "Kanarienvogel Ñandú"
CHAT = 7_364_519_820_146
ADMIN = 5_918_273_640_155


def traces(folder: Path) -> dict[str, list[str]]:
    """Which canary is in which file, in any form in which a database might hold it."""
    canaries = {"name": [NAME.encode(), NAME.encode("utf-16-le"), NAME[:10].encode()]}
    for kind, number in (("chat", CHAT), ("admin", ADMIN)):
        canaries[kind] = [
            str(number).encode(),
            *[number.to_bytes(size, "big") for size in (6, 8)],
            *[number.to_bytes(size, "little") for size in (6, 8)],
        ]
    found: dict[str, list[str]] = {}
    for file in sorted(folder.rglob("*")):
        content = file.read_bytes() if file.is_file() else b""
        for kind, forms in canaries.items():
            if any(form in content for form in forms):
                found.setdefault(file.name, []).append(kind)
    return found


async def live(storage: Storage, keyring: Keyring) -> None:
    """Someone fills in, signs, gets a file, is noted in the audit by an admin, and starts over."""
    canary = a_supporter(keyring, CHAT, NAME)
    await canary.come_and_sign(storage)
    await storage.write(save_conversation, replace(canary.conversation(version=3)), was=2, at=NOON)
    await storage.write(add_sent_file, canary.supporter, chat_id=CHAT, message_id=5, at=NOON)
    await storage.write(close_petition, revision=0, actor=ADMIN, at=NOON)
    await publish(storage, keyring.reference("andry", ADMIN))
    await storage.write(take_out_signatures, [1], reason=NAME, condition=f"named {NAME}", at=NOON)


async def publish(storage: Storage, admin: bytes) -> None:
    """An admin writes how it ended, with somebody's name in it, and it is published."""
    awaited = AwaitedText(CLOSING_UPDATE, ClosingTextKind.CLOSING_UPDATE, "es", NOON)
    version = awaited.written(b"k" * 16, NAME, ADMIN, NOON)
    await storage.write(write_closing_text, version, admin)
    left = await storage.read(all_closing_texts)
    made = await storage.write(
        publish_closing_texts, left, actor=ADMIN - 1, at=NOON, approval_above=0
    )
    assert made is not None
    await storage.write(approve_publication, made.id, actor=ADMIN, at=NOON)


def test_the_search_would_find_them(tmp_path: Path) -> None:
    (tmp_path / "name").write_text(f"x{NAME}")
    (tmp_path / "chat").write_bytes(b"x" + CHAT.to_bytes(8, "big"))
    (tmp_path / "admin").write_text(f"x{ADMIN}")
    assert traces(tmp_path) == {"admin": ["admin"], "chat": ["chat"], "name": ["name"]}


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_nobody_is_in_the_files_while_it_runs_nor_after_it_was_closed(
    storage: Storage, tmp_path: Path
) -> None:
    await live(storage, storage.keyring)
    names = {file.name for file in (tmp_path / "data").iterdir()}
    assert {"petition.db", "petition.db-wal", "petition.db-shm"} <= names
    assert traces(tmp_path / "data") == {}
    await storage.close()
    assert traces(tmp_path / "data") == {}


async def test_nobody_is_in_any_column(storage: Storage) -> None:
    await live(storage, storage.keyring)
    for table in metadata.tables:
        rows = await read_sql(storage.database, f"SELECT * FROM {table}")  # noqa: S608
        shown = repr([dict(row) for row in rows])
        assert NAME not in shown
        assert str(CHAT) not in shown
        assert str(ADMIN) not in shown


async def test_a_draft_is_erased_from_the_conversation_too(storage: Storage) -> None:
    await live(storage, storage.keyring)
    canary = a_supporter(storage.keyring, CHAT, NAME)
    await storage.write(withdraw_signature, canary.supporter, NOON)
    assert await storage.read(conversation_of, canary.supporter) == Conversation(
        canary.supporter, stage="withdrawn", version=4
    )


async def test_two_petitions_that_one_person_signed_have_no_value_of_theirs_in_common(
    storage: Storage, database_url: str
) -> None:
    """LOPDGDD art. 9(1): whoever has the database cannot tell that it was the same person."""
    other = await open_storage(database_url, storage.keyring, "other")
    found: dict[str, set[object]] = {}
    for slug, one in (("andry", storage), ("other", other)):
        canary = a_supporter(storage.keyring, CHAT, NAME, slug)
        await canary.come_and_sign(one)
        await one.write(add_sent_file, canary.supporter, chat_id=CHAT, message_id=5, at=NOON)
        of_petition = found.setdefault(slug, set())
        for table in metadata.sorted_tables:
            if "petition" in table.c and table.name != "consent_texts":
                sql = f"SELECT * FROM {table.name} WHERE petition = :slug"  # noqa: S608
                for row in await read_sql(one.database, sql, slug=slug):
                    of_petition.update(dict(row).values())
    await other.close()
    assert len(found["andry"]) > 20
    shared = found["andry"] & found["other"]
    words = hashlib.sha256(WORDS.encode()).digest()
    assert {each for each in shared if isinstance(each, bytes)} == {words}
    assert not shared & {NAME, CHAT, str(CHAT)}


def test_nobodys_name_or_number_is_in_the_repr_of_what_is_read() -> None:
    numbers = {
        column.name.removesuffix("_sealed")
        for table in metadata.sorted_tables
        for column in table.c
        if column.info.get("plain") is int
    }
    modules = [import_module(f"storage.{each.name}") for each in iter_modules(package.__path__)]
    kinds = [kind for each in modules for kind in vars(each).values() if isinstance(kind, type)]
    shown = [
        (kind.__name__, each.name)
        for kind in filter(is_dataclass, kinds)
        for each in fields(kind)
        if each.repr and each.name in numbers | {"name", "chat_id"}
    ]
    assert not shown
