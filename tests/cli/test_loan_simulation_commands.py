"""The commands that simulate the stored book: what people read and what programs read."""

import json
from pathlib import Path

import pytest

from cli.main import run

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def stored_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{tmp_path / 'book.db'}")
    assert run(["loans", "generate", "--loans", "12", "--out", str(tmp_path / "book.csv"), "--store"]) == 0
    capsys.readouterr()


def test_simulate_prints_tail_and_fans(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["loans", "simulate", "--quarters", "4", "--paths", "512", "--tail", "--fund-cap", "1000"]) == 0
    )
    said = capsys.readouterr().out
    for words in ("组合损失", "VaR 99.9%", "按担保方式", "不良率", "抵押率", "风险补偿基金"):
        assert words in said
    assert run(["loans", "simulate", "--paths", "512", "--json"]) == 0
    loss = json.loads(capsys.readouterr().out)
    contributions = sum(share["tail_contribution_cny"] for share in loss["by_loan"])
    assert contributions == pytest.approx(loss["tail"][1]["expected_shortfall_cny"], rel=1e-9)


def test_stress_prints_worlds_and_the_smallest_move(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["loans", "stress", "--scenario", "tourism-stop", "--paths", "512", "--quarters", "4"]
    assert run(asked) == 0
    said = capsys.readouterr().out
    assert "基准市场" in said
    assert "tourism-stop" in said
    assert run([*asked, "--max-expected-loss", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [world["scenario"] for world in report["worlds"]] == ["", "tourism-stop"]
    assert report["reverse"]["broken_already"] is True
    assert run([*asked, "--max-expected-loss", "1", "--max-shortfall", "1"]) == 2


def test_wrong_way_puts_both_sides_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["loans", "wrong-way", "--paths", "512", "--quarters", "4"]) == 0
    said = capsys.readouterr().out
    assert "错向风险" in said
    assert "Shapley" in said


def test_curves_and_funds_come_from_files(capsys: pytest.CaptureFixture[str]) -> None:
    curves = ["--default-curves", str(EXAMPLES / "loans" / "default-curves.toml")]
    funds = ["--funds", str(EXAMPLES / "loans" / "compensation-funds.toml")]
    assert run(["loans", "simulate", "--quarters", "4", "--paths", "512", *curves, *funds]) == 0
    said = capsys.readouterr().out
    for words in (
        "风险补偿资金池",
        "用尽概率",
        "fund for all other loans",
        "违约期限结构“较高风险档",
        "assumption",
    ):
        assert words in said
    asked = ["--paths", "512", "--quarters", "4", *curves, *funds, "--json"]
    for command in (["stress", "--scenario", "tourism-stop"], ["wrong-way"]):
        assert run(["loans", *command, *asked]) == 0
        codes = {caution["code"] for caution in json.loads(capsys.readouterr().out)["cautions"]}
        assert codes & {"DEFAULT_CURVE_USED", "DEFAULT_CURVE_WITHOUT_LOANS"}
    assert run(["loans", "simulate", "--funds", str(EXAMPLES / "loans" / "default-curves.toml")]) == 2
    assert "compensation_funds" in capsys.readouterr().err
