"""Signatures: who signed, with which consent, and how many. New queries about them go here.

The statements that write and erase a signature are in `signing.py`; the rest of the program uses
this file.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from storage import signed_names, signing
from storage.audit import AuditedRows
from storage.consents import (
    IS_TO_SIGN,
    Consent,
    Owner,
    TextsAnswer,
    texts_statements,
)
from storage.conversations import Conversation, Conversations, lock_conversation, saving
from storage.database import Database, Row, Statement
from storage.eligibility import WAS_TOLD
from storage.errors import ConversationMoved
from storage.exports import IS_NAMED
from storage.journal_entries import Deed, Entry
from storage.keyring import Keyring
from storage.petition_rows import as_write
from storage.petitions import locking_petition
from storage.returning_supporters import mark_reachable
from storage.signing import AlreadySigned, NewSignature, PetitionClosed, Signed
from storage.signing_rate import SigningRate, read_signing_rate
from storage.times import from_millis, to_millis

_OF = f"""
SELECT s.id, s.number, s.name_sealed, s.signed_at, s.source, s.unreachable_at, s.muted_at,
  s.restricted_at, s.objected_at, s.invalidation_id, s.text_version, s.kept_version,
  c.purposes, c.news_ended_at, c.updates_ended_at, c.updates_at_most,
  CASE WHEN {WAS_TOLD} THEN 1 ELSE 0 END AS was_told
FROM signatures s JOIN consents c ON c.signature_id = s.id AND {IS_TO_SIGN}
WHERE s.petition = :petition AND s.supporter = :supporter
ORDER BY c.given_at DESC
LIMIT 1
"""  # noqa: S608 - constants

_ID = f"""
SELECT s.id, {signed_names.STANDS_UNDER} AS stands_under FROM signatures s
WHERE s.petition = :petition AND s.supporter = :supporter
"""  # noqa: S608 - a constant

_LOST = """
UPDATE signatures SET unreachable_at = :at
WHERE petition = :petition AND supporter = :supporter AND unreachable_at IS NULL
"""

# Withdrawing consent is as easy as giving it (GDPR art. 7(3)); what was agreed to stays on record,
# with the time from which it no longer applies.
_END = {
    purpose: f"""
    UPDATE consents SET {purpose}_ended_at = :at
    WHERE {purpose}_ended_at IS NULL AND signature_id IN (
      SELECT id FROM signatures WHERE petition = :petition AND supporter = :supporter
    )
    RETURNING id
    """  # noqa: S608 - constants
    for purpose in ("updates", "news")
}

_MUTE = """
UPDATE signatures SET muted_at = CAST(:at AS BIGINT)
WHERE petition = :petition AND supporter = :supporter
  AND (muted_at IS NULL OR CAST(:at AS BIGINT) IS NULL)
RETURNING id
"""

# One statement, so that all figures are of the same moment.
_STATS = f"""
SELECT CASE WHEN invalidation_id IS NULL THEN 1 ELSE 0 END AS is_counted, language, source,
  COUNT(*) AS signed,
  COUNT(CASE WHEN {IS_NAMED} THEN 1 END) AS with_name,
  COUNT(CASE WHEN signed_at >= :since THEN 1 END) AS today,
  COUNT(unreachable_at) AS unreachable, 0 AS erased
FROM signatures
WHERE petition = :petition
GROUP BY is_counted, language, source
UNION ALL
SELECT is_valid AS is_counted, language, NULL AS source,
  CAST(SUM(signatures) AS BIGINT) AS signed,
  CAST(SUM(CASE WHEN with_name = 1 THEN signatures ELSE 0 END) AS BIGINT) AS with_name,
  0 AS today, 0 AS unreachable, 1 AS erased
