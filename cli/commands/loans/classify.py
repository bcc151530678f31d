"""`ecopledge loans classify`: the book in five classes, with the reason for each class."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
from cli.connection import services, target
from cli.examples import WithExamples
from cli.loan_quality import day_of, market, print_rule
from cli.output import json_option, percent, print_json, print_table, wan

if TYPE_CHECKING:
    import datetime as dt

    from services.loans.quality.classification import ClassifiedLoan, DebtorFacts
    from services.loans.quality.classification_report import BookQuality
    from services.loans.reported.position import FiveClass

_REASONED_SHOWN = 40


@click.command(
    "classify",
    cls=WithExamples,
    examples=(
        "ecopledge loans classify",
        "ecopledge loans classify --as-of 2026-09-30 --compare-with 2026-06-30 --debtors debtors.toml",
    ),
)
@click.option(
    "--as-of",
    "as_of",
    metavar="DAY",
    help="Day, such as 2026-09-30; that of the bundled market snapshot when absent, as everywhere.",
)
@click.option("--compare-with", metavar="DAY", help="Earlier day, to see what moved between classes.")
@click.option(
    "--debtors",
    "debtor_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML with [[debtors]]: borrower_id, debt_cny, overdue_debt_cny at all banks together.",
)
@target
@json_option
def command(
    as_of: str | None,
    compare_with: str | None,
    debtor_file: Path | None,
    target: str | None,
    *,
    as_json: bool,
) -> int:
    """风险分类 · The loans whose positions are in force on a day, in five classes.

    The result is the worst of all rules that apply and never better than the bank's own class. Amounts are printed in
    万元; --json prints CNY.
    """
    from services.loans.quality.client import QualityClient

    asked = day_of("--as-of", as_of)
    # No market is looked at here; its day is the default of every other question about the book.
    day = market(None).as_of if asked is None else asked
    earlier = day_of("--compare-with", compare_with)
    debtors = () if debtor_file is None else read_debtors(debtor_file)
    with services(target, ("loans",)) as channel:
        quality = QualityClient(channel).classify_loans(day, debtors=debtors, compare_with=earlier)
    if as_json:
        print_json(quality)
    else:
        _print(quality, day)
    return 0


def read_debtors(path: Path) -> "tuple[DebtorFacts, ...]":
    """Debtors of a TOML file.

    Raises:
        InvalidInput: naming the file and what is wrong.
    """
    import msgspec

    from services.loans.quality.classification import DebtorFacts
    from services.runtime.errors import InvalidInput
    from services.runtime.toml_file import toml_content

    try:
        content = msgspec.convert(toml_content(path), dict[str, tuple[DebtorFacts, ...]], strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise InvalidInput.of(str(path), str(error)) from None
    if content.keys() != {"debtors"}:
        raise InvalidInput.of(
            str(path), f"found {', '.join(content) or 'nothing'}, expected [[debtors]] alone"
        )
    return content["debtors"]


def _print(quality: "BookQuality", day: "dt.date") -> None:
    rows = [
        [_label(total.quality), f"{total.n_loans:,}", wan(float(total.balance_cny)), percent(total.share)]
        for total in quality.totals
    ]
    print_table(
        f"五级分类 · Five classes, {day} (万元)",
        ("类别 Class", "笔数 Loans", "余额 Balance", "占比 Share"),
        rows,
    )
    before = quality.non_performing_ratio_before
    was = "" if before is None else f"（上期 before {before:.2%}）"
    click.echo(
        f"不良率 NPL ratio: {quality.non_performing_ratio:.2%}{was}，以有报送余额的贷款为分母 · of reported balances"
    )
    moved = [move for move in quality.migrations if move.before is not move.after]
    if before is not None:
        print_table(
            "类别迁徙 · Moves between classes (万元)",
            ("原类别 Before", "现类别 After", "笔数 Loans", "原余额 Then", "现余额 Now"),
            [
                [
                    "新增 new" if move.before is None else _label(move.before),
                    "结清 settled" if move.after is None else _label(move.after),
                    f"{move.n_loans:,}",
                    wan(float(move.balance_before_cny)),
                    wan(float(move.balance_after_cny)),
                ]
                for move in moved
            ],
            left=(0, 1),
        )
    _print_reasons([loan for loan in quality.loans if loan.reasons])
    print_brief_cautions(quality.cautions)
    print_rule(quality.rule)


def _print_reasons(loans: "list[ClassifiedLoan]") -> None:
    rows = [
        [
            loan.facts.loan_id,
            loan.facts.borrower_id,
            wan(float(loan.facts.balance_cny)),
            f"{loan.facts.overdue_days:,}",
            _label(loan.quality),
            "\n".join(f"{reason.message_zh} · {reason.message_en}" for reason in loan.reasons),
        ]
        for loan in loans[:_REASONED_SHOWN]
    ]
    if rows:
        print_table(
            "分类依据 · Reasons (万元)",
            ("贷款 Loan", "借款人 Borrower", "余额 Balance", "逾期天数 Days", "类别 Class", "依据 Reasons"),
            rows,
            left=(0, 1, 4, 5),
        )
    if len(loans) > _REASONED_SHOWN:
        click.echo(f"  另有 {len(loans) - _REASONED_SHOWN} 笔 · more loans; --json lists all")


def _label(quality: "FiveClass") -> str:
    from services.loans.quality.classification import LABELS_ZH

    return f"{LABELS_ZH[quality]} {quality.value.replace('_', ' ')}"
