"""A folder of series becomes a stored candidate that nobody takes by itself."""

import csv
import datetime as dt
import shutil
from pathlib import Path

import pytest

from flows.market_calibration.job import calibrate_market
from flows.market_calibration.report import markdown, write_calibration
from flows.market_calibration.series_file import read_series_file
from services.runtime.errors import InvalidInput
from services.valuation.calibration.calibrated import CalibrationQuestion
from tests.flows.running_book import Book

SERIES = Path(__file__).resolve().parents[3] / "examples" / "heihe-inflow.csv"
FACTOR = "inflow.yingluoxia"
DAY = dt.date(2026, 8, 21)


@pytest.fixture
def series(tmp_path: Path) -> Path:
    folder = tmp_path / "series"
    folder.mkdir()
    shutil.copy(SERIES, folder / f"{FACTOR}.csv")
    return folder


def test_the_candidate_has_the_fit_with_the_smaller_aic(book: Book, series: Path) -> None:
    found = calibrate_market(book.valuation, series, DAY)
    [item] = found.factors
    direct = book.valuation.calibrate_factor(
        CalibrationQuestion(FACTOR, read_series_file(SERIES), source=f"{FACTOR}.csv")
    )
    assert item.calibration == direct
    assert item.chosen.aic == min(direct.mean_reverting.aic, direct.brownian.aic)
    candidate = book.valuation.get_market_snapshot(found.candidate_id)
    assert candidate.content_hash() == found.candidate_hash
    base = book.valuation.get_market_snapshot()
    changed = [
        after.name
        for before, after in zip(base.primary_factors, candidate.primary_factors, strict=True)
        if before != after
    ]
    assert changed == [FACTOR]
    assert base.snapshot_id == found.base_id != found.candidate_id


def test_a_second_night_with_the_same_series_stores_nothing_new(book: Book, series: Path) -> None:
    first, second = (calibrate_market(book.valuation, series, DAY) for _ in range(2))
    assert (second.candidate_id, second.candidate_hash) == (first.candidate_id, first.candidate_hash)


def test_every_wrong_series_is_named_and_nothing_is_stored(book: Book, series: Path) -> None:
    (series / "moonlight.csv").write_text("date,value\n2020-01-01,1\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="moonlight"):
        calibrate_market(book.valuation, series, DAY)
    (series / "moonlight.csv").rename(series / "timber_price.csv")
    with pytest.raises(InvalidInput):
        calibrate_market(book.valuation, series, DAY)


def test_a_folder_without_series_is_refused(book: Book, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no series"):
        calibrate_market(book.valuation, tmp_path, DAY)


def test_the_table_says_before_and_after(book: Book, series: Path, tmp_path: Path) -> None:
    found = calibrate_market(book.valuation, series, DAY)
    path = write_calibration(found, tmp_path / "out")
    with path.open(encoding="utf-8-sig") as file:
        [row] = csv.DictReader(file)
    assert float(row["level_after"]) == found.factors[0].chosen.factor.level
    assert found.candidate_id in markdown(found)
