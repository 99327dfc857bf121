"""The one-time code by which somebody who writes a letter shows whose signature it is.

/mydata shows it once; only a keyed digest is stored. A new code takes the place of the former one.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from storage.petitions import lock_petition
from storage.tables import PERSON_CODES, SIGNATURES
from storage.transaction import Transaction

if TYPE_CHECKING:
    from storage import Storage

CODE_LASTS = timedelta(days=30)
"""Long enough for a letter by post, and for the month in which it has to be answered."""

MOST_ATTEMPTS = 5
"""How many wrong codes make a code void."""

# None of these looks like another one, typed or written by hand: no O, Q and 0, no I, L and 1, no
# S and 5, no Z and 2, no B and 8, no G, no U.
_SIGNS = "34679ACDEFHJKMNPRTVWXY"
_GROUPS, _GROUP = 2, 4


class CodeState(Enum):
    """What a typed code is worth."""

    FITS = auto()
    WRONG = auto()
    """Also where the number has no signature, or its owner made no code."""
    USED = auto()
    ENDED = auto()
    VOID = auto()
    """Right, but too many wrong ones were typed before."""


@dataclass(frozen=True, slots=True)
class CheckedCode:
    """The result of checking a code; `since` is when it was used or ended, if it is so."""

    state: CodeState
    since: datetime | None = None


def add_code(tx: Transaction, supporter: bytes, code: str, *, ends_at: datetime) -> bool:
    """Stores a code, which voids the former one; returns False if the person has not signed."""
    lock_petition(tx, shared=True)  # the code refers to it, and it is locked before signatures
    # Whoever withdraws at this moment leaves no code behind.
    if tx.find(SIGNATURES, SIGNATURES.c.supporter == supporter, lock=True) is None:
        return False
    fresh = {"code_digest": _digest(tx, supporter, code), "attempts": 0, "used_at": None}
    tx.put(PERSON_CODES, supporter=supporter, ends_at=ends_at, **fresh)
    return True


def check_code(tx: Transaction, supporter: bytes, typed: str, at: datetime) -> CheckedCode:
    """Says whether a code fits; a wrong one is counted, a right one is not used by it."""
    stored = tx.find(PERSON_CODES, supporter, lock=True)
    if stored is None:
        return CheckedCode(CodeState.WRONG)
    if hmac.compare_digest(stored.code_digest, _digest(tx, supporter, typed)):
        return _worth(stored, at)
    if stored.attempts < MOST_ATTEMPTS:
        tx.set(PERSON_CODES, supporter, attempts=stored.attempts + 1)
    return CheckedCode(CodeState.WRONG)


def use_code(tx: Transaction, supporter: bytes, typed: str, at: datetime) -> bool:
    """Uses a code up, in the transaction of what it is for; returns False if it does not fit."""
    if check_code(tx, supporter, typed, at).state is not CodeState.FITS:
        return False
    tx.set(PERSON_CODES, supporter, used_at=at)
    return True


def forget_codes(tx: Transaction, ended_before: datetime) -> None:
    """Erases the rows of codes that have ended for long."""
    tx.delete(PERSON_CODES, PERSON_CODES.c.ends_at <= ended_before)


async def make_code(
    storage: "Storage", supporter: bytes, at: datetime
) -> tuple[str, datetime] | None:
    """Stores a new code, which voids the former one.

    Returns:
        The code as it is to be read, and when it ends; None without a signature.
    """
    code, ends_at = new_code(), at + CODE_LASTS
    made = await storage.write(add_code, supporter, code, ends_at=ends_at)
    return (code, ends_at) if made else None


def new_code() -> str:
    """Returns a new code of eight signs in two groups, like 7KXM-34PD."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _digest(tx: Transaction, supporter: bytes, code: str) -> bytes:
    """Returns the digest of a code without what people put between its signs, and in capitals."""
    signs, column = re.sub(r"[\s\W_]+", "", code).upper(), PERSON_CODES.c.code_digest
    return tx.keyring.digest(
        signs.encode(), table=column.table.name, column=column.name, row=supporter
    )


def _worth(stored: Row[Any], at: datetime) -> CheckedCode:
    """Returns what the right code is worth."""
    if stored.used_at is not None:
        return CheckedCode(CodeState.USED, stored.used_at)
    if stored.ends_at <= at:
        return CheckedCode(CodeState.ENDED, stored.ends_at)
    if stored.attempts >= MOST_ATTEMPTS:
        return CheckedCode(CodeState.VOID)
    return CheckedCode(CodeState.FITS)
