"""Loan files as tables of cells with the row numbers that a person sees: CSV, XLSX and Parquet alike."""

import csv
import datetime as dt
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.accounts.problems import Problem, refusal

if TYPE_CHECKING:
    import pandas as pd

MAX_FILE_BYTES = 2_000_000_000
MAX_ROWS = 10_000_000
# A title and a remark or two may stand above the headings.
ROWS_SEARCHED = 12
ENCODINGS = ("utf-8-sig", "gb18030")
SUFFIXES = (".csv", ".xlsx", ".parquet")


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """A table as it was written.

    Attributes:
        file, sheet: where it stands; no sheet but in a workbook.
        headings: texts of the row of headings.
        heading_row: its number, from 1.
        cells: one column for each heading by position; texts, or typed values of a Parquet file.
    """

    file: str
    sheet: str
    headings: tuple[str, ...]
    heading_row: int
    cells: "pd.DataFrame"


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first rows of a table, in which its headings are looked for."""

    sheet: str
    rows: tuple[tuple[str, ...], ...]


def first_rows(path: Path) -> tuple[FirstRows, ...]:
    """The first rows of a file; of every sheet in a workbook.

    Raises:
        InvalidInput: the file is missing, too large, of another kind, or not what its suffix says.
    """
    _check_file(path)
    try:
        match path.suffix.lower():
            case ".csv":
                with path.open(encoding=_encoding(path), newline="") as file:
                    rows = itertools.islice(csv.reader(file), ROWS_SEARCHED)
                    return (FirstRows("", tuple(tuple(cell.strip() for cell in row) for row in rows)),)
            case ".xlsx":
                return tuple(
                    FirstRows(name, tuple(itertools.islice(rows, ROWS_SEARCHED)))
                    for name, rows in _sheets(path)
                )
            case _:
                import pyarrow.parquet as pq  # noqa: PLC0415  # loaded when such a file is read

                return (FirstRows("", (tuple(pq.read_schema(path).names),)),)
    except (csv.Error, UnicodeDecodeError, OSError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error


def read_cells(path: Path, sheet: str, heading_row: int) -> CellTable:
    """The table whose headings stand in a row of a file.

    Raises:
        InvalidInput: no rows, too many, or a file that breaks off.
    """
    import pandas as pd  # noqa: PLC0415  # the command line must answer before pandas is loaded

    try:
        match path.suffix.lower():
            case ".csv":
                frame = pd.read_csv(
                    io.BytesIO(path.read_bytes()), dtype=str, keep_default_na=False, na_filter=False,
                    encoding=_encoding(path), skiprows=heading_row - 1, skip_blank_lines=False, skipinitialspace=True,
                    index_col=False,
                )  # fmt: skip
            case ".xlsx":
                rows = next(rows for name, rows in _sheets(path) if name == sheet)
                headings, *below = itertools.islice(rows, heading_row - 1, None)
                frame = pd.DataFrame(below, columns=pd.Index(headings), dtype=object)
            case _:
                frame = pd.read_parquet(path)
    except (csv.Error, UnicodeDecodeError, OSError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error
    headings = tuple(str(name).strip() for name in frame.columns)
    frame.columns = pd.RangeIndex(len(headings))
    if not 1 <= len(frame) <= MAX_ROWS:
        raise refusal(
            [Problem(str(path), f"{len(frame):,} rows", f"1 to {MAX_ROWS:,} below the headings", sheet)]
        )
    return CellTable(str(path), sheet, headings, heading_row, frame)


def text_of(value: Any) -> str:
    """A cell as text; a whole float without its point."""
    if value is None or value != value:  # noqa: PLR0124  # NaN and NaT are not equal to themselves
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def _check_file(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise refusal(
            [Problem(str(path), f"a file {path.suffix or 'without suffix'}", " or ".join(SUFFIXES))]
        )
    try:
        size = path.stat().st_size
    except OSError as error:
        raise refusal(
            [Problem(str(path), f"no file ({error.strerror})", "a file that can be read")]
        ) from error
    if size > MAX_FILE_BYTES:
        raise refusal([Problem(str(path), f"{size:,} bytes", f"at most {MAX_FILE_BYTES:,}; it was not read")])


def _encoding(path: Path) -> str:
    """UTF-8, or GB18030 where the file is not: decided by all of it, for the first rows may be plain ASCII."""
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding) as file:
                while file.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise refusal([Problem(str(path), "bytes that are no text", "CSV in UTF-8 or GB18030")])


def _sheets(path: Path) -> Iterator[tuple[str, Iterator[tuple[str, ...]]]]:
    """Each sheet with its rows as texts; a row without any is kept, so that numbers stay those of the sheet."""
    import openpyxl  # noqa: PLC0415  # only workbooks need it

    try:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        for sheet in workbook.worksheets:
            yield sheet.title, (tuple(map(text_of, row)) for row in sheet.iter_rows(values_only=True))
    except Exception as error:  # a broken workbook raises whatever its parser meets
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Exception:
    what = f"a file that cannot be read as {path.suffix} ({type(error).__name__}: {str(error)[:80]})"
    return refusal([Problem(str(path), what, "CSV, XLSX or Parquet")])
