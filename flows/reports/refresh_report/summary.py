"""A refresh in short: what a program reads and a terminal shows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.refresh.job import RefreshResult
from flows.refresh.pledge_events import LevelChange, worst_first
from services.runtime.results import Caution, Severity


@dataclass(frozen=True, slots=True)
class CautionCount:
    """Warnings of one code.

    Attributes:
        code, severity: of the warning.
        count: how many there are.
        example_zh, example_en: words of the first.
    """

    code: str
    severity: Severity
    count: int
    example_zh: str
    example_en: str


@dataclass(frozen=True, slots=True)
class RefreshSummary:
    """A refresh in short; amounts CNY.

    Attributes:
        key: the same for a repeat of the same refresh.
        valued: pledges that have a valuation; `reused` of them had one on the same inputs before.
        valuation_ids: stored valuations in the order of the pledge list.
        failed: asset id and message of what could not be valued.
        collateral_created, collateral_updated, collateral_unchanged: what this run did to the loans' collateral.
        level_changes: loans that valuations of the day moved through a level, worst first.
        loans_missing: loan ids of pledges whose loan the loans service does not have.
        files: the report, by name.
        pledges_without_loan: asset ids of pledges that were valued and secure no loan yet.
    """

    key: str
    as_of: str
    institution_id: str
    snapshot_id: str
    accounts_hash: str
    account_total_cny: float
    class_totals_cny: dict[str, float]
    pledges: int
    valued: int
    reused: int
    value_cny: float
    pledge_value_cny: float
    valuation_ids: tuple[str, ...]
    failed: dict[str, str]
    collateral_created: int
    collateral_updated: int
    collateral_unchanged: int
    level_changes: tuple[LevelChange, ...]
    loans_missing: tuple[str, ...]
    cautions: tuple[CautionCount, ...]
    files: dict[str, str]
    pledges_without_loan: tuple[str, ...] = ()


def summarise(result: RefreshResult, paths: dict[str, Path]) -> RefreshSummary:
    """The refresh in short."""
    values = result.valuations()
    account = result.accounts
    return RefreshSummary(
        result.key,
        result.request.as_of.isoformat(),
        result.request.institution_id,
        result.snapshot_id,
        account.content_hash,
        account.reconciliation.total_cny,
        {item.category: item.value_cny for item in account.reconciliation.classes},
        len(account.pledges),
        len(values),
        result.reused,
        sum(value.value_cny for value in values),
        sum(value.pledge_value_cny for value in values),
        tuple(value.valuation_id for value in values),
        {failure.asset_id: failure.message for failure in result.failures()},
        result.collateral.created,
        result.collateral.updated,
        result.collateral.unchanged,
        tuple(worst_first(result.level_changes)),
        result.collateral.loans_missing,
        _counted(caution for _, caution in result.cautions()),
        {name: str(path) for name, path in paths.items()},
        _without_loan(result),
    )


def _without_loan(result: RefreshResult) -> tuple[str, ...]:
    """Valued pledges whose row in the list names no loan: nothing was pushed for them."""
    valued = {value.asset_id for value in result.valuations()}
    pledges = result.accounts.pledges
    return tuple(
        pledge.asset.asset_id
        for pledge in pledges
        if pledge.loan_id == "" and pledge.asset.asset_id in valued
    )


def _counted(cautions: Iterable[Caution]) -> tuple[CautionCount, ...]:
    """One line for each code, heaviest first, then the most frequent."""
    first: dict[str, Caution] = {}
    counts: Counter[str] = Counter()
    for caution in cautions:
        first.setdefault(caution.code, caution)
        counts[caution.code] += 1
    order = (Severity.IMPLAUSIBLE, Severity.WARNING, Severity.NOTE)
    codes = sorted(counts, key=lambda code: (order.index(first[code].severity), -counts[code], code))
    return tuple(
        CautionCount(code, first[code].severity, counts[code], first[code].message_zh, first[code].message_en)
        for code in codes
    )
