"""The market of the fund: a snapshot with the factors that projects need and that it may not hold."""

from dataclasses import replace
from pathlib import Path

import msgspec

from services.runtime.bundled import bundled
from services.runtime.market import MarketSnapshot, QuotedFactor
from services.runtime.toml_file import decode_toml

SUPPLEMENT = "fund/market_supplement.toml"


class _Supplement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    primary_factors: tuple[QuotedFactor, ...]


def with_fund_factors(snapshot: MarketSnapshot, path: Path | None = None) -> MarketSnapshot:
    """The snapshot with the factors of the supplement that it does not hold, after its own; itself where it holds all.

    Factors at the end leave the draws of those before them as they are.

    Raises:
        InvalidInput: the file is missing or wrong.
    """
    supplement = decode_toml(bundled(SUPPLEMENT) if path is None else path, _Supplement)
    known = snapshot.factor_model().names
    missing = tuple(factor for factor in supplement.primary_factors if factor.name not in known)
    if not missing:
        return snapshot
    return replace(
        snapshot,
        snapshot_id=f"{snapshot.snapshot_id}+fund"[:64],
        primary_factors=(*snapshot.primary_factors, *missing),
    )


def factor_levels(snapshot: MarketSnapshot) -> dict[str, float]:
    """Value today of every factor."""
    return {name: snapshot.level(name) for name in snapshot.factor_model().names}
