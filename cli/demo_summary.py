"""What the main job prints: the figures a person looks for first, in the order of the report."""

from typing import TYPE_CHECKING, Any

import click

from cli.output import number_of, percent, print_table, wan
from flows.published_cases.mapping import Sufficiency
from flows.reports.labels import label
from services.valuation.valuation import Valuation

if TYPE_CHECKING:
    from flows.main_job_result import FundRun, MainJobResult
    from flows.published_cases.appraisal import CaseAppraisal
    from flows.reports.main_report import WrittenReport

_STATUS = {
    Sufficiency.SUFFICIENT: "公布已足 published",
    Sufficiency.UNDER_ASSUMPTION: "含假设 assumption",
    Sufficiency.NOT_VALUED: "缺数据 not valued",
}
_ILLUSTRATIVE = "规模为示意 size assumed"
_CNY_PER_YI = 1e8


def print_summary(result: "MainJobResult", written: "WrittenReport", seconds: float) -> None:
    """Print the result of the main job in short."""
    _print_account(result)
    _print_cases(result)
    _print_oddities(result)
    _print_pipelines(result)
    _print_book_and_fund(result)
    click.echo(f"report · 报告: {written.html}  {written.xlsx}")
    click.echo(f"done in {seconds:.1f} s · 完成")


def summary(result: "MainJobResult", written: "WrittenReport") -> dict[str, Any]:
    """The result of the main job in short, for programs; amounts in CNY."""
    loss = result.loan_book.loss
    return {
        "as_of": result.as_of,
        "snapshot_id": result.snapshot.snapshot_id,
        "account_total_cny": result.account.reconciliation.total_cny,
        "cases": [_case(appraisal) for appraisal in result.appraisals],
        "oddities": [oddity.caution for oddity in result.oddities],
        "pipelines": [
            {
                "title": review.title_en,
                "projects": review.projects.total_count,
                "total_investment_cny": review.projects.total_investment_cny,
                "published_total_cny": review.published_total_cny,
                "flags": [flag.caution for flag in review.projects.flags],
            }
            for review in result.pipelines
        ],
        "book": {
            "loans": loss.n_loans,
            "exposure_cny": loss.exposure_cny,
            "expected_loss_cny": loss.expected_loss_cny,
            "tail": loss.tail,
        },
        "fund": {"partners": result.fund.waterfall.partners, "called_cny": result.fund.outcome.called_cny},
        "files": {"html": str(written.html), "xlsx": str(written.xlsx)},
    }


def _case(appraisal: "CaseAppraisal") -> dict[str, Any]:
    pledge = appraisal.pledge
    valuation = pledge.valuation if pledge is not None and isinstance(pledge.valuation, Valuation) else None
    return {
        "case_id": appraisal.case_id,
        "sufficiency": appraisal.sufficiency,
        "value_cny": None if valuation is None else valuation.value_cny,
        "haircut": None if valuation is None else valuation.haircut,
        "limit_cny": None if pledge is None else pledge.limit_cny,
        "granted_cny": appraisal.granted_cny,
        "missing": [missing.text_en for missing in appraisal.mapping.missing],
        "valuation_id": None if valuation is None else valuation.valuation_id,
    }


def _print_account(result: "MainJobResult") -> None:
    reconciliation = result.account.reconciliation
    rows = [
        [
            label(f"category.{item.category}").inline(),
            f"{item.value_cny / _CNY_PER_YI:,.2f}",
            percent(item.share),
        ]
        for item in reconciliation.classes
    ]
    rows.append(["合计 total", f"{reconciliation.total_cny / _CNY_PER_YI:,.2f}", "100.0%"])
    published = result.account.published_total_cny
    if published is not None:
        rows.append(["公布 published", f"{published / _CNY_PER_YI:,.2f}", ""])
    print_table(
        f"1 · {result.account.title_zh} {result.account.title_en} (亿元)",
        ("类别 Class", "价值 Value", "占比 Share"),
        rows,
    )
    for price in reconciliation.dominant_prices:
        click.echo(
            f"  ! 单一价格 {price.unit_price:g} {price.price_unit} 占{label(f'category.{price.category}').zh}的 "
            f"{percent(price.share)} · one price makes {percent(price.share)} of {price.category}"
        )


