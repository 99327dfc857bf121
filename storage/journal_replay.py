"""Carries out again, on a restored copy, what the journal says was asked for.

Each entry is repeated by the function that did it at first, where its signature is in the copy;
doing it twice changes nothing. Who signed after the backup is not in it, and neither is anything
about them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select

from storage.consents import IS_TO_SIGN, is_to_name, replace_name, short, take_off_name
from storage.exports import Change, note_change
from storage.handovers import repeat_handover
from storage.journal import Deed, Entry, last_entries
from storage.petitions import Reached, lock_petition
from storage.signatures import erase_signature, forget_person
from storage.tables import CONSENTS, PERSON_CODES, PERSON_NOTICES, PETITIONS, SIGNATURES
from storage.times import from_millis
from storage.transaction import Transaction

# More than any conversation has gone through since: the buttons of screens that the copy does not
# know stay in the chats, and fit none of the versions that come.
_AFTER_THE_BACKUP = 1_000_000


def replay(tx: Transaction, entries: Sequence[Entry], *, reached: Reached, at: datetime) -> int:
    """Repeats what is noted and not so in the copy, on which no bot may run.

    No number up to that of `reached` is given again, as it may have been given after the backup.
    A code in the copy may have been used since, and a sentence that waits in it been sent.

    Returns:
        How many deeds were carried out.
    """
    lock_petition(tx)
    columns = PETITIONS.c
    tx.set(PETITIONS, columns.last_number < reached.number, last_number=reached.number)
    tx.set(PETITIONS, columns.deeds < reached.deeds, deeds=reached.deeds)
    tx.set(PETITIONS, forgotten_version=columns.forgotten_version + _AFTER_THE_BACKUP)
    tx.delete(PERSON_CODES)
    tx.delete(PERSON_NOTICES)
    # Handovers first: what changed in a list that was handed over is noted only where it is known.
    last = sorted(last_entries(entries), key=lambda each: each.deed is not Deed.HANDOVER)
    repeated = sum(_was_repeated(tx, each, at) for each in last)
    tx.noted.clear()  # the journal that they are from has them
    return repeated


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
    forget_person(tx, signature.supporter)
    erase_signature(tx, signature, Change.WITHDRAWN, at)
    return True


def _set_time(tx: Transaction, signature: Row[Any], entry: Entry, at: datetime) -> bool:
    """Sets since when something is so, in the column that is named for the deed."""
    name, moment = f"{entry.deed}_at", _moment(entry)
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


def _named_as_noted(tx: Transaction, signature: Row[Any], value: str, at: datetime) -> bool:
    """Gives the name, or takes it off.

    One that was given after the backup stays off: the consent to it is not in the copy, and a
    former one was taken back before.
    """
    consent_id, _, name = value.partition(" ")
    held = tx.all(select(CONSENTS.c.id).where(is_to_name(signature.id)))
    sealed, column = signature.name_sealed, SIGNATURES.c.name_sealed
    if consent_id not in {of(row.id) for row in held for of in (short, bytes.hex)}:
        if sealed is not None:
            take_off_name(tx, signature, at)
        return sealed is not None
    if name in ("", tx.opened(sealed, column, signature.id)):
        return False
    replace_name(tx, signature, name, at)
    return True


def _moment(entry: Entry) -> datetime | None:
    return from_millis(int(entry.value)) if entry.value else None