FROM anonymous_counts
WHERE petition = :petition
GROUP BY is_valid, language
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as its owner may see it.

    Attributes:
        news: whether news of other actions may still be sent.
        updates_at_most: how many messages about the petition may be sent in all, besides the
            closing update; 0 if they were not chosen, or are no longer wanted.
        muted: whether its owner asked for no messages.
        name: empty without one, and where it cannot be decrypted.
        with_name: whether it has a name, with which it is handed over unless it is only stored.
        was_told: whether the closing update was sent, which is sent once: after a petition was
            opened again it is not promised a second time.
        is_damaged: whether it has a name that cannot be decrypted.
        restricted_at, objected_at: since when the use of the data is restricted, or its owner
            objects to it (GDPR arts 18 and 21); both do the same.
        is_counted: whether it is counted, which it is not while it is invalidated.
        text_version: the version of the texts that its owner consented to last.
        kept_version: the version at which they said to keep the consent to an earlier one.
    """

    number: int
    name: str = field(repr=False)
    signed_at: datetime
    source: str | None
    unreachable: bool = False
    muted: bool = False
    news: bool = False
    updates_at_most: int = 0
    with_name: bool = True
    was_told: bool = field(default=False, compare=False)
    is_damaged: bool = False
    is_counted: bool = True
    restricted_at: datetime | None = None
    objected_at: datetime | None = None
    text_version: str = ""
    kept_version: str | None = None

    @property
    def is_only_stored(self) -> bool:
        """Whether it is stored and counted alone: without its name, and with no messages."""
        return self.restricted_at is not None or self.objected_at is not None


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts at one moment; the source None stands for people who used no tagged link.

    Attributes:
        with_name: how many are handed over with their name.
        erased: how many of the total were erased because their retention was over. Their language
            is counted; their source is not known any more.
        invalidated: how many are not counted, also of those erased; they are in no other figure.
    """

    total: int
    today: int
    by_language: Mapping[str, int]
    by_source: Mapping[str | None, int]
    unreachable: int
    with_name: int
    erased: int = 0
    invalidated: int = 0

    @property
    def without_name(self) -> int:
        """How many are only counted when the signatures are handed over."""
        return self.total - self.with_name


