"""`ecopledge loans monitor`: loan to value now and to come, margin calls, what to value again, events."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
from cli.connection import services, target
from cli.examples import WithExamples
from cli.loan_quality import as_of_option, day_of, loans_option, market, snapshot_option
from cli.output import json_option, percent, print_json, print_table, waiting, wan

if TYPE_CHECKING:
    from services.loans.pledges.event import PledgeEvent
    from services.loans.pledges.levels import PledgeLevel
    from services.loans.pledges.monitored import MonitoredLoan, PledgeReport, RevaluationDue

_SHOWN = 40
_DUE_SHOWN = 20
_LARGEST_LTV = 10.0


@click.command(
    "monitor",
    cls=WithExamples,
    examples=(
        "ecopledge loans monitor --as-of 2026-09-30",
        "ecopledge loans monitor --loan LOAN_ID",
        "ecopledge loans monitor --events",
    ),
)
@as_of_option
@snapshot_option
@loans_option
@click.option(
    "--events", is_flag=True, help="List re-valuations that moved a loan through a level, nothing else."
)
@click.option("--paths", type=click.IntRange(256, 65_536), default=2000, show_default=True, help="Paths.")
@target
@json_option
def command(
    as_of: str | None,
    snapshot_file: Path | None,
    loan_ids: tuple[str, ...],
    paths: int,
    target: str | None,
    *,
    events: bool,
    as_json: bool,
) -> int:
    """押品监测 · Loan to value now and over 12 months, levels, margin calls, pledges to value again.

    With --loan the fan is shown month by month. Amounts are printed in 万元; --json prints CNY.
    """
    from services.loans.pledges.client import PledgeClient

    with services(target, ("loans",)) as channel:
        client = PledgeClient(channel)
        if events:
            found = list(client.events(loan_ids=loan_ids))
            print_json(found) if as_json else _print_events(found)
            return 0
        with waiting("押品监测 · watching the pledges", quiet=as_json):
            report = client.monitor(
                market(snapshot_file), as_of=day_of("--as-of", as_of), loan_ids=loan_ids, n_paths=paths
            )
    if as_json:
        print_json(report)
    else:
        _print(report, fans=bool(loan_ids))
    return 0


def _print(report: "PledgeReport", *, fans: bool) -> None:
    _print_levels(report)
    loans = sorted(report.loans, key=lambda loan: (-loan.loan_to_value, -loan.balance_cny, loan.loan_id))
    print_table(
        "抵押率最高的贷款 · Highest loan to value (万元)",
        ("贷款 Loan", "状态 Level", "余额 Balance", "押品 Value", "抵押率 LTV", "12月后P5 LTV", "12月后P95 LTV",
         "触预警 Warning", "触补仓 Call", "触处置 Liquidation", "补现金 Cash", "或补押品 Pledge"),
        [_row(loan) for loan in loans[:_SHOWN]],
    )  # fmt: skip
    if len(loans) > _SHOWN:
        click.echo(f"  另有 {len(loans) - _SHOWN} 笔 · more loans; --json lists all")
    click.echo(f"  触及概率按月末观察 · probabilities of reaching a level; the grid is {report.grid}")
    if fans:
        for loan in report.loans:
            _print_fan(loan, report.probabilities)
    _print_revaluations(report)
    print_brief_cautions(report.cautions)


def _print_levels(report: "PledgeReport") -> None:
    from services.loans.pledges.levels import PledgeLevel

    rows = []
    for level in PledgeLevel:
        members = [loan for loan in report.loans if loan.level is level]
        balance = sum(loan.balance_cny for loan in members)
        value = sum(loan.value_cny for loan in members)
        cash = sum(float(loan.margin_cash_cny) for loan in members)
        rows.append([_label(level), f"{len(members):,}", wan(balance), wan(value), wan(cash)])
    print_table(
        "押品监测 · Pledges (万元)",
        ("状态 Level", "笔数 Loans", "余额 Balance", "押品 Value", "应补现金 Cash call"),
        rows,
    )


def _row(loan: "MonitoredLoan") -> list[str]:
    from services.loans.pledges.levels import LEVEL_LABELS_ZH

    last = loan.fan[-1]
    return [
        loan.loan_id,
        LEVEL_LABELS_ZH[loan.level],
        wan(loan.balance_cny),
        wan(loan.value_cny),
        _ltv(loan.loan_to_value),
        _ltv(last.loan_to_value[0]),
        _ltv(last.loan_to_value[-1]),
        percent(last.warning_probability),
        percent(last.call_probability),
        percent(last.liquidation_probability),
        wan(float(loan.margin_cash_cny)),
        wan(float(loan.margin_pledge_cny)),
    ]


def _ltv(ratio: float) -> str:
    return ">=1000%" if ratio >= _LARGEST_LTV else percent(ratio)


def _print_fan(loan: "MonitoredLoan", probabilities: tuple[float, ...]) -> None:
    levels = loan.levels
    print_table(
        f"{loan.loan_id}: 抵押率 loan to value, 线 levels {percent(levels.warning)} / {percent(levels.call)} / "
        f"{percent(levels.liquidation)}{' 假设 assumption' if levels.is_assumption else ''}",
        ("日期 Date", "余额 Balance 万元", *(f"P{round(100 * p)}" for p in probabilities), "预警 Warning", "补仓 Call",
         "处置 Liquidation"),
        [
            [
                str(date.day),
                wan(date.balance_cny),
                *(_ltv(ltv) for ltv in date.loan_to_value),
                percent(date.warning_probability),
                percent(date.call_probability),
                percent(date.liquidation_probability),
            ]
            for date in loan.fan
        ],
    )  # fmt: skip


def _print_revaluations(report: "PledgeReport") -> None:
    """The pledges to value again, the most urgent first, each with all its reasons."""
    due: dict[tuple[str, str], list[RevaluationDue]] = {}
    for item in report.revaluations:
        due.setdefault((item.loan_id, item.collateral_id), []).append(item)
    if not due:
        click.echo("没有需要重新估值的押品 · no pledge is due for a valuation")
        return
    at_stake, loans = report.at_stake_cny(), {loan.loan_id: loan for loan in report.loans}
    urgent = sorted(due, key=lambda pledge: (-at_stake[pledge[0]], pledge))
    n_pledges = sum(len(loan.pledges) for loan in report.loans)
    print_table(
        f"应重新估值 · To value again: {len(due):,} / {n_pledges:,} 项押品 pledges",
        ("押品 Pledge", "余额 Balance 万元", "触补仓 Call", "概率×余额 At stake", "原因 Reason"),
        [
            [
                pledge,
                wan(loans[loan_id].balance_cny),
                percent(loans[loan_id].fan[-1].call_probability),
                wan(at_stake[loan_id]),
                "\n".join(f"{item.message_zh} · {item.message_en}" for item in due[loan_id, pledge]),
            ]
            for loan_id, pledge in urgent[:_DUE_SHOWN]
        ],
        left=(0, 4),
    )
    click.echo(
        "  按 12 个月内触及补仓线的概率×余额排序 · ranked by the probability of a call within 12 months x balance"
    )
    if len(due) > _DUE_SHOWN:
        click.echo(f"  另有 {len(due) - _DUE_SHOWN:,} 项 · more pledges; --json lists all")


def _print_events(events: "list[PledgeEvent]") -> None:
    if not events:
        click.echo("没有押品事件 · no pledge events")
        return
    print_table(
        "押品事件 · Re-valuations through a level (万元)",
        (
            "序号 Number",
            "贷款 Loan",
            "估值日 Valued on",
            "原状态 Before",
            "现状态 After",
            "余额 Balance",
            "原值 Then",
            "现值 Now",
        ),
        [
            [
                str(event.number),
                event.crossing.loan_id,
                str(event.crossing.as_of),
                "未知 unknown" if event.crossing.before is None else _label(event.crossing.before),
                _label(event.crossing.after),
                wan(event.crossing.balance_cny),
                "—" if event.crossing.value_before_cny is None else wan(event.crossing.value_before_cny),
                wan(event.crossing.value_after_cny),
            ]
            for event in events
        ],
        left=(1, 2, 3, 4),
    )


def _label(level: "PledgeLevel") -> str:
    from services.loans.pledges.levels import LEVEL_LABELS_ZH

    return f"{LEVEL_LABELS_ZH[level]} {level.value}"
