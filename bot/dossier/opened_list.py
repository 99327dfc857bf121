"""Reads an opened list of signatures, from which a dossier is made."""

import codecs
import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.dossier.telegram_text import blocks
from bot.petition_folder.field_types import Slug, TimeZone
from bot.text.terminal_language import TerminalError, label

# What a name must not have: it would be invisible, or change what stands beside it.
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
JOINERS = frozenset("\u200c\u200d")
"""Two signs that are letters' business in several scripts."""


class DossierError(TerminalError):
    """A dossier cannot be made; the message says why, and what can be done."""


def _that_can_be_set(page: str) -> str:
    blocks(page)  # MarkupError is a ValueError
    return page


def _that_can_be_printed(name: str) -> str:
    signs = "" if name.isascii() and name.isprintable() else name
    if not name.strip() or any(
        sign not in JOINERS and unicodedata.category(sign) in _REFUSED for sign in signs
    ):
        raise ValueError("nothing of it, or not all of it, would be seen")
    return name


Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC))
]
Count = Annotated[int, Field(ge=0, le=10**9)]
ByLanguage = Annotated[dict[str, str], Field(min_length=1)]


class _Part(BaseModel):
    """A part of the head. Keys that a later version adds are left out of the dossier."""

    model_config = ConfigDict(frozen=True)


class ListedController(_Part):
    """Who answers for the signatures, and how to reach them."""

    name: ByLanguage
    email: str | None = None
    web_form: str | None = None
    address: str | None = None


class ListedVersion(_Part):
    """An earlier version of the texts: its date, and what changed with it."""

    date: date
    changed: dict[str, str] = {}


class ListedPetition(_Part):
    """The petition's texts, by language; the appeal's pages are Telegram HTML."""

    slug: Slug
    version: str
    time_zone: TimeZone
    source_language: str
    closed_at: Moment | None = None
    title: ByLanguage
    addressee: ByLanguage
    demands: dict[str, list[str]]
    appeal: dict[str, list[Annotated[str, AfterValidator(_that_can_be_set)]]]
    earlier_versions: list[ListedVersion] = []
    controller: ListedController


class ListedCounts(_Part):
    """How many signatures there are; before the closing `at_closing` is None.

    `invalidated_since` is negative if more were put back into the count than taken out of it.
    """

    at_closing: Count | None = None
    withdrawn_since: Count = 0
    invalidated_since: Annotated[int, Field(ge=-(10**9), le=10**9)] = 0
    counted: Count
    with_name: Count
    without_name: Count

    @model_validator(mode="after")
    def _adding_up(self) -> "ListedCounts":
        gone = self.withdrawn_since + self.invalidated_since
        if self.counted != self.with_name + self.without_name or (
            self.at_closing is not None and self.at_closing - gone != self.counted
        ):
            raise ValueError("the counts do not add up")
        return self


class ListedVersionCount(_Part):
    """How many signed a version of the texts; it is None where they are few."""

    version: str | None
    signatures: Count


class ListHead(_Part):
    """All that an opened list says before its signatures."""

    format: Literal["petition-bot list 1"]
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    exported_at: Moment
    petition: ListedPetition
    counts: ListedCounts
    by_version: list[ListedVersionCount] = []


@dataclass(frozen=True, slots=True)
class ListedSignature:
    """One signature that is handed over with its name."""

    number: Annotated[int, Field(strict=True, gt=0, lt=2**53)]
    name: Annotated[str, Field(max_length=400), AfterValidator(_that_can_be_printed)]
    signed_on: date


class OpenedList(ListHead):
    """A list that makes sense, with the hash of its file in hexadecimal digits."""

    signatures: Annotated[list[ListedSignature], Field(fail_fast=True)]
    sha256: str = ""

    @field_validator("signatures")
    @classmethod
    def _whole_and_in_order(
        cls, found: list[ListedSignature], known: ValidationInfo
    ) -> list[ListedSignature]:
        counts = known.data.get("counts")
        if counts and len(found) != counts.with_name:
            raise ValueError("some are missing")
        if any(later.number <= earlier.number for earlier, later in pairwise(found)):
            raise ValueError("their numbers do not rise")
        return found


def open_list(path: Path) -> OpenedList:
    """Reads a list and the hash of its file.

    Raises:
        DossierError: the file is no opened list; the message says what it is and what to do.
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    _refuse_other_kinds(path, content[:64])
    try:
        opened = OpenedList.model_validate_json(content.removeprefix(codecs.BOM_UTF8))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    else:
        return opened.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    if first["type"] == "json_invalid":
        raise DossierError.because(
            "{path} no es un documento JSON entero: está dañado o cortado. Descífralo otra vez, o "
            "expórtalo otra vez.",
            path=path,
        )
    if first["loc"] in ((), ("format",)):
        raise DossierError.because(
            "{path} es JSON, pero no una lista de firmas que esta versión pueda leer. Haz una "
            "con petition-bot export --format json.",
            path=path,
        )
    raise DossierError.because(
        "{path} no tiene sentido en {entry}. Expórtalo otra vez.",
        path=path,
        entry=".".join(map(str, first["loc"])),
    )


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    if start.startswith((b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE")):
        opened = path.with_suffix("") if path.suffix == ".age" else path.with_suffix(".json")
        raise DossierError.because(
            "{path} sigue cifrado. Ábrelo con la clave de la organización, y da el archivo "
            "abierto:\n{command}",
            path=path,
            command=f"age --decrypt --identity key.txt --output '{opened}' '{path}'",
        )
    is_sheet = start.startswith(b"PK\x03\x04")
    if is_sheet or not start.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"{", b"[")):
        raise DossierError.because(
            "{path} es {kind}. Un expediente se hace con la lista en JSON, que tiene también los "
            "textos y los totales: petition-bot export --format json",
            path=path,
            kind=label("una hoja XLSX") if is_sheet else label("algo que no es JSON"),
        )
