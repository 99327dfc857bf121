"""Reads an opened list of signatures, from which a dossier is made.

The list is one JSON document. Its head is small and read whole; the signatures, which come last,
are read one at a time, so that a list of any length takes the same memory.
"""

import codecs
import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ijson
from ijson.common import ObjectBuilder
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from bot.dossier.telegram_text import blocks
from bot.text.terminal_language import TerminalError, label

FORMAT = "petition-bot list 1"

# What precedes the signatures is at most so long, in bytes; a longer one is not read to its end.
_LONGEST_HEAD = 64 * 2**20
_LONGEST_NAME = 400
# So many values inside each other at most; the list itself has five.
_DEEPEST = 32
_SIGNATURES = "signatures"
# The last two are raised for a number of thousands of digits, which Python refuses to read.
_NO_JSON = (ijson.JSONError, UnicodeError, ValueError, SystemError)
# No petition lasts so long; a day further away than this is a mistake.
_LONGEST = timedelta(days=3660)
# What a name must not have: it would be invisible, or change what stands beside it. Two joiners
# are letters' business in several scripts.
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")


class DossierError(TerminalError):
    """A dossier cannot be made; the message says why, and what can be done."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no time zone has this name") from None
    return name


def _of_these_years(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 3000:
        raise ValueError("no list was written then")
    return moment


def _that_can_be_set(page: str) -> str:
    blocks(page)  # MarkupError is a ValueError
    return page


Moment = Annotated[AwareDatetime, AfterValidator(_of_these_years)]
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
    data_protection_officer: str | None = None
    address: str | None = None


class ListedVersion(_Part):
    """An earlier version of the texts: its date, and what changed with it."""

    date: date
    changed: dict[str, str] = {}


class ListedPetition(_Part):
    """The petition's texts, by language; the appeal's pages are Telegram HTML."""

    slug: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    version: str
    time_zone: Annotated[str, AfterValidator(_known_zone)]
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


class DayAndLanguage(_Part):
    """How many signed on a day in a language; both are None for few without a name."""

    day: date | None = None
    language: str | None = None
    with_name: Count
    without_name: Count


class ListedVersionCount(_Part):
    """How many signed a version of the texts; it is None where they are few."""

    version: str | None
    signatures: Count


class ListHead(_Part):
    """All that an opened list says before its signatures."""

    format: str
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    exported_at: Moment
    petition: ListedPetition
    counts: ListedCounts
    by_day: list[DayAndLanguage] = []
    by_version: list[ListedVersionCount] = []


@dataclass(frozen=True, slots=True)
class ListedSignature:
    """One signature that is handed over with its name."""

    number: int
    name: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class OpenedList:
    """A list whose head makes sense, and the hash of its file, in hexadecimal digits."""

    path: Path
    head: ListHead
    sha256: str

    def signatures(self) -> Iterator[ListedSignature]:
        """Yields each signature, in the order of their numbers; see `_checked`.

        Raises:
            DossierError: a signature makes no sense, or there are not as many as the head says.
        """
        number = found = 0
        with self.path.open("rb") as file:
            try:
                for item in _items(file):
                    signature = _checked(item, number)
                    number, found = signature.number, found + 1
                    yield signature
            except _NO_JSON as error:
                raise _damaged(self.path) from error
        if found != self.head.counts.with_name:
            raise DossierError.because(
                "{path} dice que tiene {said} firmas con nombre, y tiene {found}: está "
                "dañado. Expórtalo otra vez.",
                path=self.path,
                said=self.head.counts.with_name,
                found=found,
            )


def open_list(path: Path) -> OpenedList:
    """Reads the head of a list and the hash of its file.

    Raises:
        DossierError: the file is no opened list; the message says what it is and what to do.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        _refuse_other_kinds(path, file.read(64))
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        try:
            values = _head(file)
        except _NO_JSON as error:
            raise _damaged(path) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise DossierError.because(
            "{path} es JSON, pero no una lista de firmas que esta versión pueda leer. Haz una "
            "con petition-bot export --format json.",
            path=path,
        )
    try:
        head = ListHead.model_validate(values)
    except ValidationError as error:
        raise DossierError.because(
            "{path} no tiene sentido en {entry}. Expórtalo otra vez.",
            path=path,
            entry=_where(error),
        ) from error
    _refuse_wrong_sums(path, head.counts)
    exported = head.exported_at.date()
    if any(abs(exported - row.day) > _LONGEST for row in head.by_day if row.day):
        raise DossierError.because(
            "{path} tiene días a años de distancia: está dañado. Expórtalo otra vez.",
            path=path,
        )
    return OpenedList(path, head, sha256)


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    if start.startswith((b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE")):
        opened = path.with_suffix("") if path.suffix == ".age" else path.with_suffix(".json")
        raise DossierError.because(
            "{path} sigue cifrado. Ábrelo con la clave de la organización, y da el archivo "
            "abierto:\n{command}",
            path=path,
            command=f"age --decrypt --identity key.txt --output '{opened}' '{path}'",
        )
    if start.startswith(b"PK\x03\x04"):
        raise _wrong_format(path, label("una hoja XLSX"))
    if not start.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"{", b"[")):
        raise _wrong_format(path, label("algo que no es JSON"))


