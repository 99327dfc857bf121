"""Restored backups: what people asked for since is done again, and nothing is sent meanwhile.

What was sent after the backup is not known in it: a broadcast that was under way or planned then
would be sent again. So restoring pauses what is under way, and until an admin says so nothing is
due (`broadcasts.due_broadcasts`).

Each entry of the journal is repeated by the function that did it at first, where its signature is
in the copy; doing it twice changes nothing. Who signed after the backup is not in it, and neither
is anything about them. New queries about restores go here.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, insert, select, update

from storage.admins import add_audit
from storage.broadcast_types import BroadcastState
from storage.consents import IS_TO_NAME, IS_TO_SIGN, replace_name, short, take_off_name
from storage.exports import Change, note_change
from storage.handovers import repeat_handover
from storage.journal import Deed, Entry, JournalContent, last_entries
from storage.petitions import Reached, lock_petition
from storage.signatures import erase_signature
from storage.tables import (
    BROADCASTS,
    CONSENTS,
    PERSON_CODES,
    PERSON_NOTICES,
    PETITIONS,
    RESTORES,
    SIGNATURES,
)
from storage.times import from_millis
from storage.transaction import Row, Transaction

_NOT_REPEATED = RESTORES.c.repeated_at.is_(None)
_NOT_RELEASED = RESTORES.c.released_at.is_(None)

# More than any conversation has gone through since: the buttons of screens that the copy does not
# know stay in the chats, and fit none of the versions that come.
_AFTER_THE_BACKUP = 1_000_000


def record_restore(tx: Transaction, *, made_at: datetime | None, at: datetime) -> None:
    """Records that a backup was restored, and holds sending until `release_restore`.

    All petitions in it are held, and of all of them the journal is still to be repeated. `made_at`
    is None if it is not known when the backup was made.
    """
    slugs = [row.slug for row in tx.all(select(PETITIONS.c.slug))]
    _hold(tx, slugs, made_at, at)


def record_copy(tx: Transaction, at: datetime) -> None:
    """Records that a copy was put back by hand, whose journal is to be repeated.

    A petition that is held stays so, with what is known of its backup. Otherwise this one alone is
    held: the admins of the others may have looked, and their broadcasts be under way.
    """
    if not tx.set(RESTORES, _NOT_RELEASED, repeated_at=None):
        _hold(tx, [tx.slug], None, at)


def _hold(tx: Transaction, slugs: Sequence[str], made_at: datetime | None, at: datetime) -> None:
    restored = {"backup_made_at": made_at, "restored_at": at, "lost": 0}
    for slug in slugs:
        tx.change(insert(RESTORES).values(id=tx.new_id(at), petition=slug, **restored))
    running = BROADCASTS.c.petition.in_(slugs), BROADCASTS.c.state == BroadcastState.RUNNING
    tx.change(update(BROADCASTS).where(*running).values(state=BroadcastState.PAUSED))
    which = "a backup" if made_at is None else f"the backup of {made_at.isoformat()}"
    add_audit(tx, "restore", at=at, detail=which)


def restore_awaits_repetition(tx: Transaction) -> bool:
    """Returns whether it was restored without what its journal says."""
    return tx.count(RESTORES, _NOT_REPEATED) > 0


def repeat_after_restore(
    tx: Transaction, noted: JournalContent, *, reached: Reached, at: datetime
) -> int:
    """Repeats what is noted and not so in the copy, on which no bot may run; counts the deeds.

    No number up to that of `reached` is given again, as it may have been given after the backup.
    How many signatures at most were is added to what an earlier repetition found, as since that
    the copy does not show them. A code in the copy may have been used since, and a sentence that
    waits in it been sent.
    """
    petition, held, columns = lock_petition(tx), held_restore(tx), PETITIONS.c
    lost = max(0, reached.number - petition.last_number)
    is_whole = noted.knows_all_since(None if held is None else held.backup_made_at)
    tx.set(PETITIONS, columns.last_number < reached.number, last_number=reached.number)
    tx.set(PETITIONS, columns.deeds < reached.deeds, deeds=reached.deeds)
    tx.set(PETITIONS, forgotten_version=columns.forgotten_version + _AFTER_THE_BACKUP)
    tx.delete(PERSON_CODES)
    tx.delete(PERSON_NOTICES)
    # Handovers first: what changed in a list that was handed over is noted only where it is known.
    last = sorted(last_entries(noted.entries), key=lambda each: each.deed is not Deed.HANDOVER)
    repeated = sum(_was_repeated(tx, each, at) for each in last)
    tx.noted.clear()  # the journal that they are from has them
    found = {"lost": RESTORES.c.lost + lost, "journal_is_whole": is_whole}
    tx.set(RESTORES, _NOT_REPEATED, repeated_at=at, **found)
    return repeated


def held_restore(tx: Transaction) -> Row | None:
    """Returns the restored backup for which sending is held; None if nothing is held.

    Its row has `backup_made_at`, None if that is not known; `lost`, how many signatures at most
    were made after it; and `journal_is_whole`, whether all that people asked for since is known,
    and was done again.
    """
    held = tx.every(RESTORES, _NOT_RELEASED, by=[RESTORES.c.restored_at.desc()])
    return next(iter(held), None)


def release_restore(tx: Transaction, actor: int, at: datetime) -> bool:
    """Lets messages be sent again; returns whether they were held."""
    if not tx.set(RESTORES, _NOT_RELEASED, released_at=at):
        return False
    add_audit(tx, "release", actor=actor, at=at)
    return True


def open_one_chat(tx: Transaction) -> None:
    """Decrypts the number of a chat; raises BrokenData if the key file does not open it."""
    row = tx.find(SIGNATURES)
    if row is not None:
        tx.keyring.open(row.chat_sealed, table="signatures", column="chat_sealed", row=row.id)


def _was_repeated(tx: Transaction, entry: Entry, at: datetime) -> bool:
    if entry.deed is Deed.HANDOVER:
        repeat_handover(tx, entry)
        return True
    signature = tx.find(SIGNATURES, entry.subject)
    if signature is None:
        return False
    if entry.deed is Deed.WITH_NAME:
        return _named_as_noted(tx, signature, entry.value, at)
    if entry.deed is not Deed.WITHDRAWAL:
        return _set_time(tx, signature, entry, at)
    erase_signature(tx, signature, Change.WITHDRAWN, at)
    return True


def _set_time(tx: Transaction, signature: Row, entry: Entry, at: datetime) -> bool:
    """Sets since when something is so, in the column that is named for the deed."""
    name, moment = f"{entry.deed}_at", from_millis(int(entry.value)) if entry.value else None
    table, of_it = SIGNATURES, SIGNATURES.c.id == signature.id
    if entry.deed in (Deed.UPDATES_ENDED, Deed.NEWS_ENDED):
        table, of_it = CONSENTS, and_(CONSENTS.c.signature_id == signature.id, IS_TO_SIGN)
    if not tx.set(table, of_it, table.c[name].is_distinct_from(moment), **{name: moment}):
        return False
    # Those who have a list with the name are told.
    if entry.deed in (Deed.RESTRICTED, Deed.OBJECTED) and signature.name_sealed is not None:
        change = Change.NAME_GIVEN if moment is None else Change(entry.deed.value)
        note_change(tx, signature, change, at)
    return True


def _named_as_noted(tx: Transaction, signature: Row, value: str, at: datetime) -> bool:
    """Gives the name, or takes it off.

    One that was given after the backup stays off: the consent to it is not in the copy, and a
    former one was taken back before.
    """
    consent_id, _, name = value.partition(" ")
    of_it = CONSENTS.c.signature_id == signature.id
    held = tx.all(select(CONSENTS.c.id).where(of_it, IS_TO_NAME))
    sealed, column = signature.name_sealed, SIGNATURES.c.name_sealed
    if consent_id not in {short(row.id) for row in held}:
        if sealed is not None:
            take_off_name(tx, signature, at)
        return sealed is not None
    if name in ("", tx.opened(sealed, column, signature.id)):
        return False
    replace_name(tx, signature, name, at)
    return True
