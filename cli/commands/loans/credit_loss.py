"""`ecopledge loans credit-loss`: expected credit loss in three stages."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
from cli.code_words import coded, group_words, with_code
from cli.connection import services, target
from cli.examples import WithExamples
from cli.loan_quality import (
    as_of_option,
    day_of,
    given_terms,
    loans_option,
    market,
    print_rule,
    snapshot_option,
    terms_options,
)
from cli.output import json_option, percent, print_json, print_table, waiting, wan

if TYPE_CHECKING:
    from services.loans.quality.credit_loss import CreditLossReport, CreditLossTotal, LoanCreditLoss

_SHOWN = 40
_STAGES = {"1": "第一阶段 stage 1", "2": "第二阶段 stage 2", "3": "第三阶段 stage 3"}


@click.command(
    "credit-loss",
    cls=WithExamples,
    examples=(
        "ecopledge loans credit-loss --as-of 2026-09-30",
        "ecopledge loans credit-loss --as-of 2026-09-30 --explain LOAN_ID",
        "ecopledge loans credit-loss --funds examples/loans/compensation-funds.toml",
    ),
)
@as_of_option
@snapshot_option
@loans_option
@click.option("--explain", "explained", multiple=True, metavar="ID", help="Loan to show quarter by quarter.")
@click.option(
    "--debtors",
    "debtor_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML with [[debtors]], as of `ecopledge loans classify`.",
)
@click.option(
    "--paths", type=click.IntRange(2, 100_000), default=1024, show_default=True, help="Paths, even."
)
@terms_options
@target
@json_option
def command(
    as_of: str | None,
    snapshot_file: Path | None,
    loan_ids: tuple[str, ...],
    explained: tuple[str, ...],
    debtor_file: Path | None,
    paths: int,
    curve_file: Path | None,
    fund_file: Path | None,
    target: str | None,
    *,
    without_book_terms: bool,
    as_json: bool,
) -> int:
    """预期信用损失 · Expected credit loss: stages, 12-month and lifetime losses, weighted scenarios.

    Pledges move with the factors that make borrowers default. Amounts are printed in 万元; --json prints CNY.
    """
    from cli.commands.loans.classify import read_debtors
    from services.loans.quality.client import QualityClient
    from services.runtime.errors import InvalidInput

    debtors = () if debtor_file is None else read_debtors(debtor_file)
    terms = given_terms(curve_file, fund_file, without_book_terms=without_book_terms)
    with (
        services(target, ("loans",)) as channel,
        waiting("预期信用损失 · stages and weighted scenarios", quiet=as_json),
    ):
        report = QualityClient(channel).measure_credit_loss(
            market(snapshot_file),
            as_of=day_of("--as-of", as_of),
            loan_ids=loan_ids,
            debtors=debtors,
            explained_loan_ids=explained,
            n_paths=paths,
            **terms.arguments(),
        )
    absent = sorted(set(explained).difference(loan.loan_id for loan in report.loans))
    if absent:
        raise InvalidInput.of(
            "--explain",
            f"found {', '.join(absent)}, expected loans among the results, which owe something on the day",
        )
    if as_json:
        print_json(report)
    else:
        _print(report)
    return 0


def _print(report: "CreditLossReport") -> None:
    from services.loans.statistics.result import Grouping

    columns = ("分组 Group", "笔数 Loans", "余额 Exposure", "损失准备 Allowance", "覆盖率 Coverage")
    rows = [_total(total, _STAGES[total.key]) for total in report.by_stage]
    print_table(
        "预期信用损失 · Expected credit loss (万元)", columns, [*rows, _total(report.total, "合计 total")]
    )
    product = coded(group_words(Grouping.PRODUCT))
    print_table(
        "按产品 · By product (万元)",
        columns,
        [_total(total, product(total.key)) for total in report.by_product],
    )
    _print_funds(report)
    loans = sorted(report.loans, key=lambda loan: -loan.allowance_cny)
    print_table(
        "贷款 · Loans, largest allowance first (万元)",
        (
            "贷款 Loan",
            "阶段 Stage",
            "余额 Exposure",
            "12个月 12-month",
            "存续期 Lifetime",
            "准备 Allowance",
            "依据 Reason",
        ),
        [_loan(loan) for loan in loans[:_SHOWN]],
        left=(0, 6),
    )
    if len(loans) > _SHOWN:
        click.echo(f"  另有 {len(loans) - _SHOWN} 笔 · more loans; --json lists all")
    for loan in report.loans:
        _print_quarters(loan)
    print_brief_cautions(report.cautions)
    print_rule(report.rule)


def _print_funds(report: "CreditLossReport") -> None:
    if not report.funds:
        return
    print_table(
        "风险补偿资金池 · Compensation funds (万元)",
        ("资金池 Fund", "贷款 Loans", "最多支付 Limit", "预期求偿 Claims", "预期支付 Payment", "计入准备 Counted",
         "依据 Basis"),
        [
            [fund.name, f"{fund.n_loans:,}", wan(fund.cap_cny), wan(fund.claims_cny), wan(fund.payment_cny),
             wan(fund.counted_cny), fund.basis]
            for fund in report.funds
        ],
        left=(0, 6),
    )  # fmt: skip


def _total(total: "CreditLossTotal", label: str) -> list[str]:
    return [
        label,
        f"{total.n_loans:,}",
        wan(total.exposure_cny),
        wan(total.allowance_cny),
        f"{total.coverage:.2%}",
    ]


def _loan(loan: "LoanCreditLoss") -> list[str]:
    reason = loan.reasons[0]
    return [
        loan.loan_id,
        str(loan.stage),
        wan(loan.exposure_cny),
        wan(loan.twelve_month_cny),
        wan(loan.lifetime_cny),
        wan(loan.allowance_cny),
        f"{reason.message_zh} · {reason.message_en}",
    ]


def _print_quarters(loan: "LoanCreditLoss") -> None:
    from services.runtime.vocabulary.names import field_zh

    for scenario in loan.scenarios:
        if not scenario.quarters:
            continue
        world = with_code(field_zh(scenario.scenario), scenario.scenario)
        print_table(
            f"{loan.loan_id} · {world}, 权重 weight {percent(scenario.weight)}, "
            f"实际利率 effective rate {loan.effective_rate_annual:.3%} (万元)",
            ("截至 Until 年", "违约概率 PD", "敞口 Exposure", "押品 Collateral", "损失 Loss", "折现 Discount",
             "折现损失 Discounted"),
            [
                [
                    f"{quarter.until_years:.2f}",
                    f"{quarter.marginal_pd:.3%}",
                    wan(quarter.exposure_cny),
                    wan(quarter.collateral_cny),
                    wan(quarter.loss_cny),
                    f"{quarter.discount_factor:.4f}",
                    wan(quarter.discounted_loss_cny),
                ]
                for quarter in scenario.quarters
            ],
            left=(),
        )  # fmt: skip
