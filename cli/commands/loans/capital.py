"""`ecopledge loans capital`: capital three ways, side by side."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
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
    from services.loans.quality.capital import CapitalReport, CapitalTotals, GuarantorFacts

_SHOWN = 40
KINDS = ("other_physical", "receivables")
_CLASSES = {
    "corporate": "一般公司 corporate",
    "investment_grade": "投资级 investment grade",
    "medium": "中型企业 medium",
    "small_micro": "小微企业 small and micro",
    "past_due": "逾期 past due",
}


@click.command(
    "capital",
    cls=WithExamples,
    examples=(
        "ecopledge loans capital --as-of 2026-09-30",
        "ecopledge loans capital --guarantor G1=0.2 --pledge-as receivables",
        "ecopledge loans capital --funds examples/loans/compensation-funds.toml",
    ),
)
@as_of_option
@snapshot_option
@loans_option
@click.option(
    "--guarantor",
    "guarantors",
    multiple=True,
    metavar="ID=WEIGHT",
    help="Eligible guarantor and its risk weight as a fraction, such as G1=0.2.",
)
@click.option(
    "--pledge-as", type=click.Choice(KINDS), default=KINDS[0], show_default=True,
    help="As what a pledge would count in the foundation approach.",
)  # fmt: skip
@click.option(
    "--paths", type=click.IntRange(256, 10_000_000), default=20_000, show_default=True, help="Paths."
)
@terms_options
@target
@json_option
def command(
    as_of: str | None,
    snapshot_file: Path | None,
    loan_ids: tuple[str, ...],
    guarantors: tuple[str, ...],
    pledge_as: str,
    paths: int,
    curve_file: Path | None,
    fund_file: Path | None,
    target: str | None,
    *,
    without_book_terms: bool,
    as_json: bool,
) -> int:
    """资本 · Weight method without the pledge, foundation approach as a what-if, economic capital with and without it.

    Amounts are printed in 万元; --json prints CNY.
    """
    from services.loans.quality.capital import IrbCollateral
    from services.loans.quality.client import QualityClient

    terms = given_terms(curve_file, fund_file, without_book_terms=without_book_terms)
    with services(target, ("loans",)) as channel, waiting("资本 · capital", quiet=as_json):
        report = QualityClient(channel).measure_capital(
            market(snapshot_file),
            as_of=day_of("--as-of", as_of),
            loan_ids=loan_ids,
            guarantors=[_guarantor(text) for text in guarantors],
            irb_collateral=IrbCollateral(pledge_as),
            n_paths=paths,
            **terms.arguments(),
        )
    if as_json:
        print_json(report)
    else:
        _print(report)
    return 0


def _guarantor(text: str) -> "GuarantorFacts":
    from services.loans.quality.capital import MAX_RISK_WEIGHT, GuarantorFacts
    from services.runtime.errors import InvalidInput

    name, _, written = text.rpartition("=")
    try:
        weight = float(written)
    except ValueError:
        name, weight = "", 0.0
    if not name.strip():
        raise InvalidInput.of("--guarantor", f"found {text!r}, expected ID=WEIGHT such as G1=0.2")
    if not 0.0 <= weight <= MAX_RISK_WEIGHT:
        raise InvalidInput.of(
            "--guarantor",
            f"found a weight of {written} in {text!r}, expected a fraction from 0 to {MAX_RISK_WEIGHT}: 20 % is 0.2",
        )
    return GuarantorFacts(name, weight, is_eligible=True)


def _print(report: "CapitalReport") -> None:
    _print_totals(report.totals)
    loans = sorted(report.loans, key=lambda loan: -loan.economic_recognised_cny)
    print_table(
        "贷款 · Loans, largest economic capital first (万元)",
        ("贷款 Loan", "类别 Class", "权重 Weight", "余额 Exposure", "押品 Pledge", "权重法RWA Weighted", "内评RWA IRB",
         "内评认押品 IRB*", "经济资本无押品 EC", "经济资本 EC*"),
        [
            [
                loan.loan_id,
                _CLASSES[loan.weight_class],
                percent(loan.weight),
                wan(loan.exposure_cny),
                wan(loan.pledge_value_cny),
                wan(loan.weighted_cny),
                wan(loan.irb_unrecognised_cny),
                wan(loan.irb_recognised_cny),
                wan(loan.economic_unrecognised_cny),
                wan(loan.economic_recognised_cny),
            ]
            for loan in loans[:_SHOWN]
        ],
        left=(0, 1),
    )  # fmt: skip
    if len(loans) > _SHOWN:
        click.echo(f"  另有 {len(loans) - _SHOWN} 笔 · more loans; --json lists all")
    click.echo(f"  经济资本分摊 allocation: {report.allocation}")
    print_brief_cautions(report.cautions)
    print_rule(report.rule)


def _print_totals(totals: "CapitalTotals") -> None:
    bare, pledged = totals.economic_unrecognised, totals.economic_recognised
    rows = [
        ["权重法RWA weight method", wan(totals.weighted_cny), "不认 not recognised", "—"],
        ["权重法资本 capital", wan(totals.weight_capital_cny), "不认 not recognised", "—"],
        _effect("内评法RWA IRB what-if", totals.irb_unrecognised_cny, totals.irb_recognised_cny),
        _effect(
            "内评法RWA（底线后）after output floor",
            totals.irb_unrecognised_floored_cny,
            totals.irb_recognised_floored_cny,
        ),
        _effect("预期损失 expected loss", bare.expected_loss_cny, pledged.expected_loss_cny),
        _effect("经济资本 economic capital", bare.capital_cny, pledged.capital_cny),
    ]
    print_table(
        f"资本 · Capital, 余额 exposure {wan(totals.exposure_cny)}, 押品 pledges {wan(totals.pledge_value_cny)} (万元)",
        ("口径 Measure", "不认押品 Unrecognised", "认押品 Recognised", "影响 Effect"),
        rows,
    )
    low, high = wan(pledged.value_at_risk_low_cny), wan(pledged.value_at_risk_high_cny)
    click.echo(f"  认押品的损失分位数 value at risk with the pledges: 95 % 区间 interval {low} – {high}")
    if totals.is_floor_binding:
        click.echo("  产出底线生效 · the output floor binds")


def _effect(label: str, bare_cny: float, pledged_cny: float) -> list[str]:
    change = f"{pledged_cny / bare_cny - 1.0:+.1%}" if bare_cny > 0.0 else "—"
    return [label, wan(bare_cny), wan(pledged_cny), change]