def _wrong_format(path: Path, kind: str) -> DossierError:
    return DossierError.because(
        "{path} es {kind}. Un expediente se hace con la lista en JSON, que tiene también los "
        "textos y los totales: petition-bot export --format json",
        path=path,
        kind=kind,
    )


def _damaged(path: Path) -> DossierError:
    return DossierError.because(
        "{path} no es un documento JSON entero: está dañado o cortado. Descífralo otra vez, o "
        "expórtalo otra vez.",
        path=path,
    )


def _events(file: BinaryIO) -> Iterator[tuple[int, str, Any]]:
    """Yields each event of the JSON document with how deep it stands; the document is 0 deep."""
    if file.read(3) != codecs.BOM_UTF8:  # with which some editors begin a file
        file.seek(0)
    depth = 0
    for event, value in ijson.basic_parse(file):
        depth -= event.startswith("end")
        yield depth, event, value
        depth += event.startswith("start")
        if depth > _DEEPEST:
            raise ijson.IncompleteJSONError("too many values inside each other")


def _head(file: BinaryIO) -> Any:
    """Returns all that stands before the signatures, without reading these."""
    builder = ObjectBuilder()
    for depth, event, value in _events(file):
        if (depth, event, value) == (1, "map_key", _SIGNATURES):
            break
        if file.tell() > _LONGEST_HEAD:
            raise ijson.IncompleteJSONError("the head does not end")
        builder.event(event, value)
    return getattr(builder, "value", None)


def _items(file: BinaryIO) -> Iterator[object]:
    """Yields each signature as it stands, also of a second array, which the counts then refuse."""
    inside, builder = False, ObjectBuilder()
    for depth, event, value in _events(file):
        if depth == 1 and event == "map_key":
            inside = value == _SIGNATURES
        elif inside and depth >= 2:
            builder.event(event, value)
            if depth == 2 and not event.startswith("start"):
                yield builder.value
                builder = ObjectBuilder()


def _where(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return ".".join(str(key) for key in first["loc"])


def _refuse_wrong_sums(path: Path, counts: ListedCounts) -> None:
    right = counts.counted == counts.with_name + counts.without_name
    if counts.at_closing is not None:
        gone = counts.withdrawn_since + counts.invalidated_since
        right = right and counts.at_closing - gone == counts.counted
    if not right:
        raise DossierError.because(
            "Los totales de {path} no cuadran: está dañado. Expórtalo otra vez.", path=path
        )


def _checked(item: object, before: int) -> ListedSignature:
    """Returns a signature whose number is higher than the one before and whose name can be set.

    Raises:
        DossierError: something else stands there.
    """
    try:
        number, name, day = item["number"], item["name"], item["signed_on"]  # type: ignore[index]
        signed_on = date.fromisoformat(day)
    except (TypeError, KeyError, ValueError, IndexError):
        raise _no_signature(before) from None
    if type(number) is not int or not before < number < 2**53:
        raise _no_signature(before)
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise DossierError.because(
            "La firma {number} no tiene un nombre que se pueda imprimir. Exporta la lista "
            "otra vez.",
            number=number,
        )
    if not name.isascii() or not name.isprintable():
        refused = (c for c in name if c not in _JOINERS and unicodedata.category(c) in _REFUSED)
        if sign := next(refused, None):
            raise DossierError.because(
                "El nombre de la firma {number} tiene un signo que no se ve ({sign}), y así "
                "no lo escribió petition-bot. Exporta la lista otra vez.",
                number=number,
                sign=f"U+{ord(sign):04X}",
            )
    return ListedSignature(number, name, signed_on)


def _no_signature(before: int) -> DossierError:
    return DossierError.because(
        "Lo que sigue a la firma {before} no es una firma con número, nombre y día, en el "
        "orden de los números. Exporta la lista otra vez.",
        before=before,
    )


def local_day(moment: datetime, petition: ListedPetition) -> date:
    """Returns the day of a moment where the petition is."""
    return moment.astimezone(ZoneInfo(petition.time_zone)).date()
