"""Gives everybody another reference, under another reference key. New queries go here.

A reference cannot be turned back into a person, so it is made anew from the chat's number, which
is stored, encrypted, of everybody who signed, has a file in the chat or waits for a sentence. Of
who only talked to the bot it is not, and they are forgotten. No bot may run meanwhile: one with
the former references would not recognise those who have another, and they could sign again. So the
fingerprint of the petition is another one until the end, with which no bot starts. Each portion is
one transaction, and what has its reference is passed over, so a run that was killed goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.audit import AuditedRows
from storage.database import Database, Row, Statement, Value
from storage.errors import KeyFileOther, PetitionMissing, StorageError
from storage.journal import Journal
from storage.keyring import CHANGING, NOBODY, Keyring
from storage.sql_in_lists import parameters

_PORTION = 200

_BEGIN = "UPDATE petitions SET key_fingerprint = :fingerprint WHERE slug = :petition"

_FINGERPRINT = "SELECT key_fingerprint FROM petitions WHERE slug = :petition"

_COUNT = "SELECT COUNT(*) AS people FROM signatures WHERE petition = :petition"

_SIGNERS = f"""
SELECT id, number, supporter, chat_sealed FROM signatures
WHERE petition = :petition AND number > :after ORDER BY number LIMIT {_PORTION}
"""  # noqa: S608 - a constant

_FILES = "SELECT supporter, message_id, chat_sealed FROM sent_files WHERE petition = :petition"

_NOTICES = "SELECT id, supporter, chat_sealed FROM person_notices WHERE petition = :petition"

_NAMES = """
SELECT supporter, name_sealed FROM conversations
WHERE petition = :petition AND name_sealed IS NOT NULL AND supporter IN ({people})
"""

_MOVE = {
    "signatures": "UPDATE signatures SET supporter = :fresh WHERE id = :id",
    "person_notices": "UPDATE person_notices SET supporter = :fresh WHERE id = :id",
    "sent_files": """
    UPDATE sent_files SET supporter = :fresh, chat_sealed = :sealed
    WHERE petition = :petition AND supporter = :former AND message_id = :message_id
    """,
}

_MOVE_CONVERSATION = """
UPDATE conversations SET supporter = :fresh, name_sealed = :sealed, screen_digest = NULL
WHERE petition = :petition AND supporter = :former
"""

# By table of the admins, the column that is bound to the reference.
_OF_ADMINS: Mapping[str, str | None] = {
    "drafts": "body_sealed",
    "admin_names": "name_sealed",
    "awaited_closing_texts": None,
}

_RENAME_MENU = """
UPDATE telegram_cache SET key = REPLACE(key, :former, :fresh)
WHERE petition = :petition AND key LIKE :menu
"""

# The numbers of admins, as they are noted with what they did: the table, its key, the column.
_WHO_ACTED = (
    ("audit", "actor_sealed"),
    ("broadcasts", "author_sealed"),
    ("broadcasts", "confirmed_by_sealed"),
    ("closing_texts", "author_sealed"),
)

# Of nobody whose chat is known: they have no reference of the new key.
_UNKNOWN = """
c.petition = :petition AND NOT EXISTS (
  SELECT 1 FROM signatures s WHERE s.petition = c.petition AND s.supporter = c.supporter
) AND NOT EXISTS (
  SELECT 1 FROM sent_files f WHERE f.petition = c.petition AND f.supporter = c.supporter
) AND NOT EXISTS (
  SELECT 1 FROM person_notices n WHERE n.petition = c.petition AND n.supporter = c.supporter
) AND c.supporter NOT IN ({admins})
"""

# Buttons of those who are forgotten stay in their chats.
_KEEP_VERSION = """
UPDATE petitions SET forgotten_version = (
  SELECT COALESCE(MAX(c.version), 0) FROM conversations c WHERE c.petition = :petition
)
WHERE slug = :petition AND forgotten_version < (
  SELECT COALESCE(MAX(c.version), 0) FROM conversations c WHERE c.petition = :petition
)
"""

_COUNT_UNKNOWN = f"SELECT COUNT(*) AS people FROM conversations c WHERE {_UNKNOWN}"  # noqa: S608 - a constant

_FORGET_UNKNOWN = f"""
DELETE FROM conversations WHERE petition = :petition AND supporter IN (
  SELECT c.supporter FROM conversations c WHERE {_UNKNOWN}
)
"""  # noqa: S608 - constants of this file

_OTHERS = "SELECT slug, key_fingerprint FROM petitions WHERE slug <> :petition"

_BEFORE_EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)


class NotDerivable(StorageError):
    """Some signatures have no chat from which a reference can be made; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Changed:
    """How many signatures have another reference, and how many people were forgotten."""

    signatures: int
    forgotten: int


