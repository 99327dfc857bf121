"""What a letter or an e-mail asks for (GDPR arts 15 to 18, 20 and 21), found by signature number.

Each deed is one transaction: the deed, its audit entry, the sentence to the person and the code
that is used up by it. The statements before the deed read the signature as it was.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from storage.audit import ALWAYS, AuditedRows
from storage.changes_after_export import Change, change_noted
from storage.database import FOR_UPDATE, Database, Row, Statement
from storage.eligibility import LANGUAGE
from storage.exports import HAS_NAME
from storage.journal_entries import Deed, Entry
from storage.keyring import Keyring
from storage.person_codes import CheckedCode, CodeState, PersonCodes
from storage.person_notices import PersonNoticeKind, PersonNotices
from storage.petitions import locking_petition
from storage.sent_files import all_due
from storage.signed_names import SET_NAME, STANDS_UNDER, named
from storage.signing import was_withdrawn, withdraw_statements
from storage.times import from_millis, to_millis

_SIGNER = f"""
SELECT s.id, s.supporter, s.number, s.name_sealed, s.chat_sealed, s.signed_at, s.restricted_at,
  s.objected_at, {LANGUAGE} AS language, {STANDS_UNDER} AS stands_under
FROM signatures s WHERE s.petition = :petition
"""  # noqa: S608 - constants

_LOCK = f"SELECT id FROM signatures WHERE id = :id {FOR_UPDATE}"  # noqa: S608 - a constant

_SET = "UPDATE signatures SET {column} = :set_at WHERE id = :id AND {{only_if}} RETURNING id"
_LIFT = """
UPDATE signatures SET restricted_at = NULL, objected_at = NULL WHERE id = :id AND {only_if}
RETURNING id
"""
_NOTHING = "SELECT 1 AS noted WHERE {only_if}"

_HAS_NAME = f"""
EXISTS (SELECT 1 FROM signatures own WHERE own.id = :id AND own.{HAS_NAME})
"""  # noqa: S608 - a constant


class _Kind(NamedTuple):
    """What belongs to deeds of one kind.

    Attributes:
        action: what the audit calls them.
        may: of the signature `held`, when they have an effect.
        change: what those who were given the signature are told, if anything.
    """

    action: str
    may: str = "1 = 1"
    change: Change | None = None


_KINDS = {
    PersonNoticeKind.SHOWN: _Kind("person_show"),
    PersonNoticeKind.CORRECTED: _Kind("person_correct", f"held.{HAS_NAME}", Change.CORRECTED),
    PersonNoticeKind.ERASED: _Kind("person_erase"),
    PersonNoticeKind.RESTRICTED: _Kind(
        "person_restrict", "held.restricted_at IS NULL", Change.RESTRICTED
    ),
    PersonNoticeKind.OBJECTED: _Kind("person_object", "held.objected_at IS NULL", Change.OBJECTED),
    PersonNoticeKind.LIFTED: _Kind(
        "person_lift",
        "(held.restricted_at IS NOT NULL OR held.objected_at IS NOT NULL)",
        Change.NAME_GIVEN,
    ),
}

_WITHDRAWN_STAGE = "withdrawn"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature has a number.

    Attributes:
        chat_id: None if it cannot be decrypted; nothing can be told to them then.
        name: None without one, or if it cannot be decrypted.
        has_name: whether there is one, which may be damaged.
        stands_under: the consent under which it is stored.
        language: which they read now.
    """

    signature_id: bytes
    supporter: bytes
    number: int
    name: str | None = field(repr=False)
    chat_id: int | None = field(repr=False)
    language: str
    signed_at: datetime
    restricted_at: datetime | None
    objected_at: datetime | None
    has_name: bool
    stands_under: bytes | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """How it was shown whose signature it is.

    Attributes:
        detail: what the audit says of it, without personal data.
        code: the code as it was typed, which the deed uses up; None where there was none.
        is_in_chat: whether it was asked in the person's own chat, which shows what was done.
    """

    detail: str
    code: str | None = field(default=None, repr=False)
    is_in_chat: bool = False


