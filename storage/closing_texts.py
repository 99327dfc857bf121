"""What late visitors read below the thanks: the closing update, and what became of it later.

Each has an *entry*, and one text a language in numbered versions, of which none is ever changed or
erased. Versions become visible together, by a *publication*; with many signers that waits for a
second admin. New queries about them go here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter

from sqlalchemy import exists, or_

from storage.admins import add_audit
from storage.petitions import (
    DECLINED_PUBLICATIONS,
    change_petition,
    closing_update_is_under_way,
    lock_petition,
    petition_state,
)
from storage.tables import AWAITED_CLOSING_TEXTS, CLOSING_PUBLICATIONS, CLOSING_TEXTS
from storage.transaction import Row, Transaction

CLOSING_UPDATE = "closing"
"""The entry of the closing update; that of what followed is a random word."""

_ACTION = "closing text"
"""What all changes are called in the audit log."""

# The number of a version until it is stored.
_NEWEST = 2**31 - 1

_IS_LEFT = (
    or_(
        CLOSING_TEXTS.c.publication_id.is_(None),
        CLOSING_TEXTS.c.publication_id.in_(DECLINED_PUBLICATIONS),
    ),
    CLOSING_TEXTS.c.discarded_at.is_(None),
)


class ClosingTextKind(StrEnum):
    """What an entry is about. The values are stored, and are part of callback data."""

    CLOSING_UPDATE = "closing"
    DELIVERED = "delivered"
    ANSWERED = "answered"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class AwaitedText:
    """The text that an admin was asked for: their next message; the day is as in `ClosingText`."""

    entry: str
    kind: ClosingTextKind
    language: str
    asked_at: datetime
    day: date | None = None

    def written(self, key: bytes, text: str, author: int, at: datetime) -> "ClosingText":
        """Returns the newest version that a text makes of it, which is not stored yet."""
        entry = (self.entry, self.kind, self.day, self.language)
        return ClosingText(key, *entry, _NEWEST, text, author, at)


@dataclass(frozen=True, slots=True)
class Publication:
    """One change of what late visitors read; people are Telegram user ids, None if unreadable.

    Attributes:
        approved_by: the second admin; None if none was needed, or none has answered yet. Of what
            was declined it is who declined it, or who asked for it and took that back.
        published_at: None while it waits for a second admin, and if it was declined.
    """

    id: bytes
    requested_by: int | None = field(repr=False)
    requested_at: datetime
    approved_by: int | None = field(repr=False)
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClosingText:
    """One version of an entry in one language.

    Attributes:
        day: when it happened; None for the closing update.
        number: of this entry in this language, from 1.
        text: Telegram HTML with {count}; None if it cannot be decrypted.
        author: the Telegram user id of who wrote it; None if it cannot be decrypted.
        discarded_at: when it was discarded, or replaced before it was published or approved.
        publication: None while nobody has asked to publish it.
        declined: what it was part of and was declined, until it is asked for again.
    """

    id: bytes
    entry: str
    kind: ClosingTextKind
    day: date | None
    language: str
    number: int
    text: str | None = field(repr=False)
    author: int | None = field(repr=False)
    written_at: datetime
    discarded_at: datetime | None = None
    publication: Publication | None = None
    declined: Publication | None = None

    @property
    def is_published(self) -> bool:
        """Whether late visitors read it, or read it before the next version."""
        made = self.publication if self.discarded_at is None else None
        return made is not None and made.published_at is not None

    @property
    def waits(self) -> bool:
        """Whether a second admin has to approve its publication."""
        made = self.publication if self.discarded_at is None else None
        return made is not None and made.published_at is None

    @property
    def is_left(self) -> bool:
        """Whether it can be published, and nobody has asked for that."""
        return self.publication is None and self.discarded_at is None


def published_closing_texts(tx: Transaction) -> list[ClosingText]:
    """Returns every published version, oldest first."""
    return [each for each in all_closing_texts(tx) if each.is_published]


def all_closing_texts(tx: Transaction) -> list[ClosingText]:
    """Returns every version ever written, oldest first."""
    made, declined = dict[bytes, Publication](), dict[bytes, Publication]()
    for row in tx.every(CLOSING_PUBLICATIONS):
        kept = declined if _is_declined(row) else made
        kept[row.id] = Publication(**tx.unsealed(CLOSING_PUBLICATIONS, row))
    versions = []
    for row in tx.every(CLOSING_TEXTS):
        stored = tx.unsealed(CLOSING_TEXTS, row)
        key = stored.pop("publication_id")
        stored |= {"kind": ClosingTextKind(row.kind), "declined": declined.get(key)}
        versions.append(ClosingText(**stored, publication=made.get(key)))
    return sorted(versions, key=attrgetter("written_at", "number", "language", "entry"))


def closing_update_waits(tx: Transaction) -> bool:
    """Returns whether another text of the closing update waits for a second admin."""
    return any(each.waits and each.entry == CLOSING_UPDATE for each in all_closing_texts(tx))


def await_closing_text(tx: Transaction, admin: bytes, awaited: AwaitedText) -> None:
    """Stores that an admin's next message is this text, in place of an earlier one."""
    tx.put(AWAITED_CLOSING_TEXTS, admin=admin, **asdict(awaited))


def awaited_closing_text(tx: Transaction, admin: bytes) -> AwaitedText | None:
    """Returns the text that an admin was asked for; None if there is none."""
    row = tx.find(AWAITED_CLOSING_TEXTS, admin)
    if row is None:
        return None
    kind = ClosingTextKind(row.kind)
    return AwaitedText(row.entry, kind, row.language, row.asked_at, row.day)


