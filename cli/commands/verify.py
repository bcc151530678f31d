"""`ecopledge verify`: recompute every published reference figure and show both."""

from typing import TYPE_CHECKING

import click

from cli.examples import WithExamples
from cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from quant.published_figures.recompute import Check


@click.command(
    "verify", cls=WithExamples, examples=("ecopledge verify", "ecopledge verify --table irb_risk_weights")
)
@click.option(
    "--table", "tables", multiple=True, help="Only this table, such as irb_risk_weights; may be repeated."
)
@json_option
def command(tables: tuple[str, ...], *, as_json: bool) -> int:
    """复核公开数字 · Recompute every published reference figure: expected, got, tolerance, source.

    Ends with code 1 if any figure is outside its tolerance.
    """
    from cli.verification import verify

    checks = verify(tables)
    failed = [check for check in checks if not check.passed]
    if as_json:
        print_json([{"table": check.table, **_fields(check.check)} for check in checks])
    else:
        print_table(
            "公开数字复核 · Published figures",
            ("表 Table", "算例 Case", "来源 Source", "应为 Expected", "所得 Got", "容差 Tolerance", ""),
            ([c.table, *_row(c.check)] for c in checks),
            left=(0, 1, 2),
        )
        click.echo(f"{len(checks) - len(failed)} of {len(checks)} published figures reproduced · 已复核")
    return 1 if failed else 0


def _fields(check: "Check") -> dict[str, object]:
    return {
        "case": check.case,
        "expected": check.expected,
        "got": check.got,
        "tolerance": check.tolerance,
        "source": check.source,
        "passed": check.passed,
    }


def _row(check: "Check") -> list[str]:
    mark = "✓" if check.passed else "✗"
    return [
        check.case,
        check.source,
        f"{check.expected:.8g}",
        f"{check.got:.8g}",
        f"{check.tolerance:g}",
        mark,
    ]
