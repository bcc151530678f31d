"""Commands of the statistics desk as a person runs them."""

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from cli.connection import own_services
from cli.main import run
from services.loans.client import LoansClient
from services.loans.loan import Loan, RepaymentKind, RepaymentTerms
from services.loans.reported.position import FiveClass, LoanPosition
from services.runtime.channel import open_channel
from services.runtime.settings import load_settings

JUNE, SEPTEMBER = dt.date(2026, 6, 30), dt.date(2026, 9, 30)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The loans service on a database of its own, with one loan of 100 万元 over the third quarter of 2026."""
    with pytest.MonkeyPatch.context() as patch:
        database = tmp_path_factory.mktemp("database") / "test.db"
        patch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{database}")
        with (
            own_services(("loans",)) as address,
            open_channel(address, institution_id=load_settings().institution_id) as channel,
        ):
            terms = RepaymentTerms(Decimal(1_000_000), dt.date(2026, 1, 15), 60, 0.04, RepaymentKind.BULLET)
            client = LoansClient(channel)
            client.put_loans(
                dt.date(2026, 1, 15),
                [
                    Loan(
                        "L1",
                        "B1",
                        "",
                        "甘州区",
                        "",
                        "gep",
                        terms,
                        0.02,
                        0.15,
                        0.45,
                        purpose="solar_power",
                    )
                ],
            )
            client.record_positions(
                [
                    LoanPosition("L1", day, Decimal(1_000_000), 0.04, quality=FiveClass.NORMAL)
                    for day in (JUNE, SEPTEMBER)
                ]
            )
            yield address


def test_a_quarter_is_closed_and_written(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["report", "pboc", "--period", "2026Q3", "--out", str(tmp_path), "--target", target]
    assert run([*call, "--json"]) == 0
    draft = json.loads(capsys.readouterr().out)
    assert (draft["version"], draft["total"]["closing_cents"]) == (None, 100_000_000)
    assert run([*call, "--close"]) == 0
    out = capsys.readouterr().out
    assert "第 1 版 version 1" in out
    assert "100.00" in out
    assert "11 项校验全部通过" in out
    book = tmp_path / "green-loans-2026Q3-v1.xlsx"
    content = book.read_bytes()
    assert run([*call, "--close", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["version"], again["is_new_version"], book.read_bytes()) == (1, False, content)


def test_the_terminal_shows_a_quarter(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["loans", "statistics", "--period", "2026Q3", "--by", "county_product", "--target", target]) == 0
    )
    out = capsys.readouterr().out
    assert "甘州区 · GEP质押贷款" in out
    assert "4.00%" in out
    assert "自行认定的分类" in out
    assert "loans classify" in out
    # The loan had been drawn, and no position was reported: the check is told and the code says so.
    assert run(["loans", "statistics", "--period", "2026Q1", "--target", target]) == 1
    assert "not held: 1 of 11; breaks: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--period", "2026-3"], "--period: found '2026-3', expected a quarter such as 2026Q3"),
        (["--period", "2998Q1"], "expected a quarter that has ended"),
        (["--period", "2026Q3", "--known-at", "yesterday"], "--known-at: found 'yesterday'"),
        (["--period", "2026Q3", "--close", "--version", "1"], "expected at most one of them"),
        (["--period", "2025Q3", "--version", "4"], "2025Q3 is not closed"),
    ],
)
def test_a_wrong_question_ends_with_two(
    target: str, arguments: list[str], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "pboc", *arguments, "--out", str(tmp_path / "out"), "--target", target]) == 2
    assert named in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_quarter_without_loans_says_so(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ("--target", target, "--out", str(tmp_path))
    assert run(["report", "pboc", "--period", "2025Q3", *out]) == 0
    assert "no loan in 2025Q3" in capsys.readouterr().out
    run(["report", "pboc", "--period", "2026Q3", *out])
    assert "no loan in" not in capsys.readouterr().out
