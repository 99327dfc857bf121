"""The one-time code by which somebody who writes a letter shows whose signature it is.

/mydata shows it once; only a keyed digest is stored. A new code takes the place of the former one.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from storage.database import Row, Statement, Value
from storage.petition_rows import PetitionRows
from storage.times import from_millis, to_millis

CODE_LASTS = timedelta(days=30)
"""Long enough for a letter by post, and for the month in which it has to be answered."""

MOST_ATTEMPTS = 5
"""How many wrong codes make a code void."""

# None of these looks like another one, typed or written by hand: no O, Q and 0, no I, L and 1, no
# S and 5, no Z and 2, no B and 8, no G, no U.
_SIGNS = "34679ACDEFHJKMNPRTVWXY"
_GROUPS, _GROUP = 2, 4

_PERSON = "petition = :petition AND supporter = :supporter"

_MAKE = """
INSERT INTO person_codes (petition, supporter, code_digest, ends_at)
SELECT s.petition, s.supporter, :digest, :ends_at FROM signatures s
WHERE s.petition = :petition AND s.supporter = :supporter
ON CONFLICT (petition, supporter) DO UPDATE SET
  code_digest = excluded.code_digest, ends_at = excluded.ends_at, attempts = 0, used_at = NULL
RETURNING ends_at
"""

_COUNT_WRONG = f"""
UPDATE person_codes SET attempts = attempts + 1
WHERE {_PERSON} AND code_digest <> :digest AND attempts < {MOST_ATTEMPTS}
"""  # noqa: S608 - constants of this file

_GET = f"SELECT code_digest, ends_at, used_at, attempts FROM person_codes WHERE {_PERSON}"  # noqa: S608

_USE = f"""
UPDATE person_codes SET used_at = :used_at
WHERE {_PERSON} AND code_digest = :digest AND used_at IS NULL
"""  # noqa: S608 - constants of this file

_IS_VALID = f"""
EXISTS (
  SELECT 1 FROM person_codes code
  WHERE code.petition = :petition AND code.supporter = :supporter AND code.code_digest = :digest
    AND code.used_at IS NULL AND code.ends_at > :used_at AND code.attempts < {MOST_ATTEMPTS}
)
"""  # noqa: S608 - constants of this file

_FORGET = "DELETE FROM person_codes WHERE petition = :petition AND ends_at <= :before"

_ANY_ENDED = """
SELECT 1 FROM person_codes WHERE petition = :petition AND ends_at <= :before LIMIT 1
"""


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


class PersonCodes(PetitionRows):
    """The codes of one petition's signers, keyed by the supporter's reference."""

    async def make(self, supporter: bytes, at: datetime) -> tuple[str, datetime] | None:
        """Stores a new code, which voids the former one.

        Returns:
            The code as it is to be read, and when it ends; None without a signature.
        """
        code, ends_at = new_code(), at + CODE_LASTS
        asked = self._asked(supporter, code)
        made = await self._write(_MAKE, **asked, ends_at=to_millis(ends_at))
        return (code, ends_at) if made else None

    async def check(self, supporter: bytes, typed: str, at: datetime) -> CheckedCode:
        """Says whether a code fits; a wrong one is counted, a right one is not used by it."""
        asked = self._asked(supporter, typed)
        _, found = await self._database.write(
            self._statement(_COUNT_WRONG, **asked), self._statement(_GET, **asked)
        )
        return _checked(found[0], asked, at) if found else CheckedCode(CodeState.WRONG)

    def is_valid(self, supporter: bytes, typed: str, at: datetime) -> Statement:
        """Returns the condition that a code fits and was not used, for a transaction."""
        return self._statement(_IS_VALID, **self._asked(supporter, typed), used_at=to_millis(at))

    def use(self, supporter: bytes, typed: str, at: datetime) -> Statement:
        """Returns the statement that uses a code up, for the transaction of what it is for."""
        return self._statement(_USE, **self._asked(supporter, typed), used_at=to_millis(at))

    async def forget(self, ended_before: datetime) -> None:
        """Erases the rows of codes that have ended for long."""
        before = to_millis(ended_before)
        if await self._read(_ANY_ENDED, before=before):
            await self._write(_FORGET, before=before)

    def _asked(self, supporter: bytes, code: str) -> dict[str, Value]:
        digest = self._keyring.digest(
            _signs_of(code).encode(), table="person_codes", column="code_digest", row=supporter
        )
        return {"supporter": supporter, "digest": digest}


def new_code() -> str:
    """Returns a new code of eight signs in two groups, like 7KXM-34PD."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _signs_of(typed: str) -> str:
    """Returns a code without what people put between its signs, and in capitals."""
    return re.sub(r"[\s\W_]+", "", typed).upper()


def _checked(row: Row, asked: Mapping[str, Value], at: datetime) -> CheckedCode:
    if not hmac.compare_digest(row["code_digest"], asked["digest"]):
        return CheckedCode(CodeState.WRONG)
    ends_at = from_millis(row["ends_at"])
    if row["used_at"] is not None:
        return CheckedCode(CodeState.USED, from_millis(row["used_at"]))
    if ends_at <= at:
        return CheckedCode(CodeState.ENDED, ends_at)
    if row["attempts"] >= MOST_ATTEMPTS:
        return CheckedCode(CodeState.VOID)
    return CheckedCode(CodeState.FITS)
