"""Tests of what a list says, in each format the same, and that no spreadsheet runs a name."""

import io
import json
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.export.json_list import write_json
from bot.export.signature_list import SignatureListHeader
from bot.export.xlsx_list import write_xlsx
from bot.petition.counts import FEWEST
from bot.petition.petition import BUNDLED, load_petition
from storage.exports import ExportedList, NamedSignature, SignatureGroup
from storage.petitions import PetitionState

PETITION = load_petition(BUNDLED)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPEN = PetitionState(0, None, None, 0)


def group(
    day: int, signatures: int, language: str = "es", *, named: bool = False, version: str = "1"
) -> SignatureGroup:
    return SignatureGroup(NOON + timedelta(days=day), language, version, named, signatures)


def header(
    *groups: SignatureGroup, state: PetitionState = OPEN, anonymous: int = 0
) -> SignatureListHeader:
    listed = ExportedList(b"e" * 16, NOON, 99)
    return SignatureListHeader(listed, PETITION, state, anonymous, groups)


def by_day(listed: SignatureListHeader) -> list[tuple[str | None, str | None, int, int]]:
    return [
        (str(each.day) if each.day else None, each.language, each.with_name, each.without_name)
        for each in listed.by_day()
    ]


def without_name(listed: SignatureListHeader) -> list[tuple[str | None, str | None, int]]:
    return [(day, language, few) for day, language, _, few in by_day(listed)]


def test_the_counts_add_up() -> None:
    state = PetitionState(14, NOON, closed_signatures=20, revision=1, invalidated_since=2)
    listed = header(group(0, 3, named=True), group(0, 7), state=state, anonymous=4)
    assert (listed.with_name, listed.without_name, listed.counted) == (3, 11, 14)
    assert listed.withdrawn_since == 4
    assert header(group(0, 7)).withdrawn_since == 0
    # Who is erased already has neither day nor version.
    assert by_day(listed)[-1] == (None, None, 0, 4)


def test_who_gives_no_name_is_told_with_the_next_of_their_language_until_they_are_five() -> None:
    days = [group(0, 2), group(1, 2), group(2, 2), group(3, 5), group(4, 1)]
    assert without_name(header(*days)) == [("2026-03-03", "es", 6), ("2026-03-05", "es", 6)]
    enough = [group(0, 5), group(1, 5)]
    assert without_name(header(*enough)) == [("2026-03-01", "es", 5), ("2026-03-02", "es", 5)]


def test_a_language_of_few_is_told_with_another_that_it_cannot_be_told_from() -> None:
    listed = header(group(0, 9), group(1, 6), group(2, 2, "en"), group(2, 1, "en", named=True))
    assert without_name(listed) == [
        ("2026-03-01", "es", 9),
        ("2026-03-03", "en", 0),
        (None, None, 8),
    ]
    assert without_name(header(group(0, 2))) == [(None, None, 2)]
    five = header(group(0, 9), group(0, 2, "en"), group(0, 3, "fr"))
    assert without_name(five) == [("2026-03-01", "es", 9), (None, None, 5)]


@given(
    st.lists(
        st.builds(
            group,
            st.integers(0, 9),
            st.integers(1, 7),
            st.sampled_from(["es", "en"]),
            named=st.booleans(),
            version=st.sampled_from(["1", "2"]),
        ),
        max_size=30,
    )
)
def test_nobody_is_lost_and_no_few_are_told_apart(groups: list[SignatureGroup]) -> None:
    listed = header(*groups)
    days = listed.by_day()
    assert sum(each.with_name for each in days) == listed.with_name
    assert sum(each.without_name for each in days) == listed.without_name
    assert sum(each.signatures for each in listed.by_version()) == listed.counted
    told = [each.without_name for each in days if each.without_name]
    assert len(told) <= 1 or min(told) >= FEWEST
    named = Counter({"1": 0, "2": 0})
    for each in groups:
        named[each.text_version] += each.signatures if each.named else 0
    others = [each.signatures - named[each.version or ""] for each in listed.by_version()]
    assert len(list(filter(None, others))) <= 1 or min(filter(None, others)) >= FEWEST
    # At no day are more told than there were.
    signed: Counter[date] = Counter()
    for each in groups:
        signed[each.quarter.date()] += 0 if each.named else each.signatures
    for day in signed:
        until = sum(n for each, n in signed.items() if each <= day)
        assert sum(each.without_name for each in days if each.day and each.day <= day) <= until


AT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
FORMULAS = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＋1", "－1", "＠a"),
    *('=HYPERLINK("http://x")', "=cmd|' /C calc'!A0", "\u00a0=1", "Ana;=HIPERVINCULO(A1);x"),
)
NAMES = ("Ana", "Seán O'Brien", 'A "B" C', "María, José", "<b>&amp;</b>", "王小明", "😀 Ana")


async def pages(names: tuple[str, ...], a_page: int = 2) -> AsyncIterator[list[NamedSignature]]:
    listed = [NamedSignature(n, name, AT, "1") for n, name in enumerate(names, 1)]
    for first in range(0, len(listed), a_page):
        yield listed[first : first + a_page]


def of(names: tuple[str, ...]) -> SignatureListHeader:
    return header(
        SignatureGroup(AT, "es", "1", False, 5),
        *([SignatureGroup(AT, "es", "1", True, len(names))] if names else []),
    )


