"""`ecopledge loans schedule`: what is due on a loan, and when."""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.finite_numbers import FiniteNumber
from cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from services.loans.loan import RepaymentTerms
    from services.loans.repayment.schedule import Instalment, RepaymentSchedule

KINDS = ("equal_instalment", "equal_principal", "bullet")
DAY_COUNTS = ("ACT/360", "ACT/365", "30E/360")
_REQUIRED = ("principal", "drawn_on", "periods", "rate")


@click.command(
    "schedule",
    cls=WithExamples,
    examples=(
        "ecopledge loans schedule LOAN_ID",
        "ecopledge loans schedule --principal 1000000 --drawn-on 2026-01-15 --periods 36 --rate 0.045",
    ),
)
@click.argument("loan_id", required=False)
@click.option("--principal", metavar="CNY", help="Amount lent, in CNY.")
@click.option("--drawn-on", type=click.DateTime(["%Y-%m-%d"]), help="Day of drawing.")
@click.option("--periods", type=int, help="Number of periods until maturity.")
@click.option("--rate", type=FiniteNumber(), help="Nominal rate a year, such as 0.045.")
@click.option(
    "--kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True, help="How principal is repaid."
)
@click.option("--months", type=int, default=1, show_default=True, help="Months in a period: 1, 3, 6 or 12.")
@click.option(
    "--grace", type=int, default=0, show_default=True, help="First periods in which interest alone is paid."
)
@click.option("--day-count", type=click.Choice(DAY_COUNTS), help="Day count; equal periods when absent.")
@target
@json_option
def command(loan_id: str | None, target: str | None, *, as_json: bool, **given: Any) -> int:
    """还款计划 · The repayment schedule of a stored loan, or of the terms that the options give."""
    from services.loans.client import LoansClient
    from services.runtime.errors import InvalidInput

    named = [f"--{name.replace('_', '-')}" for name in _REQUIRED if given[name] is None]
    if loan_id is None and named:
        raise InvalidInput.of(
            "LOAN_ID", f"is missing, expected a loan, or terms with {', '.join(named)} as well"
        )
    if loan_id is not None and len(named) < len(_REQUIRED):
        raise InvalidInput.of("LOAN_ID", "found a loan and terms, expected one of the two")
    terms = None if loan_id is not None else _terms(given)
    with services(target, ("loans",)) as channel:
        schedule = LoansClient(channel).get_schedule(loan_id, terms=terms)
    if as_json:
        print_json({"instalments": schedule.instalments, "total_interest_cny": schedule.total_interest_cny})
    else:
        _print(loan_id or "所给条款 given terms", schedule)
    return 0


def _terms(given: dict[str, Any]) -> "RepaymentTerms":
    from quant.repayment.daycount import DayCount
    from services.loans.loan import RepaymentKind, RepaymentTerms
    from services.runtime.errors import InvalidInput

    drawn_on: dt.datetime = given["drawn_on"]
    try:
        return RepaymentTerms(
            principal_cny=Decimal(given["principal"]),
            drawn_on=drawn_on.date(),
            periods=given["periods"],
            rate_annual=given["rate"],
            kind=RepaymentKind(given["kind"]),
            months_per_period=given["months"],
            grace_periods=given["grace"],
            day_count=None if given["day_count"] is None else DayCount(given["day_count"]),
        )
    except InvalidOperation:
        raise InvalidInput.of(
            "--principal", f"found {given['principal']!r}, expected an amount in CNY"
        ) from None
    except ValueError as error:
        raise InvalidInput.of("terms", str(error)) from error


def _print(title: str, schedule: "RepaymentSchedule") -> None:
    print_table(
        f"{title}: 还款计划 · Repayment schedule (元 CNY)",
        ("期 Period", "应还日 Due on", "利率 Rate", "期初余额 Opening", "提前还本 Prepaid", "应还 Payment",
         "利息 Interest", "本金 Principal", "期末余额 Closing"),
        map(_row, schedule.instalments),
    )  # fmt: skip
    paid = schedule.total_interest_cny
    click.echo(f"  利息合计 · interest in total: {paid:,.2f} CNY")


def _row(due: "Instalment") -> list[str]:
    prepaid = f"{due.prepaid_cny:,.2f}" if due.prepaid_cny > 0 else ""
    amounts = (due.payment_cny, due.interest_cny, due.principal_cny, due.closing_cny)
    return [
        str(due.period),
        str(due.due_on),
        f"{due.rate_annual:.2%}",
        f"{due.opening_cny:,.2f}",
        prepaid,
        *(f"{amount:,.2f}" for amount in amounts),
    ]