def _print_cases(result: "MainJobResult") -> None:
    print_table(
        "2 · 公开质押案例 Published pledge cases (万元)",
        (
            "案例 Case",
            "地点 Place",
            "类型 Kind",
            "现值 Value",
            "折扣 Haircut",
            "限额 Limit",
            "实际发放 Granted",
            "依据 Basis",
        ),
        (_case_row(appraisal) for appraisal in result.appraisals),
        left=(0, 1, 2, 7),
    )


def _case_row(appraisal: "CaseAppraisal") -> list[str]:
    case, pledge = appraisal.mapping.case, appraisal.pledge
    granted = "—" if appraisal.granted_cny is None else wan(appraisal.granted_cny)
    head = [appraisal.case_id, case.place, label(f"collateral.{case.kind}").zh]
    status = _ILLUSTRATIVE if appraisal.mapping.is_illustrative else _STATUS[appraisal.sufficiency]
    if pledge is None or not isinstance(pledge.valuation, Valuation):
        return [*head, "—", "—", "—", granted, status]
    limit = "—" if pledge.limit_cny is None else wan(pledge.limit_cny)
    value = pledge.valuation
    return [*head, wan(value.value_cny), percent(value.haircut), limit, granted, status]


def _print_oddities(result: "MainJobResult") -> None:
    click.echo("3 · 公开数字中的疑点 Published oddities")
    for oddity in result.oddities:
        click.echo(f"  [{', '.join(oddity.case_ids)}] {oddity.caution.message_zh}")
    click.echo("")


def _print_pipelines(result: "MainJobResult") -> None:
    rows = []
    for review in result.pipelines:
        total = review.projects.total_investment_cny
        published = review.published_total_cny
        agrees = "—" if published is None else ("一致 agrees" if total == published else "不一致 differs")
        rows.append([review.title_zh, str(review.projects.total_count), wan(float(total)), agrees])
    print_table(
        "4 · 项目库 Pipelines (万元)",
        ("清单 List", "项目 Projects", "总投资 Total investment", "与公布 Against published"),
        rows,
        left=(0, 3),
    )
    for review in result.pipelines:
        for flag in review.projects.flags:
            click.echo(f"  ! {flag.project_id}: {flag.caution.message_zh}")


def _print_book_and_fund(result: "MainJobResult") -> None:
    loss = result.loan_book.loss
    tail = [
        [
            f"VaR / ES {percent(point.confidence)}",
            wan(point.value_at_risk_cny),
            wan(point.expected_shortfall_cny),
        ]
        for point in loss.tail
    ]
    print_table(
        f"5 · 案例贷款簿 The cases as one loan book: {number_of(loss.n_loans, 'loan')}, "
        f"exposure {wan(loss.exposure_cny)} 万元 (假设 assumptions)",
        ("指标 Measure", "万元 10k CNY", "尾部均值 ES"),
        [["预期损失 expected loss", wan(loss.expected_loss_cny), ""], *tail],
    )
    _print_fund(result.fund)


def _print_fund(fund: "FundRun") -> None:
    names = {partner.partner_id: partner.name for partner in fund.terms.partners}
    print_table(
        f"6 · {fund.terms.name}：一次瀑布分配 one run of the waterfall (万元; 假设 assumptions)",
        ("合伙人 Partner", "实缴 Paid in", "分配 Received", "收益率 IRR"),
        (
            [
                names.get(paid.recipient_id, paid.recipient_id),
                wan(float(paid.paid_in_cny)),
                wan(float(paid.received_cny)),
                "—" if paid.irr_annual is None else percent(paid.irr_annual),
            ]
            for paid in fund.waterfall.partners
        ),
    )
    print_table(
        f"   以 {len(fund.investments)} 个储备项目模拟 simulated on {len(fund.investments)} reserve projects: "
        f"累计出资 called {wan(fund.outcome.called_cny)} 万元 (假设 assumptions)",
        ("合伙人 Partner", "收益率中位数 median IRR", "5%分位 5 % quantile", "亏损概率 P(loss)"),
        (
            [
                names.get(outcome.recipient_id, outcome.recipient_id),
                "—" if outcome.irr_annual is None else percent(outcome.irr_annual.quantile(0.5)),
                "—" if outcome.irr_annual is None else percent(outcome.irr_annual.quantile(0.05)),
                percent(outcome.probability_of_loss),
            ]
            for outcome in fund.outcome.partners
        ),
    )