class Unseekable(io.BytesIO):
    """A stream that only takes what is written, as a pipe does."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise io.UnsupportedOperation

    seek = truncate = tell  # type: ignore[assignment]


async def workbook(names: tuple[str, ...]) -> dict[str, list[list[Any]]]:
    out = Unseekable()
    await write_xlsx(out, of(names), pages(names))
    return sheets_of(out.getvalue())


def sheets_of(written: bytes) -> dict[str, list[list[Any]]]:
    """The cells of each sheet: texts, and numbers as such; anything else is no cell of ours."""
    archive = zipfile.ZipFile(io.BytesIO(written))
    assert archive.testzip() is None
    found = {}
    sheets = list(parsed(archive, "xl/workbook.xml").findall(".//{*}sheet"))
    for place, sheet in enumerate(sheets, 1):
        rows = parsed(archive, f"xl/worksheets/sheet{place}.xml").findall(".//{*}row")
        found[sheet.attrib["name"]] = [[cell(each) for each in row] for row in rows]
    types = parsed(archive, "[Content_Types].xml").findall(".//{*}Override")
    assert {each.attrib["PartName"].lstrip("/") for each in types} < set(archive.namelist())
    return found


def parsed(archive: zipfile.ZipFile, path: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(path))  # noqa: S314 - our own


def cell(element: ElementTree.Element) -> str | int:
    assert element.find("{*}f") is None
    if element.get("t") == "inlineStr":
        (text,) = element.findall(".//{*}t")
        return text.text or ""
    (value,) = element.findall(".//{*}v")
    assert element.get("t") is None
    return int(value.text or "")


async def test_the_same_is_in_every_format() -> None:
    out = io.BytesIO()
    await write_json(out, of(NAMES), pages(NAMES))
    listed = json.loads(out.getvalue())
    (columns, *in_workbook) = (await workbook(NAMES))["Signatures"]
    assert [each["name"] for each in listed["signatures"]] == list(NAMES)
    assert [row[1] for row in in_workbook] == list(NAMES)
    assert columns == ["Number", "Name", "Signed on", "Text version"]
    assert in_workbook[0] == [1, "Ana", "2026-03-02", "1"]
    assert listed["signatures"][0] == {
        "number": 1,
        "name": "Ana",
        "signed_on": "2026-03-02",
        "text_version": "1",
    }


async def test_of_a_closed_petition_both_formats_account_for_the_count() -> None:
    controller = PETITION.controller.model_copy(
        update={
            "name": {"es": "la organización", "en": "the organisation"},
            "web_form": "https://example.org/datos",
            "data_protection_officer": "dpo@example.org",
            "address": "Calle Mayor 1",
        }
    )
    listed = SignatureListHeader(
        ExportedList(b"e" * 16, NOON, 99),
        PETITION.model_copy(update={"controller": controller}),
        PetitionState(13, AT, closed_signatures=20, revision=1, invalidated_since=2),
        4,
        (SignatureGroup(AT, "es", "1", True, 3), SignatureGroup(AT, "es", "1", False, 6)),
    )
    out = io.BytesIO()
    await write_json(out, listed, pages(NAMES[:3]))
    head = json.loads(out.getvalue())
    assert (head["exported_at"], head["petition"]["closed_at"]) == (
        "2026-03-01T12:00:00+00:00",
        "2026-03-01T23:30:00+00:00",
    )
    assert head["petition"]["controller"] == {
        "name": {"es": "la organización", "en": "the organisation"},
        "email": "datos@example.org",
        "web_form": "https://example.org/datos",
        "data_protection_officer": "dpo@example.org",
        "address": "Calle Mayor 1",
    }
    assert head["counts"] == {
        "at_closing": 20,
        "withdrawn_since": 5,
        "invalidated_since": 2,
        "counted": 13,
        "with_name": 3,
        "without_name": 10,
    }
    out = Unseekable()
    await write_xlsx(out, listed, pages(NAMES[:3]))
    rows = sheets_of(out.getvalue())["Counts"]
    assert rows[0][1] == PETITION.texts["es"].title
    assert [row[1] for row in rows[1:3]] == [(b"e" * 16).hex(), "2026-03-01 12:00"]
    assert [tuple(row) for row in rows[4:10]] == [
        ("Signatures at the closing", 20),
        ("Withdrawn since", 5),
        ("Invalidated since", 2),
        ("Counted signatures", 13),
        ("With their name, on the next sheets", 3),
        ("Without their name, counted only", 10),
    ]
    assert rows[12:] == [["2026-03-02", "es", 3, 6], ["other days", "any", 0, 4]]


async def test_every_name_is_a_text_in_a_workbook() -> None:
    (_, *rows) = (await workbook(FORMULAS))["Signatures"]
    assert [row[1] for row in rows] == list(FORMULAS)


async def test_what_xml_does_not_have_is_shown_as_missing_and_nothing_is_read_as_a_code() -> None:
    (_, *rows) = (await workbook(("a\x00b\x1f\ufffe", "_x0041_")))["Signatures"]
    assert [row[1] for row in rows] == ["a\ufffdb\ufffd\ufffd", "_x005F_x0041_"]


async def test_more_rows_than_a_sheet_holds_become_more_sheets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.export.xlsx_list.ROWS_A_SHEET", 4)
    for people, sheets in ((0, 0), (1, 1), (3, 1), (4, 2), (6, 2), (7, 3)):
        names = tuple(f"Persona {n}" for n in range(1, people + 1))
        counts, *rest = (await workbook(names)).items()
        assert counts[0] == "Counts"
        assert ["Counted signatures", people + 5] in counts[1]
        assert len(rest) == sheets
        for _, rows in rest:
            assert rows[0] == ["Number", "Name", "Signed on", "Text version"]
            assert len(rows) <= 4
        assert [row[1] for _, rows in rest for row in rows[1:]] == list(names)
        named = [row for row in counts[1] if row[:1] == ["With their name, on the next sheets"]]
        assert [row[1] for row in named] == ([people] if people else [])
        assert [name for name, _ in rest] == (
            ["Signatures"] if sheets == 1 else [f"Signatures {n}" for n in range(1, sheets + 1)]
        )
