"""`ecopledge fund terms list`: bundled or stored term sheets."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table, wan
from cli.term_choice import sheets_of, sheets_option

if TYPE_CHECKING:
    from services.fund.fund_terms.terms import FundTerms


@click.command(
    "list", cls=WithExamples, examples=("ecopledge fund terms list", "ecopledge fund terms list --stored")
)
@sheets_option
@click.option("--stored", is_flag=True, help="Those that the service keeps, newest versions.")
@target
@json_option
def command(sheets: Path | None, target: str | None, *, stored: bool, as_json: bool) -> int:
    """列出条款清单 · List term sheets. Amounts are printed in 万元; --json prints CNY."""
    if stored:
        from services.fund.client import FundClient

        with services(target, ("fund",)) as channel:
            versions = FundClient(channel).list_terms()
        if as_json:
            print_json(versions)
        else:
            _print([(item.terms_id, str(item.as_of), item.terms) for item in versions])
        return 0
    found = sheets_of(sheets)
    if as_json:
        print_json(list(found.values()))
    else:
        _print([(sheet.sheet_id, None, sheet.terms) for sheet in found.values()])
    return 0


def _print(rows: "list[tuple[str, str | None, FundTerms]]") -> None:
    """Bundled sheets are in force from no day: the column is for stored ones."""
    dated = any(as_of is not None for _, as_of, _ in rows)
    print_table(
        "条款清单 · Term sheets (万元)",
        (
            "编号 Id",
            "基金 Fund",
            *(("生效日 As of",) if dated else ()),
            "认缴 Committed",
            "年限 Years",
            "管理费 Fee",
            "分配 Distribution",
        ),
        [
            [
                terms_id,
                terms.name,
                *((as_of or "",) if dated else ()),
                wan(float(sum(partner.commitment_cny for partner in terms.partners))),
                f"{terms.life_years}+{terms.extension_years}"
                if terms.extension_years
                else str(terms.life_years),
                percent(terms.fee_rate_annual),
                "逐项目 deal by deal" if terms.distribution.value == "deal_by_deal" else "整体 whole fund",
            ]
            for terms_id, as_of, terms in rows
        ],
        left=(0, 1, 2, 6) if dated else (0, 1, 5),
    )
