"""A wrong command line is told in Chinese first, then in click's own words."""

from pathlib import Path

import click
import pytest

from cli.finite_numbers import FiniteNumber, FiniteRange
from cli.main import run


@pytest.mark.parametrize(
    ("arguments", "line", "of_click"),
    [
        (["value"], "错误：缺少参数 FILE", "Missing argument"),
        (["loans", "statistics"], "错误：缺少必填选项 --period", "Missing option"),
        (["loans", "schedule", "--kind", "balloon"], "错误：选项 --kind 的取值有误", "is not one of"),
        (["value", "a.toml", "--paths", "12"], "错误：选项 --paths 的取值有误", "is not in the range"),
        (["value", "a.toml", "--path", "512"], "错误：没有选项 --path", "No such option"),
        (["value", "a.toml", "--seed"], "错误：选项 --seed 缺少取值或用法有误", "requires an argument"),
        (["value", "a.toml", "b.toml"], "错误：命令用法有误", "unexpected extra argument"),
        (["valu"], "错误：没有命令 valu", "did you mean 'value'?"),
        (
            ["loans", "terms", "put", "--as-of", "2026-06-30"],
            "错误：命令用法有误",
            "expected --default-curves",
        ),
    ],
)
def test_the_first_line_is_chinese(
    arguments: list[str], line: str, of_click: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[0] == line
    assert of_click in told.err


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["loans", "stress"], "--max-expected-loss"),
        (["loans", "stress"], "--max-shortfall"),
        (["loans", "simulate"], "--fund-cap"),
        (["loans", "schedule"], "--rate"),
        (["report", "portfolio"], "--max-expected-loss"),
        (["stress", "a.toml"], "--min-pledge"),
        (["fund", "pacing", "--life", "12"], "--commitment"),
        (["fund", "allocate"], "--aversion"),
        (["calibrate", "a.csv"], "--long-run-mean"),
    ],
)
@pytest.mark.parametrize("number", ["nan", "inf"])
def test_a_number_is_finite(
    arguments: list[str], option: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, option, number]) == 2
    told = capsys.readouterr().err
    assert told.splitlines()[0] == f"错误：选项 {option} 的取值有误"
    assert f"'{option}': found {number}, expected a finite number." in told


@pytest.mark.parametrize("number", ["0.5", "1"])
def test_a_finite_number_of_the_range_is_taken(number: str) -> None:
    assert FiniteRange(0.0).convert(number, None, None) == float(number)
    assert FiniteNumber().convert(f"-{number}", None, None) == -float(number)
    with pytest.raises(click.BadParameter, match="is not in the range"):
        FiniteRange(0.0).convert(f"-{number}", None, None)


def test_help_that_click_prints_by_itself_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["loans"]) == 2
    told = capsys.readouterr()
    assert "错误" not in told.err
    assert "Usage: ecopledge loans" in told.err


def test_malformed_toml_and_json_are_told_in_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "assets.toml"
    file.write_text('[[assets]]\nasset_id "W1"\n', encoding="utf-8")
    assert run(["value", str(file)]) == 2
    told = capsys.readouterr().err
    assert f"{file}: is not valid TOML: " in told
    assert "TOML 格式有误，见第 2 行第 10 列" in told
    as_json = tmp_path / "assets.json"
    as_json.write_text("{", encoding="utf-8")
    assert run(["value", str(as_json)]) == 2
    assert "JSON 格式有误" in capsys.readouterr().err
