"""A river's sharing scheme as part of a snapshot: its variants, how far it is enforced, and who stands in line.

The snapshot carries the derived factors that follow from it, so that numerics need no scheme; a scenario that changes
enforcement or variant builds them anew from here. Volumes are in the unit of the inflow, such as 1e8 m3 a year.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from quant.market.piecewise import PiecewiseLinear
from quant.market.sharing_scheme import tier_share, upstream_water, with_scarcity
from services.runtime.evidence import Source


@dataclass(frozen=True, slots=True)
class SchemeVariant:
    """One rule of sharing.

    Attributes:
        name: how scenarios refer to it.
        label_zh, label_en: for people.
        entitlement: what it leaves to the users upstream, as a function of the inflow.
        sources: where the rule comes from.
    """

    name: str
    label_zh: str
    label_en: str
    entitlement: PiecewiseLinear
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class SchemeTier:
    """Entitlements that are served together, behind a senior volume.

    Attributes:
        allocation_factor: derived factor that holds the delivered share.
        revenue_factor: derived factor that holds price times that share; empty for none.
        senior_volume: volume a year that is served before.
        tier_volume: volume a year of the tier, > 0.
    """

    allocation_factor: str
    revenue_factor: str
    senior_volume: float
    tier_volume: float


@dataclass(frozen=True, slots=True)
class SharingScheme:
    """How a river is shared.

    Attributes:
        name: how scenarios refer to it.
        driver: primary factor that is the inflow.
        variants: rules of sharing, at least one.
        variant: name of the one in force.
        enforcement: 0 (as used so far) to 1 (as the rule says).
        actual_use: volume a year taken upstream where nobody stops it.
        tiers: who stands in line, at least one.
        sources: of enforcement, actual use and tiers.
        scarcity_beta: elasticity of the price to supply, -1 to 0; 0: no link.
        normal_inflow: inflow at which the price is the quoted one; used by the link alone.
        highest_scarcity: bound of the price multiplier of the link.

    Raises:
        ValueError: if a number is out of range or the variant in force is not among the variants.
    """

    name: str
    driver: str
    variants: tuple[SchemeVariant, ...]
    variant: str
    enforcement: float
    actual_use: float
    tiers: tuple[SchemeTier, ...]
    sources: tuple[Source, ...]
    scarcity_beta: float = 0.0
    normal_inflow: float = 1.0
    highest_scarcity: float = 2.0

    def __post_init__(self) -> None:
        self.entitlement(self.variant)
        for _ in self.payoffs():
            pass

    def entitlement(self, variant: str) -> PiecewiseLinear:
        """What a variant leaves upstream.

        Raises:
            ValueError: with the known names, if there is no such variant.
        """
        for known in self.variants:
            if known.name == variant:
                return known.entitlement
        names = ", ".join(known.name for known in self.variants)
        raise ValueError(f"scheme {self.name}: found variant {variant!r}, expected one of {names}")

    def water(self) -> PiecewiseLinear:
        """What the users upstream take, as a function of the inflow."""
        return upstream_water(
            self.entitlement(self.variant), enforcement=self.enforcement, actual_use=self.actual_use
        )

    def payoffs(self) -> Iterator[tuple[str, PiecewiseLinear]]:
        """Name and function of the inflow of every derived factor of the scheme."""
        water = self.water()
        for tier in self.tiers:
            share = tier_share(water, senior_volume=tier.senior_volume, tier_volume=tier.tier_volume)
            yield tier.allocation_factor, share
            if tier.revenue_factor != "":
                yield (
                    tier.revenue_factor,
                    with_scarcity(
                        share,
                        water,
                        beta=self.scarcity_beta,
                        normal_water=float(water(self.normal_inflow)),
                        highest=self.highest_scarcity,
                    ),
                )
