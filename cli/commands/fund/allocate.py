"""`ecopledge fund allocate [FILE]`: which projects to choose under the limits of a question."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.asking import SHOWN_QUESTION, asked_fund, question_file
from cli.caution_lines import print_assumption_count, print_brief_cautions
from cli.connection import target
from cli.examples import WithExamples
from cli.finite_numbers import FiniteRange
from cli.output import json_option, percent, print_json, print_table, wan

if TYPE_CHECKING:
    from flows.fund_question import AskedFund
    from services.fund.allocation.question import AllocationAnswer, LimitStatus, ProjectChoice

LIMITS_BROKEN = 1


@click.command(
    "allocate",
    cls=WithExamples,
    examples=("ecopledge fund allocate", f"ecopledge fund allocate {SHOWN_QUESTION} --aversion 0.5 --json"),
)
@question_file
@click.option(
    "--aversion",
    "aversions",
    type=FiniteRange(0.0),
    multiple=True,
    metavar="WEIGHT",
    help="Weight of the mean of the worst losses; may be repeated. Otherwise as the file says.",
)
@target
@json_option
def command(file: Path | None, aversions: tuple[float, ...], target: str | None, *, as_json: bool) -> int:
    """选项目 · Choose projects under budgets, shares and leverage, by mean less aversion times tail.

    Without FILE: the bundled question. Ends with 1 where no choice keeps all limits, and says which to relax. Amounts
    are printed in 万元; --json prints CNY.
    """
    from dataclasses import replace

    with asked_fund(file, target) as (client, asked):
        request = asked.allocation
        answer = client.allocate_projects(replace(request, aversions=aversions) if aversions else request)
    if as_json:
        print_json(answer)
    else:
        _print(asked, answer)
    return 0 if answer.infeasibility is None else LIMITS_BROKEN


def _print(asked: "AskedFund", answer: "AllocationAnswer") -> None:
    why = answer.infeasibility
    if why is not None:
        click.echo("没有方案能同时满足全部限制 · No choice keeps all limits", err=True)
        click.echo("  相互矛盾 contradict each other:", err=True)
        for path in why.conflict:
            click.echo(f"    {_named(asked, path)}", err=True)
        for each in why.relax:
            click.echo(
                f"  至少放宽 relax {_named(asked, each.limit)} {_amount(each.by, each.unit)}", err=True
            )
    else:
        _print_frontier(answer)
        for choice in answer.frontier:
            _print_choice(asked, choice)
    print_brief_cautions(answer.cautions)
    print_assumption_count(len(answer.assumptions))


def _print_frontier(answer: "AllocationAnswer") -> None:
    print_table(
        "有效前沿 · Efficient frontier (万元)",
        (
            "风险厌恶 Aversion",
            "项目数 Projects",
            "基金出资 Cost",
            "杠杆 Leverage",
            "净现值均值 Mean",
            "尾部损失 Tail loss",
            "样本外均值 Mean elsewhere",
            "样本外尾部 Tail elsewhere",
            "最优差距 Gap",
        ),
        [
            [
                f"{choice.aversion:g}",
                str(len(choice.projects)),
                wan(choice.cost_cny),
                f"{choice.leverage:.1f}",
                wan(choice.in_sample.mean_cny),
                wan(choice.in_sample.tail_loss_cny),
                wan(choice.out_of_sample.mean_cny),
                wan(choice.out_of_sample.tail_loss_cny),
                f"{choice.gap:.2%}",
            ]
            for choice in answer.frontier
        ],
        left=(),
    )


def _print_choice(asked: "AskedFund", choice: "ProjectChoice") -> None:
    print_table(
        f"风险厌恶 aversion {choice.aversion:g}：入选项目 · Chosen projects (万元)",
        ("编号 Id", "项目 Project", "比例 Share", "基金出资 Cost", "净现值均值 Mean value"),
        [
            [
                each.project_id,
                asked.name(each.project_id, each.pipeline),
                percent(each.share),
                wan(each.cost_cny),
                wan(each.mean_value_cny),
            ]
            for each in choice.projects
        ],
        left=(0, 1),
    )
    priced = [limit for limit in choice.limits if limit.binds or limit.relaxed_price_cny > 0.0]
    if priced:
        print_table(
            "限制的价格 · What limits cost (万元)",
            (
                "限制 Limit",
                "起作用 Binds",
                "占用 Used",
                "上下限 Bound",
                "影子价格(可拆分) Dual",
                "放宽 Relaxed by",
                "重新求解的收益 Gain",
            ),
            [_limit_row(asked, limit) for limit in priced],
            left=(0, 1),
        )


def _limit_row(asked: "AskedFund", limit: "LimitStatus") -> list[str]:
    per = {"CNY": "/ 1 元", "share": "/ 1 pp", "multiple": "/ 0.1", "projects": "/ 1"}[limit.unit]
    price = limit.relaxed_price_cny
    shown = f"{price:.3f} 元" if limit.unit == "CNY" else wan(price)
    gained = ""
    if limit.gain_low_cny is not None and limit.gain_high_cny is not None:
        low, high = wan(limit.gain_low_cny), wan(limit.gain_high_cny)
        gained = low if low == high else f"{low} – {high}"
    return [
        _named(asked, limit.limit),
        "是 yes" if limit.binds else "",
        _amount(limit.used, limit.unit),
        _amount(limit.bound, limit.unit),
        f"{shown} {per}",
        "" if limit.relaxed_by is None else _amount(limit.relaxed_by, limit.unit),
        gained,
    ]


def _named(asked: "AskedFund", path: str) -> str:
    """A limit by its year, sector or county, and by its place in the question."""
    from flows.reports.fund_report.limit_words import limit_name

    return f"{limit_name(asked.allocation.limits, path).inline()} [{path.removeprefix('limits.')}]"


def _amount(value: float, unit: str) -> str:
    if unit == "CNY":
        return f"{wan(value)} 万元"
    if unit == "share":
        return percent(value)
    return f"{value:.1f} 倍" if unit == "multiple" else f"{value:.0f}"