class Signatures(AuditedRows):
    """The signatures of one petition, keyed by the supporter's reference."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        super().__init__(database, slug, keyring)
        self._conversations = Conversations(database, slug, keyring)

    mark_reachable = as_write(mark_reachable)

    async def sign(
        self, new: NewSignature, conversation: Conversation, was: int | None
    ) -> Signed | AlreadySigned | PetitionClosed:
        """Signs, and saves the conversation, in one transaction.

        The conversation is saved whatever the result. Signing again changes nothing else.

        Raises:
            ConversationMoved: the conversation was written since version `was`; then nothing at
                all was written.
        """
        saved = saving(self._conversations, conversation, was=was, at=new.at)
        statements = signing.sign_statements(self._slug, self._keyring, new, saved, was or 0)
        return signing.outcome(await self._database.write(*statements))

    async def get(self, supporter: bytes) -> Signature | None:
        """Returns a supporter's signature, or None."""
        rows = await self._read(_OF, supporter=supporter)
        return self._signature(rows[0]) if rows else None

    async def correct_name(
        self, supporter: bytes, name: str, conversation: Conversation, was: int, at: datetime
    ) -> bool:
        """Replaces the name of a signature, and saves the conversation, in one transaction.

        Returns:
            False if it has no name; then only the conversation was saved.

        Raises:
            ConversationMoved: the conversation was written since version `was`, or the signature
                was withdrawn; then nothing at all was written.
        """
        owner = await self._owner(supporter, was)
        statements = signed_names.correct_statements(self._keyring, self._audit, owner, name, at)
        return await self._save(owner, statements, conversation, at)

    async def give_name(
        self,
        supporter: bytes,
        name: str,
        consent: Consent,
        conversation: Conversation,
        was: int,
        at: datetime,
    ) -> bool:
        """Stores the name of a signature that has none, as its owner consents to.

        Returns:
            False if the petition was handed over before, or it has a name; then only the
            conversation was saved.

        Raises:
            ConversationMoved: as in `correct_name`.
        """
        owner = await self._owner(supporter, was)
        statements = signed_names.give_statements(
            self._keyring, self._audit, owner, name, consent, at
        )
        return await self._save(owner, statements, conversation, at)

    async def remove_name(
        self, supporter: bytes, conversation: Conversation, was: int, at: datetime
    ) -> bool:
        """Erases the name of a signature, which is only counted from now on; see `give_name`.

        One that was typed into the form goes as well.
        """
        owner = await self._owner(supporter, was)
        statements = signed_names.remove_statements(self._audit, owner, at)
        return await self._save(owner, statements, replace(conversation, name=None), at)

    async def answer_texts(
        self,
        supporter: bytes,
        answer: TextsAnswer,
        conversation: Conversation,
        was: int,
        at: datetime,
    ) -> bool:
        """Stores whether somebody who was asked again accepts the changed texts; see `give_name`.

        Returns:
            False if it was answered already, or the petition was handed over before.
        """
        owner = await self._owner(supporter, was)
        statements = texts_statements(self._audit, owner, answer, at)
        return await self._save(owner, statements, conversation, at)

    async def withdraw(self, supporter: bytes, at: datetime, *, stage: str | None = None) -> bool:
        """Erases a signature, its consent and the form input; returns False if there was none.

        The numbers of other signatures and the count stored at closing stay the same. With a
        `stage`, the conversation moves there, by one version, in the same transaction.
        """
        known = await self._id(supporter)
        noted = None if known is None else Entry(Deed.WITHDRAWAL, known)
        statements = signing.withdraw_statements(self._slug, supporter, stage, at, noted)
        return signing.was_withdrawn(await self._database.write(*statements))

    async def mark_unreachable(self, supporter: bytes, at: datetime) -> None:
        """Records that a supporter blocked the bot: no broadcast is sent to them."""
        await self._write(_LOST, supporter=supporter, at=to_millis(at))

    async def refuse_news(self, supporter: bytes, at: datetime) -> None:
        """Records that a supporter wants no news of other actions any more."""
        await self._note(_END["news"], Deed.NEWS_ENDED, supporter, at)

    async def refuse_updates(self, supporter: bytes, at: datetime) -> None:
        """Records that a supporter wants no more messages about the petition but its end."""
        await self._note(_END["updates"], Deed.UPDATES_ENDED, supporter, at)

    async def mute(self, supporter: bytes, at: datetime | None) -> None:
        """Mutes the bot for a supporter from `at` on; None unmutes it."""
        await self._note(_MUTE, Deed.MUTED, supporter, at)

    async def stats(self, since: datetime) -> Stats:
        """Returns the counts of signatures; `today` counts those from `since` on."""
        found = await self._read(_STATS, since=to_millis(since))
        rows = [row for row in found if row["is_counted"]]
        by_language: Counter[str] = Counter()
        by_source: Counter[str | None] = Counter()
        for row in rows:
            by_language[row["language"]] += row["signed"]
            if not row["erased"]:
                by_source[row["source"]] += row["signed"]
        return Stats(
            total=by_language.total(),
            today=sum(row["today"] for row in rows),
            by_language=dict(by_language),
            by_source=dict(by_source),
            unreachable=sum(row["unreachable"] for row in rows),
            erased=sum(row["signed"] for row in rows if row["erased"]),
            with_name=sum(row["with_name"] for row in rows),
            invalidated=sum(row["signed"] for row in found if not row["is_counted"]),
        )

    async def rate(self, now: datetime, *, details_from: int) -> SigningRate:
        """Returns how fast people signed in the hour before `now`, and before; see SigningRate."""
        return await read_signing_rate(self._database, self._slug, now, details_from=details_from)

    async def _note(self, sql: str, deed: Deed, supporter: bytes, at: datetime | None) -> None:
        """Does what the journal keeps about a supporter's signature, if there is one."""
        known = await self._id(supporter)
        noted = None if known is None else Entry.since(deed, known, at)
        await self._write(sql, noted, supporter=supporter, at=to_millis(at))

    async def _owner(self, supporter: bytes, was: int) -> Owner:
        rows = await self._read(_ID, supporter=supporter)
        if not rows:
            raise ConversationMoved
        return Owner(self._slug, supporter, rows[0]["id"], rows[0]["stands_under"], was)

    async def _save(
        self,
        owner: Owner,
        statements: Sequence[Statement],
        conversation: Conversation,
        at: datetime,
    ) -> bool:
        """Runs statements and saves the conversation; returns whether the last yielded a row."""
        *_, changed, saved = await self._database.write(
            locking_petition(self._slug),
            lock_conversation(self._slug, owner.supporter),
            *statements,
            saving(self._conversations, conversation, was=owner.was, at=at),
        )
        if not saved:
            raise ConversationMoved
        return bool(changed)

    async def _id(self, supporter: bytes) -> bytes | None:
        rows = await self._read(_ID, supporter=supporter)
        return rows[0]["id"] if rows else None

    def _signature(self, row: Row) -> Signature:
        name = self._opened(row, "signatures", "name_sealed", row["id"])
        purposes = row["purposes"].split(",")
        wants_updates = "updates" in purposes and row["updates_ended_at"] is None
        return Signature(
            number=row["number"],
            name=name or "",
            signed_at=from_millis(row["signed_at"]),
            source=row["source"],
            unreachable=row["unreachable_at"] is not None,
            muted=row["muted_at"] is not None,
            news="news" in purposes and row["news_ended_at"] is None,
            updates_at_most=row["updates_at_most"] if wants_updates else 0,
            with_name=row["name_sealed"] is not None,
            was_told=bool(row["was_told"]),
            is_damaged=name is None and row["name_sealed"] is not None,
            restricted_at=from_millis(row["restricted_at"]),
            objected_at=from_millis(row["objected_at"]),
            is_counted=row["invalidation_id"] is None,
            text_version=row["text_version"],
            kept_version=row["kept_version"],
        )
