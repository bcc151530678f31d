"""`ecopledge loans terms show`: the default curves and risk-compensation funds of the book, and their versions."""

import datetime as dt
from typing import TYPE_CHECKING

import click

from cli.code_words import Words, coded, group_words, with_code
from cli.connection import services, target
from cli.examples import WithExamples
from cli.loan_quality import day_of
from cli.moments import moment_of
from cli.output import json_option, percent, print_json, print_table, wan
from services.runtime.china_time import CHINA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.loans.book_terms.terms import TermsVersion
    from services.loans.segments.segment import Segment

_KINDS = {"default_curves": "违约期限结构", "compensation_funds": "风险补偿基金"}


@click.command(
    "show",
    cls=WithExamples,
    examples=("ecopledge loans terms show", "ecopledge loans terms show --as-of 2026-06-30 --json"),
)
@click.option("--as-of", "as_of", metavar="DAY", help="Day on which they are in force; today when absent.")
@click.option("--known-at", metavar="MOMENT", help="As they were known then, such as 2026-10-15T18:00+08:00.")
@target
@json_option
def command(as_of: str | None, known_at: str | None, target: str | None, *, as_json: bool) -> int:
    """查看条款 · What is in force on a day, entry by entry, and every version that was stored."""
    from services.loans.book_terms.client import BookTermsClient
    from services.loans.book_terms.terms import TermsKind, version_in_force
    from services.loans.statistics.result import Grouping

    day = day_of("--as-of", as_of) or dt.datetime.now(CHINA).date()
    moment = moment_of("--known-at", known_at)
    with services(target, ("loans",)) as channel:
        versions = BookTermsClient(channel).versions(known_at=moment)
    curves, funds = (
        version_in_force(versions, kind, day)
        for kind in (TermsKind.DEFAULT_CURVES, TermsKind.COMPENSATION_FUNDS)
    )
    if as_json:
        print_json(
            {"as_of": day, "default_curves": curves, "compensation_funds": funds, "versions": versions}
        )
        return 0
    product = coded(group_words(Grouping.PRODUCT))
    _print_curves(curves, day, product)
    _print_funds(funds, day, product)
    _print_versions(versions, {version for version in (curves, funds) if version is not None})
    return 0


def _print_curves(version: "TermsVersion | None", day: dt.date, product: Words) -> None:
    from services.loans.segments.default_curve import DefaultCurve

    entries = [] if version is None else [e for e in version.table.entries if isinstance(e, DefaultCurve)]
    if not entries:
        click.echo(f"违约期限结构 · Default curves on {day}: 无 none")
        return
    print_table(
        f"违约期限结构 · Default curves on {day}",
        ("名称 Name", "适用 For", "累计违约率 Cumulative", "按贷款缩放 Scaled", "依据 Basis"),
        [
            [entry.name, _segment(entry.segment, product), " ".join(map(percent, entry.cumulative_default)),
             "是 yes" if entry.scaled_to_loan else "否 no", entry.basis]
            for entry in entries
        ],
        left=(0, 1, 2, 3, 4),
    )  # fmt: skip


def _print_funds(version: "TermsVersion | None", day: dt.date, product: Words) -> None:
    from services.loans.segments.compensation_fund import CompensationFundTerms

    entries = (
        [] if version is None else [e for e in version.table.entries if isinstance(e, CompensationFundTerms)]
    )
    if not entries:
        click.echo(f"风险补偿基金 · Risk-compensation funds on {day}: 无 none")
        return
    print_table(
        f"风险补偿基金 · Risk-compensation funds on {day} (万元)",
        ("名称 Name", "适用 For", "余额 Balance", "上限 Cap", "补偿比例 Share", "依据 Basis"),
        [
            [entry.name, _segment(entry.segment, product), _wan(entry.balance_cny), _wan(entry.cap_cny),
             "各笔自有 loan's own" if entry.compensation_share is None else percent(entry.compensation_share),
             entry.basis]
            for entry in entries
        ],
        left=(0, 1, 5),
    )  # fmt: skip


def _print_versions(versions: "Sequence[TermsVersion]", in_force: "set[TermsVersion]") -> None:
    if not versions:
        return
    print_table(
        "历史版本 · Versions",
        ("种类 Kind", "生效日 From", "登记时间 Recorded", "条目 Entries", "内容哈希 Hash", "在用 In force"),
        [
            [with_code(_KINDS[version.table.kind.value], version.table.kind.value), str(version.as_of),
             version.recorded_at.astimezone(CHINA).isoformat(timespec="seconds"),
             f"{len(version.table.entries)}", version.table.content_hash()[:12], "是 yes" * (version in in_force)]
            for version in versions
        ],
        left=(0, 1, 2, 4, 5),
    )  # fmt: skip


def _wan(value_cny: float | None) -> str:
    return "—" if value_cny is None else wan(value_cny)


def _segment(segment: "Segment", product: Words) -> str:
    """Whose terms they are, in a few words."""
    parts = [*segment.counties, *map(product, segment.products), *segment.loan_ids]
    if segment.pd_from > 0.0 or segment.pd_below is not None:
        below = "" if segment.pd_below is None else f" < {percent(segment.pd_below)}"
        parts.append(f"PD ≥ {percent(segment.pd_from)}{below}")
    return "\n".join(parts) or "全部 all"
