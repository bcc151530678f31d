"""The layout of the workbook, from tables that a statistician edits: rows, columns, names of codes.

Official form codes were not found, so none is written here; the tables have a column for them.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from flows.reports.bilingual import Bilingual
from flows.reports.statistics_workbook.figures import FIGURES
from services.loans.statistics.result import Grouping
from services.runtime.errors import FieldViolation, InvalidInput

MAIN, LINES, QUALITY, GEP_VEP = "main", "lines", "quality", "gep_vep"
_ROW_TABLES = (MAIN, GEP_VEP)
_COLUMN_TABLES = (MAIN, LINES, QUALITY, GEP_VEP)
_ROW_FIELDS = ("table", "row", "label_zh", "label_en", "grouping", "keys", "form_code", "source")
_COLUMN_FIELDS = ("table", "figure", "label_zh", "label_en", "form_code")
_NAME_FIELDS = ("field", "value", "name_zh", "name_en")


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """A row of a table: which lines of which grouping it adds up.

    Attributes:
        table: of the workbook.
        row: short code, unique in its table.
        label: what people read.
        grouping: where the lines come from.
        keys: patterns such as "gep*"; a line belongs to the row if its first key matches one of them.
        form_code: official code, empty while it is not known.
    """

    table: str
    row: str
    label: Bilingual
    grouping: Grouping
    keys: tuple[str, ...]
    form_code: str

    def takes(self, keys: tuple[str, ...]) -> bool:
        """Whether a line with such keys belongs to the row."""
        return not keys or any(fnmatchcase(keys[0], pattern) for pattern in self.keys)


@dataclass(frozen=True, slots=True)
class LayoutColumn:
    """A column of a table: a figure with its heading."""

    table: str
    figure: str
    label: Bilingual
    form_code: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows, columns and names; `content_hash` is the SHA-256 of the three tables as read."""

    rows: tuple[LayoutRow, ...]
    columns: tuple[LayoutColumn, ...]
    names: Mapping[tuple[str, str], Bilingual]
    content_hash: str

    def rows_of(self, table: str) -> tuple[LayoutRow, ...]:
        """Rows of a table, in order."""
        return tuple(row for row in self.rows if row.table == table)

    def columns_of(self, table: str) -> tuple[LayoutColumn, ...]:
        """Columns of a table, in order."""
        return tuple(column for column in self.columns if column.table == table)


def read_layout(folder: Path) -> Layout:
    """Reads layout.csv, columns.csv and names.csv of a folder.

    Raises:
        InvalidInput: a file is missing or wrong, naming every place.
    """
    digest = hashlib.sha256()
    found: list[FieldViolation] = []
    rows = [_row(place, row, found) for place, row in _table(folder / "layout.csv", _ROW_FIELDS, digest)]
    columns = [
        _column(place, row, found) for place, row in _table(folder / "columns.csv", _COLUMN_FIELDS, digest)
    ]
    names = {
        (row["field"], row["value"]): Bilingual(row["name_zh"], row["name_en"])
        for _, row in _table(folder / "names.csv", _NAME_FIELDS, digest)
    }
    layout = Layout(
        tuple(row for row in rows if row is not None),
        tuple(column for column in columns if column is not None),
        names,
        digest.hexdigest(),
    )
    codes = [(row.table, row.row) for row in layout.rows]
    for table, row_code in sorted({code for code in codes if codes.count(code) > 1}):
        found.append(
            FieldViolation(f"layout.csv: {table}", f"found the row {row_code!r} twice, expected once")
        )
    found.extend(
        FieldViolation("columns.csv", f"found no column of the table {table!r}, expected some")
        for table in _COLUMN_TABLES
        if not layout.columns_of(table)
    )
    if found:
        raise InvalidInput.from_violations(found)
    return layout


def _row(place: str, row: dict[str, str], found: list[FieldViolation]) -> LayoutRow | None:
    keys = tuple(filter(None, (key.strip() for key in row["keys"].split(";"))))
    wrong = []
    if row["table"] not in _ROW_TABLES:
        wrong.append(("table", row["table"], f"one of {', '.join(_ROW_TABLES)}"))
    if row["grouping"] not in set(Grouping):
        wrong.append(("grouping", row["grouping"], f"one of {', '.join(Grouping)}"))
    elif not keys and row["grouping"] != Grouping.TOTAL:
        wrong.append(("keys", row["keys"], "keys, with ; between them"))
    if row["table"] == GEP_VEP and row["grouping"] != Grouping.PRODUCT:
        wrong.append(("grouping", row["grouping"], "product for this table"))
    if wrong:
        found.extend(
            FieldViolation(f"{place}, {field}", f"found {value!r}, expected {expected}")
            for field, value, expected in wrong
        )
        return None
    label = Bilingual(row["label_zh"], row["label_en"])
    return LayoutRow(row["table"], row["row"], label, Grouping(row["grouping"]), keys, row["form_code"])


def _column(place: str, row: dict[str, str], found: list[FieldViolation]) -> LayoutColumn | None:
    for field, known in (("table", _COLUMN_TABLES), ("figure", tuple(FIGURES))):
        if row[field] not in known:
            expected = f"found {row[field]!r}, expected one of {', '.join(known)}"
            found.append(FieldViolation(f"{place}, {field}", expected))
            return None
    return LayoutColumn(
        row["table"], row["figure"], Bilingual(row["label_zh"], row["label_en"]), row["form_code"]
    )


def _table(
    path: Path, fields: tuple[str, ...], digest: "hashlib._Hash"
) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a table with their places; a spreadsheet's mark of UTF-8 at the start is passed over."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InvalidInput.of(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput.of(str(path), f"found a byte at {error.start} that is not UTF-8") from error
    digest.update(content)
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != fields:
        found = ",".join(reader.fieldnames or ())
        raise InvalidInput.of(f"{path}, row 1", f"found {found!r}, expected {','.join(fields)}")
    for row in reader:
        place = f"{path}, row {reader.line_num}"
        if None in row or None in row.values():
            raise InvalidInput.of(place, f"expected {len(fields)} cells")
        yield place, {name: value.strip() for name, value in row.items()}
