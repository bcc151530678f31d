"""The snapshot of the changed world: pure, and the snapshot itself where a scenario leaves the market as it is."""

import math
from dataclasses import replace

from quant.market.overlay import LogOverlay
from quant.market.piecewise import PiecewiseLinear, constant
from services.runtime.errors import InvalidInput
from services.runtime.evidence import Evidence, Source
from services.runtime.market import MarketSnapshot, QuotedDerivedFactor, QuotedFactor
from services.runtime.scenarios.rules import LONGEST_NAME, check_names, check_scenario
from services.runtime.scenarios.scenario import FloorShock, InflowRegime, Scenario, SchemeShock
from services.runtime.scheme import SharingScheme
from services.runtime.violations import Violations


def apply(snapshot: MarketSnapshot, scenario: Scenario) -> MarketSnapshot:
    """The snapshot under a scenario; what was changed names the scenario as its source.

    Raises:
        InvalidInput: with the path of everything that is wrong below the scenario, such as "levels[0].factor".
    """
    violations = Violations()
    check_scenario(scenario, violations)
    check_names(scenario, snapshot, violations)
    violations.raise_if_any()
    if not scenario.changes_the_market():
        return snapshot
    change = _Change(snapshot, scenario)
    try:
        change.make()
        return change.snapshot()
    except (ValueError, OverflowError) as error:
        # Each shock is in its range; many of them on one factor may still leave what a number can hold.
        raise InvalidInput.of("", f"the shocks together make no market: {error}") from None


class _Change:
    """A snapshot while it is being changed."""

    def __init__(self, snapshot: MarketSnapshot, scenario: Scenario) -> None:
        self._snapshot = snapshot
        self._scenario = scenario
        self._primaries = {factor.name: factor for factor in snapshot.primary_factors}
        self._derived = {factor.name: factor for factor in snapshot.derived_factors}
        self._schemes = {scheme.name: scheme for scheme in snapshot.sharing_schemes}

    def make(self) -> None:
        """Every shock, in the order of the scenario's fields."""
        scenario = self._scenario
        for regime in scenario.regimes:
            self._set_regime(regime)
        for scheme in scenario.schemes:
            self._set_scheme(scheme)
        for floor in scenario.floors:
            self._set_floor(floor)
        for level in scenario.levels:
            self._multiply(level.factor, level.multiplier)
        for path in scenario.paths:
            shift = LogOverlay.over(math.log(path.multiplier), path.from_years, path.until_years)
            factor = self._primaries[path.factor]
            overlay = shift if factor.overlay is None else factor.overlay.plus(shift)
            self._put(replace(factor, overlay=overlay), "overlay")
        for shock in scenario.volatilities:
            factor = self._primaries[shock.factor]
            volatility = factor.volatility_annual * shock.multiplier
            self._put(replace(factor, volatility_annual=volatility), "volatility_annual")

    def snapshot(self) -> MarketSnapshot:
        """What has become of it; the id says of what and by which scenario."""
        shift = self._scenario.curve_shift_bp / 1e4
        curve = self._snapshot.discount_curve
        if shift != 0.0:
            source = self._source("rate_annual")
            curve = tuple(
                replace(point, rate_annual=point.rate_annual + shift, source=source) for point in curve
            )
        return replace(
            self._snapshot,
            snapshot_id=f"{self._snapshot.snapshot_id}+{self._scenario.name}"[:LONGEST_NAME],
            primary_factors=tuple(self._primaries.values()),
            derived_factors=tuple(self._derived.values()),
            discount_curve=curve,
            sharing_schemes=tuple(self._schemes.values()),
        )

    def _set_regime(self, regime: InflowRegime) -> None:
        factor = self._primaries[regime.factor]
        log_variance = math.log1p(regime.cv**2)
        self._put(
            replace(
                factor,
                level=regime.mean * math.exp(-0.5 * log_variance),
                growth_annual=0.0,
                volatility_annual=math.sqrt(2.0 * factor.mean_reversion_annual * log_variance),
                deviation=0.0,
            ),
            f"level, growth_annual, volatility_annual, deviation (regime {regime.name})",
        )

    def _set_scheme(self, shock: SchemeShock) -> None:
        scheme: SharingScheme = self._schemes[shock.scheme]
        changed = replace(
            scheme,
            enforcement=scheme.enforcement if shock.enforcement is None else shock.enforcement,
            variant=shock.variant or scheme.variant,
            scarcity_beta=scheme.scarcity_beta if shock.scarcity_beta is None else shock.scarcity_beta,
        )
        self._schemes[scheme.name] = changed
        for name, payoff in changed.payoffs():
            self._put_derived(self._derived[name], payoff)

    def _set_floor(self, shock: FloorShock) -> None:
        strike = shock.strike
        none = constant(0.0)
        payoff = none if strike is None else PiecewiseLinear((strike,), (0.0,), left_slope=-1.0)
        self._put_derived(self._derived[shock.factor], payoff)

    def _multiply(self, name: str, multiplier: float) -> None:
        primary = self._primaries.get(name)
        if primary is not None:
            self._put(replace(primary, level=primary.level * multiplier), "level")
        else:
            derived = self._derived[name]
            self._put_derived(derived, derived.payoff.affine(multiplier))

    def _put(self, factor: QuotedFactor, parameter: str) -> None:
        sources = (*factor.sources, self._source(parameter))
        self._primaries[factor.name] = replace(factor, sources=sources)

    def _put_derived(self, factor: QuotedDerivedFactor, payoff: PiecewiseLinear) -> None:
        sources = (*factor.sources, self._source("payoff"))
        self._derived[factor.name] = replace(factor, payoff=payoff, sources=sources)

    def _source(self, parameter: str) -> Source:
        scenario = self._scenario
        assumed = any(source.evidence is Evidence.ASSUMPTION for source in scenario.sources)
        citations = "; ".join(source.citation for source in scenario.sources)
        return Source(
            parameter,
            Evidence.ASSUMPTION if assumed else Evidence.DERIVED,
            f"scenario {scenario.name}: {citations}",
        )
