"""What a letter or an e-mail asks for (GDPR arts 15 to 18, 20 and 21), found by signature number.

Each deed is one transaction: the deed, its audit entry, the sentence to the person and the code
that is used up by it. The statements before the deed read the signature as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.audit import ALWAYS, Audit
from storage.changes_after_export import Change, note_change
from storage.database import FOR_UPDATE, Database, Row, Statement, Value
from storage.eligibility import LANGUAGE
from storage.journal import Deed, Entry
from storage.keyring import Keyring
from storage.person_codes import CheckedCode, CodeState, PersonCodes
from storage.person_notices import NewPersonNotice, PersonNoticeKind, PersonNotices
from storage.petitions import lock_petition
from storage.sent_files import all_due
from storage.signing import was_withdrawn, withdraw_statements
from storage.times import from_millis, to_millis

_SIGNER = f"""
SELECT s.id, s.supporter, s.number, s.name_sealed, s.chat_sealed, s.signed_at, s.restricted_at,
  s.objected_at, {LANGUAGE} AS language
FROM signatures s WHERE s.petition = :petition
"""  # noqa: S608 - constants

_LOCK = f"SELECT id FROM signatures WHERE id = :id {FOR_UPDATE}"  # noqa: S608 - a constant

# Each is completed with what the deed needs besides, such as a code that fits.
_CORRECT = "UPDATE signatures SET name_sealed = :name WHERE id = :id"
_SET = {
    PersonNoticeKind.RESTRICTED: "UPDATE signatures SET restricted_at = :set_at WHERE id = :id",
    PersonNoticeKind.OBJECTED: "UPDATE signatures SET objected_at = :set_at WHERE id = :id",
}
_NOTHING = "SELECT 1 AS noted"
_LIFT = "UPDATE signatures SET restricted_at = NULL, objected_at = NULL WHERE id = :id"

_IS_THERE = "EXISTS (SELECT 1 FROM signatures held WHERE held.id = :id)"
_HAS_NAME = "EXISTS (SELECT 1 FROM signatures own WHERE own.id = :id AND own.with_name = 1)"
_MAY = {
    PersonNoticeKind.RESTRICTED: "held.restricted_at IS NULL",
    PersonNoticeKind.OBJECTED: "held.objected_at IS NULL",
    PersonNoticeKind.LIFTED: "(held.restricted_at IS NOT NULL OR held.objected_at IS NOT NULL)",
}
_CHANGES = {
    PersonNoticeKind.CORRECTED: Change.CORRECTED,
    PersonNoticeKind.RESTRICTED: Change.RESTRICTED,
    PersonNoticeKind.OBJECTED: Change.OBJECTED,
    PersonNoticeKind.LIFTED: Change.NAME_GIVEN,
}
_DEEDS = {
    PersonNoticeKind.RESTRICTED: Deed.RESTRICTED,
    PersonNoticeKind.OBJECTED: Deed.OBJECTED,
}
_ACTIONS = {
    PersonNoticeKind.SHOWN: "person_show",
    PersonNoticeKind.CORRECTED: "person_correct",
    PersonNoticeKind.ERASED: "person_erase",
    PersonNoticeKind.RESTRICTED: "person_restrict",
    PersonNoticeKind.OBJECTED: "person_object",
    PersonNoticeKind.LIFTED: "person_lift",
}

_WITHDRAWN_STAGE = "withdrawn"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature has a number.

    Attributes:
        chat_id: None if it cannot be decrypted; nothing can be told to them then.
        name: None if it cannot be decrypted.
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


class PersonRequests:
    """Answers requests about single signatures of one petition."""

    def __init__(
        self,
        database: Database,
        slug: str,
        keyring: Keyring,
        audit: Audit,
        codes: PersonCodes,
        notices: PersonNotices,
    ) -> None:
        self._database = database
        self._slug = slug
        self._keyring = keyring
        self._audit = audit
        self._codes = codes
        self._notices = notices

    async def find(self, number: int) -> Signer | None:
        """Returns whose signature has this number, or None."""
        asked: dict[str, Value] = {"petition": self._slug, "number": number}
        return await self._one(Statement(f"{_SIGNER} AND s.number = :number", asked))

    async def of(self, supporter: bytes) -> Signer | None:
        """Returns somebody's own signature, or None."""
        asked: dict[str, Value] = {"petition": self._slug, "supporter": supporter}
        return await self._one(Statement(f"{_SIGNER} AND s.supporter = :supporter", asked))

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
        """Replaces a name (GDPR art. 16); files in the chat that have the former one are due."""
        only_if, values = self._condition(signer, proof, None, at)
        sealed = self._keyring.seal(
            name, table="signatures", column="name_sealed", row=signer.signature_id
        )
        noted = Entry(Deed.NAME, signer.signature_id, name)
        corrected = Statement(f"{_CORRECT} AND {only_if.sql}", {**values, "name": sealed}, noted)
        files = all_due(self._slug, signer.supporter, only_if=only_if)
        return await self._do(signer, proof, PersonNoticeKind.CORRECTED, at, files, corrected)

    async def restrict(self, signer: Signer, proof: Proof, at: datetime) -> bool:
        """Restricts the use to storage and counting (GDPR art. 18)."""
        return await self._set(signer, proof, PersonNoticeKind.RESTRICTED, at)

    async def object(self, signer: Signer, proof: Proof, at: datetime) -> bool:
        """Ends the use but for storage and counting, as the person objects (GDPR art. 21)."""
        return await self._set(signer, proof, PersonNoticeKind.OBJECTED, at)

    async def lift(self, signer: Signer, proof: Proof, at: datetime) -> bool:
        """Ends a restriction and an objection."""
        only_if, values = self._condition(signer, proof, PersonNoticeKind.LIFTED, at)
        ended = [
            Entry.since(deed, signer.signature_id, None)
            for deed in (Deed.RESTRICTED, Deed.OBJECTED)
        ]
        lifted = Statement(f"{_LIFT} AND {only_if.sql}", values, ended[0])
        # A statement has one entry of the journal.
        also = Statement(_NOTHING, {}, ended[1])
        return await self._do(signer, proof, PersonNoticeKind.LIFTED, at, also, lifted)

    async def erase(self, signer: Signer, proof: Proof, at: datetime) -> bool:
        """Erases a signature and everything stored with it (GDPR art. 17), as /withdraw does."""
        kind = PersonNoticeKind.ERASED
        only_if, values = self._condition(signer, proof, None, at)
        if not await self._holds(only_if, values):
            return False
        notice, before = self._noted(signer, proof, kind, at, only_if)
        rows = await self._database.write(
            lock_petition(self._slug),
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

    async def _holds(self, only_if: Statement, values: dict[str, Value]) -> bool:
        """Returns whether a deed has an effect; the journal notes it before it is known again."""
        return bool(await self._database.read(Statement(f"SELECT 1 WHERE {only_if.sql}", values)))

    async def _one(self, statement: Statement) -> Signer | None:
        rows = await self._database.read(statement)
        return self._signer(rows[0]) if rows else None

    async def _set(
        self, signer: Signer, proof: Proof, kind: PersonNoticeKind, at: datetime
    ) -> bool:
        only_if, values = self._condition(signer, proof, kind, at)
        noted = Entry.since(_DEEDS[kind], signer.signature_id, at)
        set_at: dict[str, Value] = {**values, "set_at": to_millis(at)}
        done = Statement(f"{_SET[kind]} AND {only_if.sql}", set_at, noted)
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
        only_if, values = self._condition(signer, proof, kind, at)
        if not await self._holds(only_if, values):
            return False
        _, before = self._noted(signer, proof, kind, at, only_if)
        may = Statement(f"SELECT 1 AS done WHERE {only_if.sql}", values)
        named = Statement(f"{_HAS_NAME} AND {only_if.sql}", values)
        changed = (
            (note_change(self._slug, signer.supporter, _CHANGES[kind], at, only_if=named),)
            if kind in _CHANGES
            else ()
        )
        used = () if proof.code is None else (self._codes.use(signer.supporter, proof.code, at),)
        _, _, may_rows, *_ = await self._database.write(
            lock_petition(self._slug),
            Statement(_LOCK, {"id": signer.signature_id}),
            may,
            *before,
            *changed,
            *deed,
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
    ) -> tuple[bytes, Sequence[Statement]]:
        """Returns the id of the sentence to the person, and the statements that note a deed."""
        audited = self._audit.statement(
            _ACTIONS[kind], actor=None, at=at, detail=proof.detail, only_if=only_if
        )
        if signer.chat_id is None or proof.is_in_chat:
            return b"", (audited,)
        new = NewPersonNotice(signer.supporter, signer.chat_id, signer.language, kind, at)
        notice, told = self._notices.adding(new, only_if)
        return notice, (audited, told)

    def _condition(
        self, signer: Signer, proof: Proof, kind: PersonNoticeKind | None, at: datetime
    ) -> tuple[Statement, dict[str, Value]]:
        """Returns when a deed has an effect, and the values that it needs."""
        fits = (
            ALWAYS
            if proof.code is None
            else self._codes.is_valid(signer.supporter, proof.code, at)
        )
        may = f"{_IS_THERE[:-1]} AND {_MAY[kind]})" if kind in _MAY else _IS_THERE
        values: dict[str, Value] = {**fits.values, "id": signer.signature_id}
        return Statement(f"{may} AND {fits.sql}", values), values

    def _signer(self, row: Row) -> Signer:
        def opened(column: str) -> str | None:
            return self._keyring.open_if_whole(
                row[column], table="signatures", column=column, row=row["id"]
            )

        chat = opened("chat_sealed")
        return Signer(
            signature_id=row["id"],
            supporter=row["supporter"],
            number=row["number"],
            name=opened("name_sealed"),
            chat_id=None if chat is None else int(chat),
            language=row["language"],
            signed_at=from_millis(row["signed_at"]),
            restricted_at=from_millis(row["restricted_at"]),
            objected_at=from_millis(row["objected_at"]),
        )
