"""Whatever stands in a cell, a folder is read or refused; no other error comes out."""

import contextlib
import csv
import datetime as dt
import io
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.accounts.folder import read_accounts
from flows.accounts.units import UnitError, factor_between, parse_unit
from services.runtime.errors import InvalidInput

EXAMPLE = Path(__file__).resolve().parents[3] / "data" / "example_accounts"
AS_OF = dt.date(2026, 8, 21)
FILES = ("gep_account.csv", "water_account.csv", "forest_inventory.csv", "pledges.csv")

_SPITEFUL = st.sampled_from(
    [
        "",
        "0",
        "-0",
        "nan",
        "inf",
        "-1",
        "1e308",
        "1e400",
        "1,0",
        "١٢٣",
        "½",
        "²",
        "0x10",
        "1_000",
        "=1+1",
        "亩",
        "万",
        "合计",
        "2026-08-21",
        "0001-01-01",
        "9999-12-31",
        "2028-02-29",
        "1e8 m3",
        "CNY/m3",
        "9**9**9",
        "water_right",
        ";;=",
        "a=b=c",
    ]
)
CELLS = st.one_of(_SPITEFUL, st.text(max_size=30), st.floats().map(repr), st.dates().map(str))


def _refused(folder: Path) -> list[str]:
    """What is wrong with a folder; nothing where it was read."""
    try:
        read_accounts(folder, AS_OF)
    except InvalidInput as error:
        return [violation.description for violation in error.violations] or ["no violation"]
    return []


@settings(max_examples=150, deadline=None)
@given(
    file=st.sampled_from(FILES),
    row=st.integers(0, 30),
    column=st.integers(0, 20),
    cells=st.lists(CELLS, min_size=1, max_size=3),
)
def test_any_cell_is_read_or_refused(file: str, row: int, column: int, cells: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "accounts"
        shutil.copytree(EXAMPLE, target)
        rows = list(csv.reader((target / file).read_text(encoding="utf-8").splitlines()))
        spoilt = rows[row % len(rows)]
        first = column % len(spoilt)
        spoilt[first : first + len(cells)] = cells
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        (target / file).write_text(text.getvalue(), encoding="utf-8", errors="replace")
        assert all(" expected " in description for description in _refused(target))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=20), _SPITEFUL, st.text("1e8 m3kgt/.()+-*万亿亩", max_size=16)))
def test_any_unit_is_known_or_refused(text: str) -> None:
    with contextlib.suppress(UnitError):
        assert float(parse_unit(text).to_base_units().magnitude) > 0.0


@pytest.mark.parametrize(
    ("unit", "expected", "factor"),
    [
        # GB 3100-93 and the customary 1 ha = 15 亩
        ("亩", "ha", 1 / 15),
        ("万亩", "ha", 1e4 / 15),
        ("hm2", "ha", 1.0),
        ("km2", "ha", 100.0),
        ("km3", "m3", 1e9),
        ("万m3", "m3", 1e4),
        ("万m³", "m3", 1e4),
        ("亿ｍ³", "m3", 1e8),
        ("万㎥", "m3", 1e4),
        ("km³", "m3", 1e9),
        ("hm²", "ha", 1.0),
        ("万hm²", "ha", 1e4),
        ("元/㎡", "CNY/m2", 1.0),
        ("亿立方米", "1e8 m3", 1.0),
        ("1e4 t", "万t", 1.0),
        ("万元", "CNY", 1e4),
        ("亿元", "1e4 CNY", 1e4),
        ("元/kg", "CNY/t", 1e3),
        ("m3/亩", "m3/ha", 15.0),
        ("万千瓦时", "kWh", 1e4),
        # carbon against carbon dioxide: 44/12
        ("t C", "t CO2", 44 / 12),
    ],
)
def test_conversions(unit: str, expected: str, factor: float) -> None:
    assert factor_between(unit, expected) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "expected"), [("mm", "m3"), ("t", "m3"), ("ha", "m"), ("CNY", "t"), ("", "m3")]
)
def test_units_that_do_not_fit(unit: str, expected: str) -> None:
    with pytest.raises(UnitError):
        factor_between(unit, expected)