IN_CHAT = Proof("in the chat", is_in_chat=True)


def by_code(code: str) -> Proof:
    """Returns the proof by a code."""
    return Proof("by code", code)


def verified_otherwise(reason: str) -> Proof:
    """Returns the proof by what the reason says, which holds no personal data."""
    return Proof(f"verified otherwise: {reason}")


class PersonRequests(AuditedRows):
    """Answers requests about single signatures of one petition."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        super().__init__(database, slug, keyring)
        self._codes = PersonCodes(database, slug, keyring)
        self._notices = PersonNotices(database, slug, keyring)

    async def find(self, number: int) -> Signer | None:
        """Returns whose signature has this number, or None."""
        return self._signer(await self._read(f"{_SIGNER} AND s.number = :number", number=number))

    async def of(self, supporter: bytes) -> Signer | None:
        """Returns somebody's own signature, or None."""
        return self._signer(
            await self._read(f"{_SIGNER} AND s.supporter = :supporter", supporter=supporter)
        )

    async def check(
        self, number: int, code: str, at: datetime
    ) -> tuple[Signer | None, CheckedCode]:
        """Returns whose signature it is, if the code fits, and what the code is worth."""
        signer = await self.find(number)
        if signer is None:
            return None, CheckedCode(CodeState.WRONG)
        checked = await self._codes.check(signer.supporter, code, at)
        return (signer if checked.state is CodeState.FITS else None), checked

    async def record_shown(self, signer: Signer, proof: Proof, at: datetime) -> bool:
        """Records that somebody was given what is stored of them (GDPR arts 15 and 20)."""
        return await self._do(signer, proof, PersonNoticeKind.SHOWN, at)

    async def correct(self, signer: Signer, name: str, proof: Proof, at: datetime) -> bool:
        """Replaces a name (GDPR art. 16); files in the chat that have the former one are due.

        Without a name there is nothing to correct, and none is stored.
        """
        # While the letter was read, its owner may have taken the name off and given it again.
        signer, key = await self.find(signer.number) or signer, signer.signature_id
        sealed = self._sealed(name, "signatures", "name_sealed", key)
        setting, noted = (
            SET_NAME.replace("{may}", "{only_if}"),
            named(key, signer.stands_under, name),
        )
        corrected = self._statement(setting, noted, id=key, name=sealed)
        files = all_due(self._slug, signer.supporter)
        return await self._do(signer, proof, PersonNoticeKind.CORRECTED, at, files, corrected)

    async def restrict(self, signer: Signer, proof: Proof, at: datetime) -> bool:
        """Restricts the use to storage and counting (GDPR art. 18)."""
        return await self._set(signer, proof, PersonNoticeKind.RESTRICTED, Deed.RESTRICTED, at)

    async def object(self, signer: Signer, proof: Proof, at: datetime) -> bool:
        """Ends the use but for storage and counting, as the person objects (GDPR art. 21)."""
        return await self._set(signer, proof, PersonNoticeKind.OBJECTED, Deed.OBJECTED, at)

    async def lift(self, signer: Signer, proof: Proof, at: datetime) -> bool:
        """Ends a restriction and an objection."""
        key = signer.signature_id
        lifted = self._statement(_LIFT, Entry.since(Deed.RESTRICTED, key, None), id=key)
        # A statement has one entry of the journal.
        also = self._statement(_NOTHING, Entry.since(Deed.OBJECTED, key, None))
        return await self._do(signer, proof, PersonNoticeKind.LIFTED, at, also, lifted)

    async def erase(self, signer: Signer, proof: Proof, at: datetime) -> bool:
        """Erases a signature and everything stored with it (GDPR art. 17), as /withdraw does."""
        kind = PersonNoticeKind.ERASED
        only_if = self._only_if(signer, proof, kind, at)
        if not await self._holds(only_if):
            return False
        notice, before = self._noted(signer, proof, kind, at, only_if)
        rows = await self._database.write(
            locking_petition(self._slug),
            *before,
            *withdraw_statements(
                self._slug,
                signer.supporter,
                _WITHDRAWN_STAGE,
                at,
                Entry(Deed.WITHDRAWAL, signer.signature_id),
                change=Change.ERASED,
                notice=notice,
                only_if=only_if,
            ),
        )
        return was_withdrawn(rows)

    async def _holds(self, only_if: Statement) -> bool:
        """Returns whether a deed has an effect; the journal notes it before it is known again."""
        return bool(await self._read(f"SELECT 1 WHERE {only_if.sql}", **only_if.values))

    async def _set(
        self, signer: Signer, proof: Proof, kind: PersonNoticeKind, deed: Deed, at: datetime
    ) -> bool:
        """Sets since when something is so, in the column that is named for the deed."""
        key = signer.signature_id
        setting = _SET.format(column=f"{deed.value}_at")
        done = self._statement(setting, Entry.since(deed, key, at), id=key, set_at=to_millis(at))
        return await self._do(signer, proof, kind, at, done)

    async def _do(
        self,
        signer: Signer,
        proof: Proof,
        kind: PersonNoticeKind,
        at: datetime,
        *deed: Statement,
    ) -> bool:
        """Runs a deed with all that belongs to it; False if it has no effect any more."""
        only_if = self._only_if(signer, proof, kind, at)
        if not await self._holds(only_if):
            return False
        _, before = self._noted(signer, proof, kind, at, only_if)
        if change := _KINDS[kind].change:
            named = Statement(f"{_HAS_NAME} AND {only_if.sql}", only_if.values)
            before.append(change_noted(self._slug, signer.supporter, change, at, only_if=named))
        used = () if proof.code is None else (self._codes.use(signer.supporter, proof.code, at),)
        _, _, may_rows, *_ = await self._database.write(
            locking_petition(self._slug),
            Statement(_LOCK, only_if.values),
            Statement(f"SELECT 1 AS done WHERE {only_if.sql}", only_if.values),
            *before,
            *[
                Statement(
                    each.sql.format(only_if=only_if.sql),
                    {**only_if.values, **each.values},
                    each.journal,
                )
                for each in deed
            ],
            *used,
        )
        return bool(may_rows)

    def _noted(
        self,
        signer: Signer,
        proof: Proof,
        kind: PersonNoticeKind,
        at: datetime,
        only_if: Statement,
    ) -> tuple[bytes, list[Statement]]:
        """Returns the id of the sentence to the person, and the statements that note a deed."""
        audited = self._audit.statement(
            _KINDS[kind].action, actor=None, at=at, detail=proof.detail, only_if=only_if
        )
        if signer.chat_id is None or proof.is_in_chat:
            return b"", [audited]
        notice, told = self._notices.adding(
            signer.supporter, signer.chat_id, signer.language, kind, at, only_if
        )
        return notice, [audited, told]

    def _only_if(
        self, signer: Signer, proof: Proof, kind: PersonNoticeKind, at: datetime
    ) -> Statement:
        """Returns when a deed has an effect."""
        fits = (
            ALWAYS
            if proof.code is None
            else self._codes.is_valid(signer.supporter, proof.code, at)
        )
        may = (
            "EXISTS (SELECT 1 FROM signatures held"  # noqa: S608 - constants
            f" WHERE held.id = :id AND {_KINDS[kind].may})"
        )
        return Statement(f"{may} AND {fits.sql}", {**fits.values, "id": signer.signature_id})

    def _signer(self, rows: list[Row]) -> Signer | None:
        if not rows:
            return None
        row = rows[0]
        return Signer(
            signature_id=row["id"],
            supporter=row["supporter"],
            number=row["number"],
            name=self._opened(row, "signatures", "name_sealed", row["id"]),
            chat_id=self._opened_id(row, "signatures", "chat_sealed", row["id"]),
            language=row["language"],
            signed_at=from_millis(row["signed_at"]),
            restricted_at=from_millis(row["restricted_at"]),
            objected_at=from_millis(row["objected_at"]),
            has_name=row["name_sealed"] is not None,
            stands_under=row["stands_under"],
        )