class ReferenceChange(AuditedRows):
    """Gives everybody of one petition a reference of the newest key.

    Args:
        database: where it is.
        journal: of the petition; its key is made from the reference key too.
        keyring: has the newest reference key first, and the one that was used until now.
        slug: the petition.
    """

    def __init__(self, database: Database, journal: Journal, keyring: Keyring, slug: str) -> None:
        super().__init__(database, slug, keyring)
        self._journal = journal

    async def signatures(self) -> int:
        """Returns how many signatures there are."""
        return int((await self._read(_COUNT))[0]["people"])

    async def forgotten(self, admins: Collection[int]) -> int:
        """Returns how many people would be forgotten, as their chat is not stored."""
        listed, values = self._listed(admins)
        (row,) = await self._read(_COUNT_UNKNOWN.format(admins=listed), **values)
        return int(row["people"])

    async def require_derivable(self) -> None:
        """Checks that everybody who signed can get a reference of the newest key.

        Raises:
            NotDerivable: the chat of some is damaged.
        """
        broken = [
            row["number"]
            async for rows in self._signers()
            for row in rows
            if self._chat(row, "signatures") is None
        ]
        if broken:
            raise NotDerivable(
                "The chat of these signatures cannot be decrypted, so whoever gave them would "
                "not be recognised any more: {numbers}. Nothing was changed. Put back what the "
                "database had before it was damaged, or erase them with petition-bot person "
                "NUMBER erase.",
                numbers=", ".join(map(str, broken[:20])) + (" …" if broken[20:] else ""),
            )

    async def carry_out(
        self, progress: Callable[[int], object], admins: Collection[int], at: datetime
    ) -> Changed:
        """Changes the references; no bot may run on this petition.

        Args:
            progress: told after each portion how many signatures are done.
            admins: the Telegram user ids of the settings; who acted before is found besides.
            at: now.
        """
        await self.require_derivable()
        known = {*admins, *await self._who_acted()}
        await self._database.write(self._fingerprint(CHANGING))
        signatures = 0
        async for rows in self._signers():
            await self._move(rows, "signatures")
            signatures += len(rows)
            progress(signatures)
        await self._move(await self._read(_FILES), "sent_files")
        await self._move(await self._read(_NOTICES), "person_notices")
        for admin in known:
            await self._move_admin(admin)
        forgotten = await self.forgotten(known)
        if self._journal.path.exists():
            await asyncio.to_thread(self._journal.rewrite, _BEFORE_EVERYTHING, self._keyring)
        listed, values = self._listed(known)
        await self._database.write(
            self._statement(_KEEP_VERSION),
            self._statement(_FORGET_UNKNOWN.format(admins=listed), **values),
            self._statement("DELETE FROM person_codes WHERE petition = :petition"),
            *[
                self._statement(
                    f"DELETE FROM {table} WHERE petition = :petition AND admin NOT IN ({listed})",  # noqa: S608 - constants
                    **values,
                )
                for table in _OF_ADMINS
            ],
            self._audit.statement(
                "change references",
                actor=None,
                at=at,
                detail=f"{signatures} signatures, {forgotten} forgotten",
            ),
            self._fingerprint(NOBODY),
        )
        return Changed(signatures, forgotten)

    async def needs_older_key(self) -> bool:
        """Returns whether another petition of the database has references of an older key."""
        references = self._keyring.references
        return any(
            row["key_fingerprint"]
            in (*references(row["slug"], NOBODY)[1:], *references(row["slug"], CHANGING))
            for row in await self._read(_OTHERS)
        )

    async def is_journal_changed(self) -> bool:
        """Returns whether the journal needs no older key: a damaged one is left as it is."""
        content = await asyncio.to_thread(self._journal.read)
        return content.unreadable == 0

    async def is_begun(self) -> bool:
        """Returns whether the newest key is not the one of the database.

        Raises:
            PetitionMissing: the petition was never started on this database.
            KeyFileOther: none of the keys is the one of the database.
        """
        rows = await self._read(_FINGERPRINT)
        if not rows:
            raise PetitionMissing
        newest, *older = self._keyring.references(self._slug, NOBODY)
        stored = rows[0]["key_fingerprint"]
        if stored == newest:
            return False
        if stored in (*older, self._keyring.references(self._slug, CHANGING)[0]):
            return True
        raise KeyFileOther

    async def _signers(self) -> AsyncIterator[list[Row]]:
        after = -1
        while rows := await self._read(_SIGNERS, after=after):
            yield rows
            after = rows[-1]["number"]

    async def _move(self, rows: Iterable[Row], table: str) -> None:
        """Moves rows of one table to the new references, with their owners' conversations."""
        statements: list[Statement] = []
        people: list[tuple[bytes, bytes]] = []
        for row in rows:
            chat, former = self._chat(row, table), row["supporter"]
            fresh = former if chat is None else self._keyring.references(self._slug, chat)[0]
            if chat is None or fresh == former:
                continue
            # What is bound to the reference itself is sealed anew.
            sealed = None if "id" in row else self._sealed(chat, table, "chat_sealed", fresh)
            values = {**row, "former": former, "fresh": fresh, "sealed": sealed}
            people.append((former, fresh))
            statements.append(self._statement(_MOVE[table], **values))
        for start in range(0, len(people), _PORTION):
            portion = slice(start, start + _PORTION)
            moved = await self._conversations(people[portion])
            await self._database.write(*statements[portion], *moved)

    async def _conversations(self, people: Sequence[tuple[bytes, bytes]]) -> list[Statement]:
        """Returns what moves the conversations of people, of former and new reference."""
        listed, asked = parameters("p", [former for former, _ in people])
        rows = await self._read(_NAMES.format(people=listed), **asked)
        named = {row["supporter"]: row for row in rows}
        return [
            self._statement(
                _MOVE_CONVERSATION,
                former=former,
                fresh=fresh,
                sealed=self._bound(
                    named.get(former), "conversations", "name_sealed", former, fresh
                ),
            )
            for former, fresh in people
        ]

    async def _move_admin(self, admin: int) -> None:
        fresh, *older = self._keyring.references(self._slug, admin)
        for former in older:
            statements = await self._conversations([(former, fresh)])
            own: dict[str, Value] = {"former": former, "fresh": fresh}
            for table, column in _OF_ADMINS.items():
                found = f"FROM {table} WHERE petition = :petition AND admin = :former"
                for row in await self._read(f"SELECT * {found}", former=former):
                    setting, sealed = "", None
                    if column is not None:
                        sealed = self._bound(row, table, column, former, fresh)
                        if sealed is None:
                            continue  # it cannot be decrypted, and is deleted at the end
                        setting = f", {column} = :sealed"
                    moving = (
                        f"UPDATE {table} SET admin = :fresh{setting}"  # noqa: S608 - constants
                        " WHERE petition = :petition AND admin = :former"
                    )
                    statements.append(self._statement(moving, **own, sealed=sealed))
            menu = self._statement(
                _RENAME_MENU, former=former.hex(), fresh=fresh.hex(), menu=f"%:menu:{former.hex()}"
            )
            await self._database.write(*statements, menu)

    async def _who_acted(self) -> set[int]:
        return {
            who
            for table, column in _WHO_ACTED
            for row in await self._read(
                f"SELECT id, {column} FROM {table}"  # noqa: S608 - constants
                f" WHERE petition = :petition AND {column} IS NOT NULL"
            )
            if (who := self._opened_id(row, table, column, row["id"])) is not None
        }

    def _chat(self, row: Row, table: str) -> int | None:
        """Returns the chat of a row; None unless it is of that person, under any of the keys."""
        bound_to = row["id"] if "id" in row else row["supporter"]
        chat = self._opened_id(row, table, "chat_sealed", bound_to)
        if chat is None or row["supporter"] not in self._keyring.references(self._slug, chat):
            return None
        return chat

    def _bound(
        self, row: Row | None, table: str, column: str, former: bytes, fresh: bytes
    ) -> bytes | None:
        """Returns a value encrypted anew for another row; None if it is none, or damaged."""
        plain = None if row is None else self._opened(row, table, column, former)
        return None if plain is None else self._sealed(plain, table, column, fresh)

    def _fingerprint(self, which: int) -> Statement:
        own = self._keyring.references(self._slug, which)[0]
        return self._statement(_BEGIN, fingerprint=own)

    def _listed(self, admins: Collection[int]) -> tuple[str, dict[str, Value]]:
        """Returns the newest references of admins, as a list in SQL and its values."""
        known = (self._keyring.references(self._slug, one)[0] for one in admins)
        return parameters("a", [b"", *known])
