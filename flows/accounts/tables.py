"""Tables as they were written: CSV and XLSX become rows of text with the row numbers that a person sees.

Units, headings and meaning come later; here a table is only found, bounded and read.
"""

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.accounts.attribute_tables import VECTOR_SUFFIXES, parquet_cells, vector_cells
from flows.accounts.problems import Problem, refusal
from services.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MB = 1_000_000
# A hundred thousand rows of any of the files fit well.
MAX_FILE_BYTES = 25 * MB
# A workbook is a zip; what it unpacks to is bounded too, or a small file could fill the memory.
MAX_UNPACKED_BYTES = 8 * MAX_FILE_BYTES
MAX_ROWS = 100_000
MAX_MERGED_CELLS = 1_000_000
SUFFIXES = (".csv", ".xlsx", ".parquet")
_NOTE = re.compile(
    r"(注|备注|附注|说明|数据来源|资料来源|填表人|制表人|审核人|填报单位|note|source)s?\s*\d*\s*[:：.、]",
    re.IGNORECASE,
)
ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class TextRow:
    """One row: its number as a spreadsheet shows it and the text of its cells."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table as it was written; empty rows are left out.

    Attributes:
        file: name in the accounts folder.
        sheet: of a workbook, empty for CSV.
    """

    file: str
    sheet: str
    rows: tuple[TextRow, ...]


def find_table(folder: Path, stem: str, suffixes: tuple[str, ...] = SUFFIXES) -> Path | None:
    """The file `stem`.csv, .xlsx or .parquet (or of the given suffixes), None where there is none.

    Raises:
        InvalidInput: if there are two, or the file is over the size limit; it is not read then.
    """
    found = [path for suffix in suffixes if (path := folder / f"{stem}{suffix}").is_file()]
    if len(found) > 1:
        raise refusal([Problem(stem, f"both {found[0].name} and {found[1].name}", "one of the two")])
    if not found:
        return None
    size = found[0].stat().st_size
    if size > MAX_FILE_BYTES:
        raise refusal(
            [
                Problem(
                    found[0].name,
                    f"a file of {size / MB:.1f} MB",
                    f"at most {MAX_FILE_BYTES // MB} MB; it was not read",
                )
            ]
        )
    return found[0]


def read_table(path: Path, sheet: str = "") -> TextTable:
    """Read a CSV, XLSX or Parquet file, or the attributes of a shapefile or GeoPackage.

    Merged cells hold their value in every row and column they span.

    Args:
        path: of the file.
        sheet: of a workbook; the one named like the file unless given, else the first.

    Raises:
        InvalidInput: if the file is not what its suffix says.
    """
    sheet, rows = _rows_of(path, sheet)
    kept = tuple(row for row in rows if any(row.cells))
    if len(kept) > MAX_ROWS:
        found, expected = f"{len(kept)} rows", f"at most {MAX_ROWS}; split the file"
        raise refusal([Problem(path.name, found, expected, sheet)])
    if not kept:
        raise refusal([Problem(path.name, "an empty table", "a row of headings and at least one row", sheet)])
    return TextTable(path.name, sheet, kept)


def sheets_to_choose_from(path: Path) -> tuple[str, ...]:
    """Visible sheets of a workbook that has no sheet named like the file; none for other files.

    Raises:
        InvalidInput: if the file is no workbook.
    """
    if path.suffix != ".xlsx":
        return ()
    with _workbook(path.name, path.read_bytes(), read_only=True) as workbook:
        if path.stem in workbook.sheetnames:
            return ()
        return tuple(sheet.title for sheet in workbook.worksheets if sheet.sheet_state == "visible")


def is_note(row: TextRow) -> bool:
    """Whether a row is one text that says so: 注：…, 数据来源：…, merged over columns or not."""
    texts = {cell for cell in row.cells if cell}
    return len(texts) == 1 and _NOTE.match(next(iter(texts))) is not None


def _rows_of(path: Path, sheet: str) -> tuple[str, list[TextRow]]:
    """Sheet, empty where there is none, and rows numbered as a person sees them."""
    if path.suffix in VECTOR_SUFFIXES:
        return "", _numbered(vector_cells(path, MAX_ROWS))
    content = path.read_bytes()
    if path.suffix == ".parquet":
        return "", _numbered(parquet_cells(path.name, content, MAX_ROWS))
    if path.suffix == ".xlsx":
        return _xlsx(path.name, sheet or path.stem, content)
    return "", _csv(path.name, content)


def _numbered(rows: list[tuple[str, ...]]) -> list[TextRow]:
    return [TextRow(number, cells) for number, cells in enumerate(rows, start=1)]


def _csv(name: str, content: bytes) -> list[TextRow]:
    text = _decoded(name, content)
    if "\0" in text:
        raise refusal([Problem(name, "a NUL byte", "CSV text")])
    try:
        return [
            TextRow(number, tuple(cell.strip() for cell in cells))
            for number, cells in enumerate(csv.reader(io.StringIO(text)), start=1)
        ]
    except csv.Error as error:
        raise refusal([Problem(name, f"text that is not CSV ({error})", "CSV with commas")]) from error


def _decoded(name: str, content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refusal([Problem(name, "bytes that are no text", "CSV in UTF-8 or GB18030")])


def _xlsx(name: str, wanted: str, content: bytes) -> tuple[str, list[TextRow]]:
    with _workbook(name, content) as workbook:
        sheet = workbook[wanted] if wanted in workbook.sheetnames else workbook.worksheets[0]
        return sheet.title, list(_sheet_rows(sheet))


@contextmanager
def _workbook(name: str, content: bytes, *, read_only: bool = False) -> "Iterator[Workbook]":
    """The workbook; whatever its parser meets within the block is a refusal.

    Raises:
        InvalidInput: if it is none, or unpacks to too much.
    """
    import openpyxl  # noqa: PLC0415  # only workbooks need it

    try:
        _check_unpacked_size(name, content)
        yield openpyxl.load_workbook(io.BytesIO(content), read_only=read_only, data_only=True)
    except InvalidInput:
        raise
    except Exception as error:  # a broken workbook raises whatever its parser meets
        raise refusal(
            [Problem(name, f"a file that is no workbook ({type(error).__name__})", "XLSX")]
        ) from error


def _check_unpacked_size(name: str, content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED_BYTES:
        raise refusal(
            [
                Problem(
                    name,
                    f"a workbook that unpacks to {unpacked / MB:.0f} MB",
                    f"at most {MAX_UNPACKED_BYTES // MB} MB",
                )
            ]
        )


def _sheet_rows(sheet: "Worksheet") -> Iterator[TextRow]:
    spanned: dict[tuple[int, int], Any] = {}
    for area in sheet.merged_cells.ranges:
        if len(spanned) + area.size["rows"] * area.size["columns"] > MAX_MERGED_CELLS:
            raise ValueError("merged cells beyond any table")
        value = sheet.cell(area.min_row, area.min_col).value
        spanned |= dict.fromkeys(area.cells, value)
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield TextRow(
            number,
            tuple(_text(spanned.get((number, column), value)) for column, value in enumerate(cells, start=1)),
        )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()
