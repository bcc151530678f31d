"""`ecopledge fund grid` and `ecopledge loans grid`: what is shown, printed, written and refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import run
from tests.flows.scenario_services import scenario_services

BOOK = """
worlds = ["ccer-crash"]
n_quarters = 2
n_paths = 256
[[settings]]
name = "whole"
[[settings]]
name = "tea"
products = ["tea_garden"]
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECOPLEDGE_INSTITUTION_ID", "grid-test")
        with scenario_services(tmp_path_factory.mktemp("grid")) as running:
            yield running.address


def test_the_book_is_shown_and_a_refused_part_ends_with_1(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "book.toml"
    file.write_text(BOOK, encoding="utf-8")
    assert run(["loans", "grid", str(file), "--target", target, "--out", str(tmp_path / "out")]) == 1
    shown = capsys.readouterr().out
    for words in ("贷款组合情景网格", "CCER", "tea 未能测算", "book-grid-book.html", "book-grid-book.xlsx"):
        assert words in shown
    assert (tmp_path / "out" / "book-grid-book.xlsx").exists()
    assert run(["loans", "grid", str(file), "--target", target, "--paths", "300", "--json"]) == 1
    grid = json.loads(capsys.readouterr().out)["grid"]
    assert grid["n_paths"] == 300
    assert [len(variant["stress"]["worlds"]) for variant in grid["variants"] if variant["stress"]] == [2]


def test_the_fund_is_shown(target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fund.toml"
    file.write_text('worlds = ["delay"]\nseen_by = "city_finance"\n', encoding="utf-8")
    options = ["--paths", "256", "--target", target, "--out", str(tmp_path / "out")]
    assert run(["fund", "grid", str(file), *options]) == 0
    shown = capsys.readouterr().out
    for words in (
        "基金情景网格",
        "市财政 city_finance",
        "祁连绿色产业发展基金 qilian · ",
        "工期延误",
        "fund-grid-fund.xlsx",
    ):
        assert words in shown


def test_a_wrong_file_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "grid.toml"
    file.write_text("n_paths = 1\n", encoding="utf-8")
    for group in ("fund", "loans"):
        assert run([group, "grid", str(file)]) == 2
        assert "grid.toml: n_paths: found 1" in capsys.readouterr().err
