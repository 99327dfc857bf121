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

from storage.audit import Audit
from storage.database import Database, Row, Statement, Value
from storage.errors import KeyFileOther, PetitionMissing, StorageError
from storage.journal import Journal
from storage.keyring import CHANGING, NOBODY, Keyring

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

_MOVE_SIGNATURE = "UPDATE signatures SET supporter = :fresh WHERE id = :id"

_MOVE_NOTICE = "UPDATE person_notices SET supporter = :fresh WHERE id = :id"

_MOVE_FILE = """
UPDATE sent_files SET supporter = :fresh, chat_sealed = :sealed
WHERE petition = :petition AND supporter = :former AND message_id = :message_id
"""

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

    def __init__(self, numbers: Sequence[int]) -> None:
        listed = ", ".join(map(str, numbers[:20])) + (" and others" if numbers[20:] else "")
        super().__init__(
            f"The chat of these signatures cannot be decrypted, so whoever gave them would not be"
            f" recognised any more: {listed}. Nothing was changed. Put back what the database had"
            " before it was damaged, or erase them with petition-bot person NUMBER erase."
        )


@dataclass(frozen=True, slots=True)
class Changed:
    """How many signatures have another reference, and how many people were forgotten."""

    signatures: int
    forgotten: int


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody whose reference changes, with their row of another table."""

    former: bytes
    fresh: bytes
    row: Row


class ReferenceChange:
    """Gives everybody of one petition a reference of the newest key.

    Args:
        database: where it is.
        journal: of the petition; its key is made from the reference key too.
        keyring: has the newest reference key first, and the one that was used until now.
        slug: the petition.
    """

    def __init__(self, database: Database, journal: Journal, keyring: Keyring, slug: str) -> None:
        self._database = database
        self._journal = journal
        self._keyring = keyring
        self._slug = slug
        self._audit = Audit(database, slug, keyring)

    async def signatures(self) -> int:
        """Returns how many signatures there are."""
        return int((await self._read(self._statement(_COUNT)))[0]["people"])

    async def forgotten(self, admins: Collection[int]) -> int:
        """Returns how many people would be forgotten, as their chat is not stored."""
        return int((await self._read(self._of_unknown(_COUNT_UNKNOWN, admins)))[0]["people"])

    async def require_derivable(self) -> None:
        """Checks that everybody who signed can get a reference of the newest key.

        Raises:
            NotDerivable: the chat of some is damaged.
        """
        broken = [
            row["number"]
            async for rows in self._signers()
            for row in rows
            if not self._is_known(row, self._chat(row, "signatures", row["id"]))
        ]
        if broken:
            raise NotDerivable(broken)

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
        await self._write(self._fingerprint(CHANGING))
        signatures = 0
        async for rows in self._signers():
            await self._move(rows, "signatures", "id", self._signature)
            signatures += len(rows)
            progress(signatures)
        await self._move(
            await self._read(self._statement(_FILES)), "sent_files", "supporter", self._file
        )
        await self._move(
            await self._read(self._statement(_NOTICES)), "person_notices", "id", self._notice
        )
        for admin in known:
            await self._move_admin(admin)
        forgotten = await self.forgotten(known)
        if self._journal.path.exists():
            await asyncio.to_thread(self._journal.rewrite, _BEFORE_EVERYTHING, self._keyring)
        await self._write(
            self._statement(_KEEP_VERSION),
            self._of_unknown(_FORGET_UNKNOWN, known),
            self._statement("DELETE FROM person_codes WHERE petition = :petition"),
            *[self._of_others(table, known) for table in _OF_ADMINS],
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
        rows = await self._read(self._statement(_OTHERS))
        return any(
            row["key_fingerprint"]
            in (
                *self._keyring.references(row["slug"], NOBODY)[1:],
                *self._keyring.references(row["slug"], CHANGING),
            )
            for row in rows
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
        rows = await self._read(self._statement(_FINGERPRINT))
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
        while rows := await self._read(self._statement(_SIGNERS, after=after)):
            yield rows
            after = rows[-1]["number"]

    async def _move(
        self,
        rows: Iterable[Row],
        table: str,
        bound_to: str,
        own: Callable[[_Person, int], Statement],
    ) -> None:
        """Moves rows of one table to the new references, with their owners' conversations."""
        statements: list[Statement] = []
        people: list[_Person] = []
        for row in rows:
            chat = self._chat(row, table, row[bound_to])
            if chat is None or not self._is_known(row, chat):
                continue
            fresh = self._keyring.references(self._slug, chat)[0]
            if row["supporter"] == fresh:
                continue
            people.append(_Person(row["supporter"], fresh, row))
            statements.append(own(people[-1], chat))
        for start in range(0, len(people), _PORTION):
            portion = people[start : start + _PORTION]
            await self._write(
                *statements[start : start + _PORTION], *await self._conversations(portion)
            )

    async def _conversations(self, people: Sequence[_Person]) -> list[Statement]:
        asked: dict[str, Value] = {f"p{i}": one.former for i, one in enumerate(people)}
        listed = ", ".join(f":{name}" for name in asked)
        rows = await self._read(self._statement(_NAMES.format(people=listed), **asked))
        names = {row["supporter"]: row["name_sealed"] for row in rows}
        return [
            self._statement(
                _MOVE_CONVERSATION,
                former=one.former,
                fresh=one.fresh,
                sealed=self._bound(
                    names.get(one.former), "conversations", "name_sealed", one.former, one.fresh
                ),
            )
            for one in people
        ]

    async def _move_admin(self, admin: int) -> None:
        fresh, *older = self._keyring.references(self._slug, admin)
        for former in older:
            statements = await self._conversations([_Person(former, fresh, {})])
            for table, column in _OF_ADMINS.items():
                rows = await self._read(
                    self._statement(
                        f"SELECT * FROM {table} WHERE petition = :petition AND admin = :former",  # noqa: S608 - a constant
                        former=former,
                    )
                )
                for row in rows:
                    setting, values = "", dict[str, Value]()
                    if column is not None:
                        sealed = self._bound(row[column], table, column, former, fresh)
                        if sealed is None:
                            continue  # it cannot be decrypted, and is deleted at the end
                        setting, values = f", {column} = :sealed", {"sealed": sealed}
                    statements.append(
                        self._statement(
                            f"UPDATE {table} SET admin = :fresh{setting}"  # noqa: S608 - constants
                            " WHERE petition = :petition AND admin = :former",
                            former=former,
                            fresh=fresh,
                            **values,
                        )
                    )
            menu = self._statement(
                _RENAME_MENU, former=former.hex(), fresh=fresh.hex(), menu=f"%:menu:{former.hex()}"
            )
            await self._write(*statements, menu)

    async def _who_acted(self) -> set[int]:
        found: set[int] = set()
        for table, column in _WHO_ACTED:
            rows = await self._read(
                self._statement(
                    f"SELECT id, {column} AS who FROM {table}"  # noqa: S608 - constants
                    f" WHERE petition = :petition AND {column} IS NOT NULL"
                )
            )
            for row in rows:
                opened = self._keyring.open_if_whole(
                    row["who"], table=table, column=column, row=row["id"]
                )
                if opened is not None:
                    found.add(int(opened))
        return found

    def _signature(self, person: _Person, chat: int) -> Statement:
        return Statement(_MOVE_SIGNATURE, {"fresh": person.fresh, "id": person.row["id"]})

    def _notice(self, person: _Person, chat: int) -> Statement:
        return Statement(_MOVE_NOTICE, {"fresh": person.fresh, "id": person.row["id"]})

    def _file(self, person: _Person, chat: int) -> Statement:
        return self._statement(
            _MOVE_FILE,
            former=person.former,
            fresh=person.fresh,
            message_id=person.row["message_id"],
            sealed=self._keyring.seal(
                str(chat), table="sent_files", column="chat_sealed", row=person.fresh
            ),
        )

    def _chat(self, row: Row, table: str, bound_to: bytes) -> int | None:
        opened = self._keyring.open_if_whole(
            row["chat_sealed"], table=table, column="chat_sealed", row=bound_to
        )
        return None if opened is None else int(opened)

    def _is_known(self, row: Row, chat: int | None) -> bool:
        """Returns whether a row is of the person with this chat, under any of the keys."""
        return chat is not None and row["supporter"] in self._keyring.references(self._slug, chat)

    def _bound(
        self, sealed: bytes | None, table: str, column: str, former: bytes, fresh: bytes
    ) -> bytes | None:
        """Returns a value encrypted anew for another row; None if it is none, or damaged."""
        plain = self._keyring.open_if_whole(sealed, table=table, column=column, row=former)
        if plain is None:
            return None
        return self._keyring.seal(plain, table=table, column=column, row=fresh)

    def _fingerprint(self, which: int) -> Statement:
        own = self._keyring.references(self._slug, which)[0]
        return self._statement(_BEGIN, fingerprint=own)

    def _of_unknown(self, sql: str, admins: Collection[int]) -> Statement:
        listed, values = self._listed(admins)
        return self._statement(sql.format(admins=listed), **values)

    def _of_others(self, table: str, admins: Collection[int]) -> Statement:
        """Returns the statement that deletes what is of nobody whose number is known."""
        listed, values = self._listed(admins)
        return self._statement(
            f"DELETE FROM {table} WHERE petition = :petition AND admin NOT IN ({listed})",  # noqa: S608 - constants
            **values,
        )

    def _listed(self, admins: Collection[int]) -> tuple[str, dict[str, Value]]:
        """Returns the newest references of admins, as a list in SQL and its values."""
        references = [b"", *(self._keyring.references(self._slug, one)[0] for one in admins)]
        values: dict[str, Value] = {f"a{i}": one for i, one in enumerate(references)}
        return ", ".join(f":{name}" for name in values), values

    def _statement(self, sql: str, **values: Value) -> Statement:
        return Statement(sql, {"petition": self._slug, **values})

    async def _read(self, statement: Statement) -> list[Row]:
        return await self._database.read(statement)

    async def _write(self, *statements: Statement) -> None:
        await self._database.write(*statements)
