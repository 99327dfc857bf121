"""Conversations: each person's stage and what is on their screen. New queries go here.

A row is written only over the version that was read, so when two processes answer the same
person at once, one of them has to read again. A row of version 0 holds only what is on screen,
and counts as no conversation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, select, text, update

from storage.errors import ConversationMoved
from storage.keyring import Keyring
from storage.tables import CONVERSATIONS, FILLED_IN, SIGNATURES
from storage.times import EPOCH
from storage.transaction import Stored, Transaction

_FIRST_STAGE, _WITHDRAWN_STAGE = "home", "withdrawn"

_COLUMNS = CONVERSATIONS.c
EMPTY_FORM: Mapping[str, Any] = {
    **{"name": None, "news": False, "updates": False, "with_name": None},
    **{"form_started_at": None, "notice": None},
}
"""The attributes of a conversation that the form fills in, as they are outside of it."""

FORGOTTEN: Mapping[str, Any] = {
    **EMPTY_FORM,
    **{"name_message_ids": [], "source": None, "screen_digest": None, "page": 0},
    **{"return_stage": None, "picture_id": None, "updated_at": EPOCH},
}
"""What an erasure sets in a conversation. The version, the stage, the language and the message id
stay, so that old buttons are harmless."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person's stage in the petition, with what they have filled in so far.

    Attributes:
        with_name: whether the signature is to be handed over with the name; None: not chosen yet.
        form_started_at: when the form was begun.
        notice: the mark of the privacy notice that was shown with that.
        is_damaged: whether a name is stored that cannot be decrypted.
        updated_at: when it was written last; None of one that was not read.
    """

    supporter: bytes
    stage: str = _FIRST_STAGE
    page: int = 0
    return_stage: str | None = None
    language: str | None = None
    name: str | None = field(default=None, repr=False)
    news: bool = False
    updates: bool = False
    with_name: bool | None = None
    form_started_at: datetime | None = None
    notice: str | None = None
    source: str | None = None
    message_id: int | None = None
    picture_id: int | None = None
    name_message_ids: tuple[int, ...] = ()
    screen_digest: bytes | None = None
    version: int = 0
    is_damaged: bool = field(default=False, compare=False)
    updated_at: datetime | None = field(default=None, compare=False)


# Made once, as they are used at every tap.
_WRITTEN = [each.name for each in fields(Conversation) if each.name != "is_damaged"]
_AS_STORED = {name: _COLUMNS[name] for name in _WRITTEN if name != "name"}
IS_OWN = and_(
    _COLUMNS.petition == bindparam("own_petition"),
    _COLUMNS.supporter == bindparam("own_supporter"),
)
_OVER_THE_READ = update(CONVERSATIONS).where(IS_OWN, _COLUMNS.version == bindparam("was"))


def conversation_of(tx: Transaction, supporter: bytes) -> Conversation | None:
    """Returns a supporter's conversation, or None if there is none."""
    row = tx.find(CONVERSATIONS, supporter)
    return None if row is None else conversation_in(tx, row._mapping)


def conversation_in(tx: Transaction, columns: Stored) -> Conversation | None:
    """Returns the conversation in a row that may hold more than it, or None if there is none."""
    stored = {name: columns[column] for name, column in _AS_STORED.items()}
    if stored["supporter"] is None:
        return None
    stored["name_message_ids"] = tuple(stored["name_message_ids"])
    sealed = columns[_COLUMNS.name_sealed]
    name = tx.opened(sealed, _COLUMNS.name_sealed, stored["supporter"])
    return Conversation(**stored, name=name, is_damaged=name is None and sealed is not None)


def save_conversation(
    tx: Transaction, conversation: Conversation, *, was: int | None, at: datetime
) -> None:
    """Writes a conversation over the version that was read (None or 0: there was none).

    Raises:
        ConversationMoved: it was written since by somebody else.
    """
    values = {name: getattr(conversation, name) for name in _WRITTEN} | {"updated_at": at}
    if not was:
        _make_room(tx, conversation.supporter)
    stored = tx.stored(CONVERSATIONS, **values)
    own = {"own_petition": stored.pop("petition"), "own_supporter": stored.pop("supporter")}
    if not tx.change_kept(_OVER_THE_READ, {**stored, **own, "was": was or 0}):
        raise ConversationMoved


def screen_digest(keyring: Keyring, supporter: bytes, drawn: bytes) -> bytes:
    """Returns the digest that is stored of someone's screen.

    A screen can show a name. Without the key, no name can be found by trying, and two people
    with the same screen have different digests.
    """
    column = _COLUMNS.screen_digest
    return keyring.digest(drawn, table=column.table.name, column=column.name, row=supporter)


def store_screen(
    tx: Transaction, supporter: bytes, message_id: int | None, screen_digest: bytes | None
) -> None:
    """Stores what is on someone's screen; their stage and version stay as they are."""
    screen = {"message_id": message_id, "screen_digest": screen_digest}
    if not tx.set(CONVERSATIONS, supporter, **screen):
        _make_room(tx, supporter)
        tx.set(CONVERSATIONS, supporter, **screen)


def store_picture(tx: Transaction, supporter: bytes, message_id: int) -> None:
    """Stores that someone has had the picture; 0 when it may have come, without a number."""
    tx.set(CONVERSATIONS, supporter, picture_id=message_id)


def count_unsigned(tx: Transaction) -> int:
    """Returns how many people's name is stored who have not signed; their chat is not."""
    signed = exists().where(
        SIGNATURES.c.petition == _COLUMNS.petition, SIGNATURES.c.supporter == _COLUMNS.supporter
    )
    return tx.count(CONVERSATIONS, _COLUMNS.name_sealed.is_not(None), ~signed)


def forget_name_messages(tx: Transaction, supporter: bytes, ids: tuple[int, ...]) -> None:
    """Records that these messages were deleted; changes nothing if more came meanwhile."""
    is_same = _COLUMNS.name_message_ids == ids
    tx.set(CONVERSATIONS, supporter, is_same, name_message_ids=[])


def forget_left_forms(tx: Transaction, before: datetime, *, limit: int) -> int:
    """Erases what at most `limit` people filled in and have not touched since `before`.

    A signer loses nothing by it: the signature has its own name and source. An old button leads to
    the first choice, and the picture may come once more. Rows that are being written are skipped.

    Returns the number of people; fewer than `limit` when nobody is left.
    """
    left = (
        select(_COLUMNS.supporter)
        .where(tx.of(CONVERSATIONS), _COLUMNS.updated_at <= before, text(f"({FILLED_IN})"))
        .order_by(_COLUMNS.updated_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    people = [row.supporter for row in tx.all(left)]
    return tx.set(CONVERSATIONS, _COLUMNS.supporter.in_(people), **FORGOTTEN)


def forget_conversation(tx: Transaction, supporter: bytes) -> None:
    """Erases what a conversation has of somebody, and moves it to the stage that says so.

    In one transaction with the erasure of a signature: a kill in between would leave the person
    without a confirmation.
    """
    moved = {"stage": _WITHDRAWN_STAGE, "version": _COLUMNS.version + 1}
    tx.set(CONVERSATIONS, supporter, **FORGOTTEN, **moved)


def _make_room(tx: Transaction, supporter: bytes) -> None:
    """Adds a row of version 0, which the first conversation is written over, if there is none."""
    first = {"stage": _FIRST_STAGE, "page": 0, "news": False, "name_message_ids": [], "version": 0}
    tx.add_new(CONVERSATIONS, supporter=supporter, **first, updated_at=EPOCH)
