"""Loan files as tables of cells with the row numbers that a person sees: CSV, XLSX and Parquet alike."""

import csv
import datetime as dt
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flows.accounts.problems import Problem, refusal
from flows.loan_files.csv_rows import counted_rows
from flows.loan_files.merged_cells import merged_ranges

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl.worksheet.worksheet import Worksheet

MAX_FILE_BYTES = 2_000_000_000
MAX_ROWS = 10_000_000
# A title and a remark or two may stand above the headings.
ROWS_SEARCHED = 12
ENCODINGS = ("utf-8-sig", "gb18030")
SUFFIXES = (".csv", ".xlsx", ".parquet")
# A spreadsheet keeps 15 digits of a number.
FIRST_INEXACT = 1e15


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """A table as it was written.

    Attributes:
        file, sheet: where it stands; no sheet but in a workbook.
        headings: texts of the row of headings.
        heading_row: its number, from 1.
        cells: one column for each heading by position; texts, or typed values of a workbook or Parquet file.
        numbers: of the rows, as a spreadsheet shows them; rows without any text are left out.
        merged: ranges of merged cells of a workbook.
    """

    file: str
    sheet: str
    headings: tuple[str, ...]
    heading_row: int
    cells: "pd.DataFrame"
    numbers: Sequence[int]
    merged: tuple[str, ...] = ()


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
                    rows = itertools.islice(csv.reader(file, skipinitialspace=True), ROWS_SEARCHED)
                    return (FirstRows("", tuple(tuple(cell.strip() for cell in row) for row in rows)),)
            case ".xlsx":
                return tuple(
                    FirstRows(
                        sheet.title,
                        tuple(
                            tuple(map(text_of, row)) for row in itertools.islice(_rows(sheet), ROWS_SEARCHED)
                        ),
                    )
                    for sheet in _sheets(path)
                )
            case _:
                import pyarrow.parquet as pq  # noqa: PLC0415  # loaded when such a file is read

                return (FirstRows("", (tuple(pq.read_schema(path).names),)),)
    except (csv.Error, UnicodeDecodeError, OSError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error


def read_cells(path: Path, sheet: str, heading_row: int) -> CellTable:
    """The table whose headings stand in a row of a file.

    Raises:
        InvalidInput: no rows, too many, rows of another length than the headings, or a file that breaks off.
    """
    try:
        match path.suffix.lower():
            case ".csv":
                table = _csv_cells(path, heading_row)
            case ".xlsx":
                table = _sheet_cells(path, sheet, heading_row)
            case _:
                table = _parquet_cells(path)
    except (csv.Error, UnicodeDecodeError, OSError, ValueError, KeyError, StopIteration) as error:
        raise _unreadable(path, error) from error
    if not 1 <= len(table.cells) <= MAX_ROWS:
        found, expected = f"{len(table.cells):,} rows", f"1 to {MAX_ROWS:,} below the headings"
        raise refusal([Problem(str(path), found, expected, sheet)])
    return table


def _csv_cells(path: Path, heading_row: int) -> CellTable:
    import pandas as pd  # noqa: PLC0415  # the command line must answer before pandas is loaded

    encoding = _encoding(path)
    counted = counted_rows(path, encoding, heading_row)
    n_columns = len(counted.headings)
    frame = pd.read_csv(
        io.BytesIO(path.read_bytes()), dtype=str, keep_default_na=False, na_filter=False, encoding=encoding,
        skiprows=heading_row - 1, skip_blank_lines=False, skipinitialspace=True, index_col=False,
        usecols=range(n_columns),
    )  # fmt: skip
    if len(frame) != counted.n_rows:
        raise ValueError(f"{len(frame):,} or {counted.n_rows:,} rows, as lines end in several ways")
    frame.columns = pd.RangeIndex(n_columns)
    numbers: Sequence[int] = range(heading_row + 1, heading_row + 1 + counted.n_rows)
    if counted.blank:
        frame = frame.drop(index=list(counted.blank)).reset_index(drop=True)
        blank = set(counted.blank)
        numbers = [number for row, number in enumerate(numbers) if row not in blank]
    headings = tuple(name.strip() for name in counted.headings)
    return CellTable(str(path), "", headings, heading_row, frame, numbers)


def _sheet_cells(path: Path, title: str, heading_row: int) -> CellTable:
    import pandas as pd  # noqa: PLC0415  # the command line must answer before pandas is loaded

    sheet = next(sheet for sheet in _sheets(path) if sheet.title == title)
    rows = itertools.islice(_rows(sheet), heading_row - 1, None)
    headings = tuple(map(text_of, next(rows)))
    n_columns = len(headings)
    numbers, below = [], []
    for number, row in enumerate(rows, start=heading_row + 1):
        cells = [_cell_of(value) for value in row[:n_columns]]
        if any(cell != "" for cell in cells):
            numbers.append(number)
            below.append(cells + [""] * (n_columns - len(cells)))
    frame = pd.DataFrame(below, columns=pd.RangeIndex(n_columns), dtype=object)
    # A sheet that is read row by row does not tell its merged cells otherwise.
    member: str = cast("Any", sheet)._worksheet_path  # noqa: SLF001
    return CellTable(str(path), title, headings, heading_row, frame, numbers, merged_ranges(path, member))


def _parquet_cells(path: Path) -> CellTable:
    """The columns as they stand in the file, whatever pandas noted of an index when it wrote them."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(path) as file:
        table = file.read()
    frame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    frame.columns = pd.RangeIndex(table.num_columns)
    blank = np.arange(len(frame))
    for position, field in enumerate(table.schema):
        if len(blank) > 0 and not pa.types.is_nested(field.type):
            blank = blank[[text_of(value) == "" for value in frame[position].iloc[blank]]]
    numbers: Sequence[int] = range(2, len(frame) + 2)
    if len(blank) > 0:
        frame = frame.drop(index=blank).reset_index(drop=True)
        numbers = np.setdiff1d(np.array(numbers), blank + 2).tolist()
    headings = tuple(name.strip() for name in table.column_names)
    return CellTable(str(path), "", headings, 1, frame, numbers)


def text_of(value: Any) -> str:
    """A cell as text; a whole float without its point."""
    if isinstance(value, str):
        return value.strip()
    if value is None or value != value:  # noqa: PLR0124  # NaN and NaT are not equal to themselves
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < FIRST_INEXACT:
        return str(int(value))
    return str(value).strip()


def is_inexact(value: Any) -> bool:
    """Whether a cell is a number of which digits may be lost."""
    return isinstance(value, Real) and not isinstance(value, Integral) and abs(float(value)) >= FIRST_INEXACT


def _cell_of(value: Any) -> str | float:
    """A cell of a sheet as text, where nothing is lost; a whole number beyond 15 digits has lost the others."""
    if isinstance(value, float) and not (value.is_integer() and abs(value) < FIRST_INEXACT):
        return value
    if isinstance(value, int) and abs(value) >= FIRST_INEXACT:
        return float(value)
    return text_of(value)


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


def _sheets(path: Path) -> "Iterator[Worksheet]":
    import openpyxl  # noqa: PLC0415  # only workbooks need it

    try:
        yield from openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets
    except Exception as error:  # a broken workbook raises whatever its parser meets
        raise _unreadable(path, error) from error


def _rows(sheet: "Worksheet") -> Iterator[tuple[Any, ...]]:
    """The rows of a sheet; one without any text is kept, so that numbers stay those of the sheet."""
    try:
        yield from sheet.iter_rows(values_only=True)
    except Exception as error:  # a broken sheet raises whatever its parser meets
        what = f"a sheet that cannot be read ({type(error).__name__}: {str(error)[:80]})"
        raise ValueError(what) from error


def _unreadable(path: Path, error: Exception) -> Exception:
    what = f"a file that cannot be read as {path.suffix} ({type(error).__name__}: {str(error)[:80]})"
    return refusal([Problem(str(path), what, "CSV, XLSX or Parquet")])
