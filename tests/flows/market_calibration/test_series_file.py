"""A series as people keep it in a file: read as it is meant, or refused with row and column."""

import datetime as dt
from pathlib import Path

import pytest

from flows.market_calibration.series_file import MOST_MISTAKES, read_series_file
from services.runtime.errors import InvalidInput


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "series.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_rows_of_any_order_and_other_columns_are_read(tmp_path: Path) -> None:
    text = "Value,note,Date\n2.5,b,2026/1/9\n\n1e2,a,2025-12-31\n"
    found = read_series_file(written(tmp_path, text, "utf-8-sig"))
    assert [(one.date, one.value) for one in found] == [
        (dt.date(2025, 12, 31), 100.0),
        (dt.date(2026, 1, 9), 2.5),
    ]


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("", "row 1", "found nothing, expected the columns date and value"),
        ("day,value\n", "row 1", "found day, value"),
        ("date,value,value\n", "row 1", "each once"),
        ("date,value\n2026-02-30,1\n", "row 2, column date", "found 2026-02-30, expected a date"),
        ("date,value\n2026-02-03\n", "row 2, column value", "found nothing, expected a number above 0"),
        ("date,value\n2026-02-03,nan\n", "row 2, column value", "found nan"),
        ("date,value\n2026-02-03,1e999\n", "row 2, column value", "found 1e999"),
        ("date,value\n2026-02-03,-4\n", "row 2, column value", "found -4"),
        ("date,value\n2026-02-03,0\n", "row 2, column value", "found 0"),
        ("date,value\n2026-02-03,1_000\n", "row 2, column value", "found 1_000"),
        ("date,value\n\n2026-02-03,1\n2026-02-03,2\n", "row 4, column date", "as in row 3, expected each date once"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, place: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InvalidInput) as caught:
        read_series_file(path)
    [violation] = caught.value.violations
    assert violation.field == f"{path}: {place}"
    assert told in violation.description


def test_all_mistakes_are_told_up_to_a_limit(tmp_path: Path) -> None:
    path = written(tmp_path, "date,value\n" + "never,none\n" * 30)
    with pytest.raises(InvalidInput) as caught:
        read_series_file(path)
    assert len(caught.value.violations) == MOST_MISTAKES + 1
    assert "and 40 more" in caught.value.violations[-1].description


def test_what_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    for path in (written(tmp_path, "日期", "gb18030"), tmp_path / "none.csv", tmp_path):
        with pytest.raises(InvalidInput) as caught:
            read_series_file(path)
        assert str(path) in str(caught.value.violations[0])
