"""`ecopledge fund terms list`: the bundled term sheets."""

import click

from cli.examples import WithExamples
from cli.output import json_option, print_json, print_table, wan


@click.command("list", cls=WithExamples, examples=("ecopledge fund terms list",))
@json_option
def command(*, as_json: bool) -> int:
    """列出条款清单 · List the bundled term sheets. Amounts are printed in 万元; --json prints CNY."""
    from services.fund.term_sheets import read_term_sheets
    from services.runtime.bundled import bundled

    sheets = read_term_sheets(bundled("fund/term_sheets.toml"))
    if as_json:
        print_json(list(sheets.values()))
        return 0
    print_table(
        "条款清单 · Term sheets (万元)",
        ("编号 Id", "基金 Fund", "认缴 Committed", "年限 Years"),
        [
            [
                sheet.sheet_id,
                sheet.terms.name,
                wan(float(sum(partner.commitment_cny for partner in sheet.terms.partners))),
                str(sheet.terms.life_years),
            ]
            for sheet in sheets.values()
        ],
        left=(0, 1),
    )
    return 0
