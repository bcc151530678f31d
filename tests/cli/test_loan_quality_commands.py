"""`ecopledge loans classify|credit-loss|capital|monitor` on a small book in a database of their own."""

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.connection import own_services
from cli.main import run
from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.loan import Loan, RepaymentKind, RepaymentTerms
from services.loans.reported.position import LoanPosition
from services.runtime.channel import open_channel_from
from services.runtime.settings import load_settings

DRAWN, DAY = dt.date(2025, 1, 15), dt.date(2026, 8, 21)


def made_up_loan(loan_id: str, borrower_id: str) -> Loan:
    terms = RepaymentTerms(Decimal("2000000.00"), DRAWN, 60, 0.045, RepaymentKind.EQUAL_PRINCIPAL)
    return Loan(loan_id, borrower_id, "节水贷款", "甘州区", "农业", "water_right", terms, 0.03, 0.2, 0.6)


def pledge(loan_id: str, day: dt.date, value_cny: float) -> Collateral:
    schedule = ExposureSchedule(
        f"right {loan_id}", np.arange(1.0, 11.0), ("water_price",) * 10, np.full(10, 1_600_000.0), ("用水收入",) * 10,
        CollateralTerms(risk_premium_annual=0.02, quantity_cv=0.1, disposal_cost=0.05, disposal_lag_years=1.0),
    )  # fmt: skip
    return Collateral(f"C-{loan_id}", loan_id, schedule, day, "S", 1.0, value_cny)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        database = tmp_path_factory.mktemp("database") / "test.db"
        patch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{database}")
        with own_services(("loans",)) as address, open_channel_from(load_settings(), address) as channel:
            client = LoansClient(channel)
            client.put_loans(DRAWN, [made_up_loan(f"L{i}", "B1" if i < 2 else f"B{i}") for i in range(4)])
            client.put_collateral([pledge(f"L{i}", dt.date(2025, 3, 1), 4e6) for i in range(3)])
            client.put_collateral([pledge("L1", dt.date(2026, 3, 1), 2e6)])
            client.record_positions(
                [
                    LoanPosition("L0", DAY, Decimal("1400000.00"), 0.045, 95),
                    LoanPosition("L1", DAY, Decimal("1400000.00"), 0.045),
                    LoanPosition("L2", DAY, Decimal("1400000.00"), 0.045, 40),
                    LoanPosition("L3", DAY, Decimal("1400000.00"), 0.045),
                ]
            )
            yield address


def answer(capsys: pytest.CaptureFixture[str], target: str, *arguments: str) -> Any:
    assert run(["loans", *arguments, "--target", target, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def printed(capsys: pytest.CaptureFixture[str], target: str, *arguments: str) -> str:
    assert run(["loans", *arguments, "--target", target]) == 0
    return capsys.readouterr().out


def test_classify(target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, target, "classify", "--as-of", "2026-08-21")
    classes = {loan["facts"]["loan_id"]: loan["quality"] for loan in found["loans"]}
    assert classes == {"L0": "substandard", "L1": "substandard", "L2": "special_mention", "L3": "normal"}
    assert answer(capsys, target, "classify") == found
    text = printed(capsys, target, "classify", "--as-of", "2026-08-21", "--compare-with", "2026-08-20")
    assert "不良率 NPL ratio: 50.00%" in text
    assert "待核实 to be confirmed" in text
    path = tmp_path / "debtors.toml"
    path.write_text(
        '[[debtors]]\nborrower_id = "B3"\ndebt_cny = "10.00"\noverdue_debt_cny = "3.00"\n', "utf-8"
    )
    found = answer(capsys, target, "classify", "--as-of", "2026-08-21", "--debtors", str(path))
    assert found["loans"][3]["quality"] == "substandard"
    path.write_text(
        '[[debtors]]\nborrower_id = "B3"\ndebt_cny = "10.00"\noverdue_debt_cny = "30.00"\n', "utf-8"
    )
    assert (
        run(["loans", "classify", "--as-of", "2026-08-21", "--debtors", str(path), "--target", target]) == 2
    )
    assert run(["loans", "classify", "--as-of", "soon", "--target", target]) == 2


def test_credit_loss(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, target, "credit-loss", "--paths", "128", "--explain", "L3")
    assert [loan["stage"] for loan in found["loans"]] == [3, 3, 2, 1]
    assert len(found["loans"][3]["scenarios"][0]["quarters"]) > 4
    text = printed(capsys, target, "credit-loss", "--paths", "128", "--explain", "L3")
    assert "第二阶段 stage 2" in text
    assert "假设 assumption" in text
    capsys.readouterr()
    asked = ["loans", "credit-loss", "--paths", "128", "--target", target, "--explain", "L3"]
    assert run([*asked, "--explain", "NOPE"]) == 2
    told = capsys.readouterr()
    assert "no such loan: 'NOPE'" in told.err
    assert told.out == ""
    assert run([*asked, "--loan", "L2"]) == 2
    assert "--explain: found L3, expected loans among the results" in capsys.readouterr().err


def test_capital(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, target, "capital", "--paths", "512")
    assert found["totals"]["weighted_cny"] == pytest.approx(1.4e6 * (1.5 + 1.5 + 1.0 + 1.0))
    text = printed(capsys, target, "capital", "--paths", "512", "--guarantor", "G=0.2")
    assert "权重法RWA weight method" in text.replace("\n", " ")
    assert "保证人没有为任何贷款保证" in text
    capsys.readouterr()
    for wrong, said in (
        ("G", "found 'G', expected ID=WEIGHT such as G1=0.2"),
        ("=0.2", "found '=0.2', expected ID=WEIGHT such as G1=0.2"),
        ("G=20", "found a weight of 20 in 'G=20', expected a fraction from 0 to 12.5: 20 % is 0.2"),
        ("G=nan", "found a weight of nan in 'G=nan'"),
    ):
        assert run(["loans", "capital", "--guarantor", wrong, "--target", target]) == 2
        assert f"--guarantor: {said}" in capsys.readouterr().err


def test_monitor_and_events(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, target, "monitor", "--paths", "256")
    assert [loan["loan_id"] for loan in found["loans"]] == ["L0", "L1", "L2", "L3"]
    assert found["loans"][3]["loan_to_value"] == 10.0
    text = printed(capsys, target, "monitor", "--paths", "256", "--loan", "L0")
    assert "应重新估值" in text
    assert "P95" in text
    # The most urgent first: the probability of a call within twelve months times the balance.
    at_stake = {
        loan["loan_id"]: loan["fan"][-1]["call_probability"] * loan["balance_cny"] for loan in found["loans"]
    }
    due = {(item["loan_id"], item["collateral_id"]) for item in found["revaluations"]}
    urgent = [pledge for loan, pledge in sorted(due, key=lambda one: (-at_stake[one[0]], one))]
    assert len(urgent) > 1
    listed = printed(capsys, target, "monitor", "--paths", "256").split("应重新估值")[1]
    assert sorted(urgent, key=listed.index) == urgent
    events = answer(capsys, target, "monitor", "--events")
    # 13 of 60 instalments paid by 2026-03-01: 1,566,667 owed against 2,000,000, 78.3 %, above the call level of 75 %.
    assert [(event["crossing"]["loan_id"], event["crossing"]["after"]) for event in events] == [
        ("L1", "call")
    ]
    assert "补仓 call" in printed(capsys, target, "monitor", "--events")