def forget_awaited_text(tx: Transaction, admin: bytes) -> None:
    """Stores that an admin's next message is no text of these."""
    tx.delete(AWAITED_CLOSING_TEXTS, admin)


def write_closing_text(tx: Transaction, version: ClosingText, admin: bytes | None) -> None:
    """Stores a version, which gets its number and which nobody else reads yet.

    Args:
        version: has the same id where the same message is taken again.
        admin: the reference of who was asked for it; None if it was not asked for.
    """
    lock_petition(tx)
    if admin is not None:
        forget_awaited_text(tx, admin)
    if tx.find(CLOSING_TEXTS, version.id) is not None:
        return
    columns, values = CLOSING_TEXTS.c, asdict(version)
    its = (columns.entry == version.entry, columns.language == version.language)
    # A version that was not published gives way to the next one.
    tx.set(CLOSING_TEXTS, *its, *_IS_LEFT, discarded_at=version.written_at)
    values["number"] = tx.count(CLOSING_TEXTS, *its) + 1
    del values["publication"], values["declined"]
    tx.add(CLOSING_TEXTS, **values)


def discard_closing_texts(tx: Transaction, shown: bytes, actor: int, at: datetime) -> bool:
    """Discards what was written and not published; it stays in the history.

    Returns False, and discards nothing, if something else is left than was shown: `shown` is what
    its publication would have as id.
    """
    lock_petition(tx)
    left = [each for each in all_closing_texts(tx) if each.is_left]
    if not left or publication_id(left) != shown:
        return False
    tx.set(CLOSING_TEXTS, *_IS_LEFT, discarded_at=at)
    add_audit(tx, _ACTION, actor=actor, at=at, detail="discarded")
    return True


def publish_closing_texts(
    tx: Transaction,
    versions: Sequence[ClosingText],
    actor: int,
    at: datetime,
    approval_above: int | None,
) -> Publication | None:
    """Publishes these versions, or asks a second admin to.

    Args:
        versions: all that are left, as the admin was shown them.
        approval_above: see `PetitionState.one_may_publish`.

    Returns:
        The publication, also if an earlier call made it; None if something else is left,
        another publication waits, or a closing update is planned or on its way.
    """
    state = petition_state(tx, lock_petition(tx)._mapping)
    key, known = publication_id(versions), all_closing_texts(tx)
    row = tx.find(CLOSING_PUBLICATIONS, key)
    if row is not None and not _is_declined(row):
        return Publication(**tx.unsealed(CLOSING_PUBLICATIONS, row))
    left = {each.id for each in known if each.is_left}
    is_as_shown = left and left == {each.id for each in versions}
    if not is_as_shown or any(each.waits for each in known):
        return None
    # The closing update that is being sent, or is planned, has the text of its confirmation.
    changes_update = any(each.entry == CLOSING_UPDATE for each in versions)
    if changes_update and closing_update_is_under_way(tx):
        return None
    published_at = at if state.one_may_publish(approval_above) else None
    made = Publication(key, actor, at, None, published_at)
    tx.put(CLOSING_PUBLICATIONS, **asdict(made))
    tx.set(CLOSING_TEXTS, *_IS_LEFT, publication_id=key)
    # Also while it waits: the former text is not sent any more.
    change_petition(tx)
    named = ", ".join(f"{each.kind} {each.language} {each.number}" for each in versions)
    add_audit(tx, _ACTION, actor=actor, at=at, detail=named)
    return made


def approve_publication(tx: Transaction, key: bytes, actor: int, at: datetime) -> bool:
    """Publishes what waits for a second admin; nothing changes for who requested it.

    Where that cannot be decrypted it may be anybody, and nobody publishes it. Returns whether it
    is published by now; it is not if it was declined.
    """
    lock_petition(tx)
    row = tx.find(CLOSING_PUBLICATIONS, key)
    if row is None or _is_declined(row):
        return False
    if row.published_at is None:
        if tx.unsealed(CLOSING_PUBLICATIONS, row)["requested_by"] in (actor, None):
            return False
        tx.set(CLOSING_PUBLICATIONS, key, published_at=at, approved_by=actor)
        change_petition(tx)
        add_audit(tx, _ACTION, actor=actor, at=at, detail="approved")
    return True


def decline_publication(tx: Transaction, key: bytes, actor: int, at: datetime) -> bool:
    """Ends the wait for a second admin, who declines it, or for whom it is taken back.

    Its versions can be changed and offered again, unless there are newer ones. Returns whether it
    is declined by now; it is not if it was published.
    """
    lock_petition(tx)
    row = tx.find(CLOSING_PUBLICATIONS, key)
    if row is None or row.published_at is not None:
        return False
    if _is_declined(row):
        return True
    columns, newer = CLOSING_TEXTS.c, CLOSING_TEXTS.alias("newer")
    of_same = [newer.c[name] == columns[name] for name in ("petition", "entry", "language")]
    its = columns.publication_id == key
    is_old = exists().where(*of_same, newer.c.number > columns.number)
    tx.set(CLOSING_TEXTS, its, is_old, discarded_at=at)
    tx.set(CLOSING_PUBLICATIONS, key, approved_by=actor)
    add_audit(tx, _ACTION, actor=actor, at=at, detail="declined")
    return True


def publication_id(versions: Sequence[ClosingText]) -> bytes:
    """Returns the id of the publication of these versions, so that two taps make only one."""
    joined = b"".join(sorted(version.id for version in versions))
    return hashlib.sha256(b"publication\x00" + joined).digest()[:16]


def _is_declined(publication: Row) -> bool:
    return publication.published_at is None and publication.approved_by_sealed is not None
