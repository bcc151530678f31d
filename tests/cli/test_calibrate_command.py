"""`ecopledge calibrate` as a person runs it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.connection import own_services
from cli.main import run

SERIES = "examples/heihe-inflow.csv"
FACTOR = ("--factor", "inflow.yingluoxia")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A valuation service of this module on a database of its own."""
    with pytest.MonkeyPatch.context() as patch:
        database = tmp_path_factory.mktemp("database") / "test.db"
        patch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{database}")
        with own_services(("valuation",)) as address:
            yield address


def test_the_example_is_the_bundled_series() -> None:
    # The dispatch year ends on 10 November (data/README.md).
    bundled = Path("data/heihe_annual_runoff.csv").read_text(encoding="utf-8").splitlines()[1:]
    expected = [f"{year}-11-10,{inflow}" for year, inflow, _ in (line.split(",") for line in bundled)]
    assert Path(SERIES).read_text(encoding="utf-8").splitlines() == ["date,value", *expected]


def test_calibrate_prints_both_models_and_every_warning(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [SERIES, *FACTOR, "--long-run-mean", "15.87", "--asset", "examples/water-right.toml"]
    assert run(["calibrate", *arguments, "--target", target]) == 0
    printed = capsys.readouterr().out
    for words in (
        "回归速度",
        "样本偏离长期均值 sample far from long run",
        "样本过短 short sample",
        "模型风险",
        "lag-1 correlation 0.56",
    ):
        assert words in printed
    assert run(["calibrate", *arguments, "--target", target, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    risk = found["model_risk"]
    difference = risk["mean_reverting"]["value_cny"] - risk["brownian"]["value_cny"]
    assert risk["value_difference_cny"] == pytest.approx(difference)
    assert found["mean_reverting"]["factor"]["level"] == 20.59


def test_a_wrong_series_ends_with_2(tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "short.csv"
    path.write_text("date,value\n2020-01-01,3\n", encoding="utf-8")
    assert run(["calibrate", str(path), *FACTOR, "--target", target]) == 2
    assert "observations: found 1, expected from 10" in capsys.readouterr().err
    path.write_text("date,value\n2020-01-01,three\n", encoding="utf-8")
    assert run(["calibrate", str(path), *FACTOR]) == 2
    assert "row 2, column value: found three, expected a number above 0" in capsys.readouterr().err


def test_an_asset_file_holds_one_asset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path("examples/water-right.toml").read_text(encoding="utf-8").partition("[loan]")[0]
    path = tmp_path / "two.toml"
    path.write_text(text + text.replace('"W1"', '"W2"'), encoding="utf-8")
    assert run(["calibrate", SERIES, *FACTOR, "--asset", str(path)]) == 2
    assert "found 2, expected one asset" in capsys.readouterr().err
