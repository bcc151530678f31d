"""A market snapshot with the numerics that it feeds, made once and kept for as long as the snapshot is used."""

from dataclasses import dataclass
from typing import Self

from quant.factors import FactorModel
from quant.market.curves import DiscountCurve
from services.runtime.market import MarketSnapshot


@dataclass(frozen=True, slots=True, eq=False)
class PreparedMarket:
    """A snapshot, the hash of its content, its factor model and its discount curve."""

    snapshot: MarketSnapshot
    content_hash: str
    model: FactorModel
    curve: DiscountCurve

    @classmethod
    def of(cls, snapshot: MarketSnapshot) -> Self:
        """Prepare a snapshot."""
        return cls(snapshot, snapshot.content_hash(), snapshot.factor_model(), snapshot.curve())
