"""The list as a workbook of Excel, written as it is read.

Libraries for spreadsheets write their sheets to temporary files, unencrypted, or hold them in
memory. A workbook is a ZIP file of XML, so it is written here straight into the stream, with each
text in its cell. The parts are those of ECMA-376 that every spreadsheet needs.
"""

import html
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import IO, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from bot.export.signature_list import Pages, SignatureListHeader
from bot.petition.retention_days import day_of
from bot.text.terminal_language import label
from storage.exports import NamedSignature

# As many rows as a sheet of Excel's can have, the heading among them.
ROWS_A_SHEET = 1_048_576

# Characters that XML 1.0 does not have; a name has none of them, unless the database was changed.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"
# What a spreadsheet may run as a formula when somebody edits the cell; spaces before it do not
# help. The last four are full-width and are read as the first four where that is usual.
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]")
# Excel reads _x0041_ as the letter A, so an underscore before such a code is written as a code.
_CODE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

# Places in the list of cell formats in `_STYLES`.
_HEADING, _TEXT, _TEXT_NOT_FORMULA = 1, 2, 3

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_CONTENT_TYPES = f"""{_XML}<Types xmlns="{_PACKAGE}/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/>\
<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>\
<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{{sheets}}</Types>"""

_WORKBOOK = f"""{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">\
<sheets>{{sheets}}</sheets></workbook>"""

_RELATIONS = f"""{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{{sheets}}\
<Relationship Id="styles" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>"""

_ROOT_RELATIONS = f"""{_XML}<Relationships xmlns="{_PACKAGE}/relationships">\
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>\
</Relationships>"""

# Format 49 is Text: a cell that somebody edits stays a text. With quotePrefix it has the
# apostrophe that people type before a text that begins like a formula.
_STYLES = f"""{_XML}<styleSheet xmlns="{_MAIN}">\
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill>\
<fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="4">\
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>\
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"\
 quotePrefix="1"/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>\
</styleSheet>"""

_SHEET = f"""{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">\
<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>\
</sheetViews><cols><col min="1" max="1" width="{{width}}" customWidth="1"/>\
<col min="2" max="2" width="40" customWidth="1"/>\
<col min="3" max="4" width="14" customWidth="1"/></cols><sheetData>"""
_SHEET_END = b"</sheetData></worksheet>"


async def write_xlsx(out: BinaryIO, header: SignatureListHeader, pages: Pages) -> None:
    """Writes the list as it is read: a sheet with the counts, then as many as the names need."""
    on_a_sheet = ROWS_A_SHEET - 1
    sheets = -(-header.with_name // on_a_sheet)
    numbered = [label("Firmas {n}", n=n) for n in range(1, sheets + 1)]
    names = [label("Firmas")] if sheets == 1 else numbered
    columns = heading(label("Número"), label("Nombre"), label("Firmó el"), label("Texto firmado"))
    with Workbook(out, header.export.exported_at) as workbook:
        workbook.add_parts([label("Totales"), *names])
        workbook.begin_worksheet(first_width=44)
        workbook.add_rows(_counts(header))
        free = 0
        async for page in pages:
            rows = [_signature_row(each, header.petition.zone) for each in page]
            while rows:
                if not free:
                    workbook.begin_worksheet(first_width=12)
                    workbook.add_rows([columns])
                    free = on_a_sheet
                workbook.add_rows(rows[:free])
                rows, free = rows[free:], max(0, free - len(rows))


class Workbook:
    """A ZIP file that needs no seeking, and the sheet in it that is being written."""

    def __init__(self, out: BinaryIO, at: datetime) -> None:
        self._archive = ZipFile(out, "w")
        self._at = at.timetuple()[:6]
        self._sheets = 0
        self._sheet: IO[bytes] | None = None

    def __enter__(self) -> "Workbook":
        return self

    def __exit__(self, *_: object) -> None:
        self._end_worksheet()
        self._archive.close()

    def add_parts(self, names: list[str]) -> None:
        """Writes the parts that say what else is in the file: sheets of these names."""
        numbers = range(1, len(names) + 1)
        sheets = "".join(
            f'<sheet name="{html.escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in zip(numbers, names, strict=True)
        )
        relations = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet"'
            f' Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        types = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml"'
            f' ContentType="{_TYPE}.worksheet+xml"/>'
            for n in numbers
        )
        for path, content in (
            ("[Content_Types].xml", _CONTENT_TYPES.format(sheets=types)),
            ("_rels/.rels", _ROOT_RELATIONS),
            ("xl/workbook.xml", _WORKBOOK.format(sheets=sheets)),
            ("xl/_rels/workbook.xml.rels", _RELATIONS.format(sheets=relations)),
            ("xl/styles.xml", _STYLES),
        ):
            self._archive.writestr(self._part(path), content)

    def begin_worksheet(self, *, first_width: int) -> None:
        """Begins the next sheet, whose first column has this width, in characters."""
        self._end_worksheet()
        self._sheets += 1
        part = self._part(f"xl/worksheets/sheet{self._sheets}.xml")
        self._sheet = self._archive.open(part, "w")
        self._sheet.write(_SHEET.format(width=first_width).encode())

    def add_rows(self, rows: Iterable[str]) -> None:
        """Writes rows into the sheet."""
        assert self._sheet is not None  # noqa: S101 - a sheet is begun first
        self._sheet.write("".join(rows).encode())

    def _end_worksheet(self) -> None:
        if self._sheet is not None:
            self._sheet.write(_SHEET_END)
            self._sheet.close()
            self._sheet = None

    def _part(self, path: str) -> ZipInfo:
        part = ZipInfo(path, self._at)
        part.compress_type = ZIP_DEFLATED
        return part


