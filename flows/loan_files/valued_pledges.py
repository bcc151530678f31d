"""Pledges of a table valued by the valuation service, as the loans service keeps them.

An asset from a file is valued as of the day of the market snapshot, under it; one with a recorded valuation keeps the
value, day and snapshot of that.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.loan_files.pledged_assets import PledgedAsset
from flows.recorded_value import recorded_value
from flows.service_ports import ValuationPort
from services.runtime.errors import FieldViolation, InvalidInput
from services.valuation.asset import Asset
from services.valuation.valuation import Failure, Valuation

if TYPE_CHECKING:
    from quant.schedules import ExposureSchedule
    from services.loans.collateral import Collateral

# A valuation has some kilobytes of cash flows; an answer stays below what a channel takes.
ASSETS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Basis:
    """An asset under the market in which its schedule is made."""

    asset_id: str
    snapshot_id: str


def valued_pledges(
    service: ValuationPort, pledges: Sequence[PledgedAsset], snapshot_id: str = ""
) -> "tuple[Collateral, ...]":
    """What the loans service keeps of the pledges, in order.

    Args:
        service: to value the assets and give their schedules; each asset is asked for once.
        pledges: of `pledged_assets`.
        snapshot_id: market for the assets from files; the standard one when empty.

    Raises:
        InvalidInput: naming the rows whose asset cannot be valued.
        NotFound: no such snapshot.
    """
    snapshot = service.get_market_snapshot(snapshot_id)
    fresh = {item.asset.asset_id: item.asset for item in pledges if item.recorded is None}
    outcomes = _valued(service, fresh.values(), snapshot.as_of, snapshot.snapshot_id)
    bases = [_Basis(item.asset.asset_id, _snapshot_of(item, snapshot.snapshot_id)) for item in pledges]
    schedules = _schedules(service, pledges, bases)
    collateral, problems = [], []
    for item, basis in zip(pledges, bases, strict=True):
        outcome = outcomes[item.asset.asset_id] if item.recorded is None else item.recorded
        try:
            collateral.append(_collateral(item, outcome, schedules[basis], basis.snapshot_id))
        except ValueError as error:
            column = "valuation_id" if item.recorded is not None else "asset_file"
            problems.append(FieldViolation(item.place(column), str(error)))
    if problems:
        raise InvalidInput.from_violations(problems)
    return tuple(collateral)


def _snapshot_of(item: PledgedAsset, snapshot_id: str) -> str:
    return snapshot_id if item.recorded is None else item.recorded.manifest.snapshot_id


def _valued(
    service: ValuationPort, assets: Iterable[Asset], day: dt.date, snapshot_id: str
) -> dict[str, Valuation | Failure]:
    found: dict[str, Valuation | Failure] = {}
    for block in _blocks(list(assets)):
        outcomes = service.value_assets(block, valuation_date=day, snapshot_id=snapshot_id)
        found.update((asset.asset_id, outcome) for asset, outcome in zip(block, outcomes, strict=True))
    return found


def _schedules(
    service: ValuationPort, pledges: Sequence[PledgedAsset], bases: Sequence[_Basis]
) -> "dict[_Basis, ExposureSchedule | Failure]":
    assets: dict[str, dict[str, Asset]] = {}
    for item, basis in zip(pledges, bases, strict=True):
        assets.setdefault(basis.snapshot_id, {})[basis.asset_id] = item.asset
    found: dict[_Basis, ExposureSchedule | Failure] = {}
    for snapshot_id, by_id in assets.items():
        for block in _blocks(list(by_id.values())):
            answers = service.get_exposures(block, snapshot_id=snapshot_id)
            found.update(
                (_Basis(asset.asset_id, snapshot_id), answer)
                for asset, answer in zip(block, answers, strict=True)
            )
    return found


def _blocks(assets: Sequence[Asset]) -> Iterable[Sequence[Asset]]:
    return (assets[begin : begin + ASSETS_AT_ONCE] for begin in range(0, len(assets), ASSETS_AT_ONCE))


def _collateral(
    item: PledgedAsset,
    outcome: Valuation | Failure,
    schedule: "ExposureSchedule | Failure",
    snapshot_id: str,
) -> "Collateral":
    """The pledge with its value.

    Raises:
        ValueError: the asset has no value or no schedule that a loan could be secured by.
    """
    from services.loans.collateral import Collateral  # noqa: PLC0415  # loads numpy

    # Answers of the service, no wrong types of the caller.
    if isinstance(outcome, Failure):
        raise ValueError(_told(outcome))  # noqa: TRY004
    if isinstance(schedule, Failure):
        raise ValueError(_told(schedule))  # noqa: TRY004
    recorded = recorded_value(outcome)
    return Collateral(
        item.pledge.collateral_id,
        item.pledge.loan_id,
        schedule,
        outcome.valuation_date,
        snapshot_id,
        item.pledge.pledged_share,
        recorded.value_cny,
        recorded.warning_codes,
    )


def _told(failure: Failure) -> str:
    why = "; ".join(map(str, failure.violations)) or failure.message
    return f"found asset {failure.asset_id}, which cannot be valued ({why}), expected one that can"