def _counts(header: SignatureListHeader) -> Iterator[str]:
    petition, state = header.petition, header.state
    yield heading(label("Petición"), petition.texts[petition.source_language].title)
    yield row(cell(label("Exportación")), cell(header.export.id.hex()))
    yield row(cell(label("Escrita el (UTC)")), cell(f"{header.export.exported_at:%Y-%m-%d %H:%M}"))
    yield row()
    if state.closed_signatures is not None:
        yield row(cell(label("Firmas al cierre")), number(state.closed_signatures))
        yield row(cell(label("Retiradas desde entonces")), number(header.withdrawn_since))
        yield row(cell(label("Anuladas desde entonces")), number(state.invalidated_since))
    yield row(cell(label("Firmas que cuentan")), number(header.counted))
    if header.with_name:
        yield row(cell(label("Con su nombre, en las hojas siguientes")), number(header.with_name))
    yield row(cell(label("Sin su nombre, solo contadas")), number(header.without_name))
    yield row()
    yield heading(label("Día"), label("Idioma"), label("Con nombre"), label("Sin nombre"))
    for day in header.by_day():
        yield row(
            cell(str(day.day or label("otros días"))),
            cell(day.language or label("cualquiera")),
            number(day.with_name),
            number(day.without_name),
        )


def _signature_row(signature: NamedSignature, zone: tzinfo) -> str:
    signed_on = day_of(signature.signed_at, zone)
    texts = (signature.name or "", str(signed_on), signature.text_version)
    return row(number(signature.number), *map(cell, texts))


def heading(*texts: str) -> str:
    """Returns a row of headings."""
    return row(*(cell(text, _HEADING) for text in texts))


def row(*cells: str) -> str:
    """Returns a row of cells."""
    return f"<row>{''.join(cells)}</row>"


def number(value: int) -> str:
    """Returns a cell with a number."""
    return f"<c><v>{value}</v></c>"


def cell(text: str, style: int = _TEXT) -> str:
    """Returns a cell with a text, which no spreadsheet reads as anything else."""
    if style == _TEXT and _FORMULA.match(text):
        style = _TEXT_NOT_FORMULA
    plain = _CODE.sub("_x005F_", _FORBIDDEN.sub(_REPLACEMENT, text))
    xml = html.escape(plain, quote=False).replace("\r", "&#13;")
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{xml}</t></is></c>'
