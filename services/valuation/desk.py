"""What the valuation service does, in the words of the business: value, size, store, list, replay."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace

import sqlalchemy as sa

from quant.schedules import ExposureSchedule
from services.runtime.errors import EcopledgeError, FailedPrecondition, FieldViolation, InvalidInput
from services.valuation.appraisal import ENGINE_VERSION
from services.valuation.asset import Asset, WaterRight
from services.valuation.calibration.calibrated import Calibration, CalibrationQuestion
from services.valuation.calibration.calibrating import calibrate
from services.valuation.calibration.cautions import FACTOR_NOT_USED
from services.valuation.calibration.model_risk import model_risk
from services.valuation.cautions import of_loan_beyond_right
from services.valuation.engine import ValuationEngine
from services.valuation.lending.loan_price import LoanPricing
from services.valuation.lending.loan_pricing import PricedLoan, build_up_rate, check_dates
from services.valuation.lending.needed_changes import LONGEST_TENOR_YEARS
from services.valuation.lending.operating_cash import low_cash_by_year
from services.valuation.lending.pledge_path import pledge_by_year
from services.valuation.lending.pricing_assumptions import PricingAssumptions, read_pricing_assumptions
from services.valuation.lending.sizing import is_paid_by_instalments, payment_years, size_loan
from services.valuation.lending.sizing_cautions import LossOfRight, of_pledge_below_debt
from services.valuation.prepared_market import PreparedMarket
from services.valuation.repository import ValuationRepository
from services.valuation.valuation import (
    Failure,
    LoanTerms,
    Replay,
    Simulation,
    SizedLoan,
    StoredValuation,
    Valuation,
)

_PATHS_OF_LONGER_LOAN = 4096

Entry = Asset | Failure
"""An asset that could be read, or why it could not."""


class ValuationDesk:
    """The use cases of the service.

    Args:
        engine: computes.
        repository: keeps.
        pricing_assumptions: what a rate is built from where a lender states nothing; None reads the bundled ones.
    """

    def __init__(
        self,
        engine: ValuationEngine,
        repository: ValuationRepository,
        pricing_assumptions: PricingAssumptions | None = None,
    ) -> None:
        self.engine = engine
        self.repository = repository
        self._pricing_assumptions = (
            read_pricing_assumptions() if pricing_assumptions is None else pricing_assumptions
        )

    def value(
        self,
        institution_id: str,
        entries: Sequence[Entry],
        *,
        snapshot_id: str,
        valuation_date: dt.date | None,
        simulation: Simulation,
        explain: bool,
        batch_id: str = "",
    ) -> list[Valuation | Failure]:
        """A valuation or a failure for each entry, in order; with ids where a batch id is given.

        Raises:
            NotFound: no such snapshot.
            InvalidInput: the valuation date lies before the snapshot's.
        """
        market = self.repository.market(institution_id, snapshot_id)
        date = dated(valuation_date, market)
        valued = iter(
            self.engine.value(_assets(entries), market, simulation, date, explain=explain, batch_id=batch_id)
        )
        return [entry if isinstance(entry, Failure) else next(valued) for entry in entries]

    def find(
        self,
        institution_id: str,
        entries: Sequence[Entry],
        *,
        snapshot_id: str,
        valuation_date: dt.date | None,
        simulation: Simulation,
        explain: bool,
    ) -> list[Valuation | None]:
        """For each entry the newest stored valuation on the same inputs, None where there is none.

        Raises:
            NotFound: no such snapshot.
            InvalidInput: the valuation date lies before the snapshot's.
        """
        market = self.repository.market(institution_id, snapshot_id)
        date = dated(valuation_date, market)
        keys = iter(self.engine.inputs_keys(_assets(entries), market, simulation, date, explain=explain))
        by_entry = [next(keys) if isinstance(entry, Asset) else "" for entry in entries]
        found = self.repository.found(institution_id, [key for key in by_entry if key])
        return [found.get(key) for key in by_entry]

    def store(
        self,
        connection: sa.Connection,
        institution_id: str,
        request_id: str,
        entries: Sequence[Entry],
        outcomes: Sequence[Valuation | Failure],
    ) -> None:
        """Keep the valuations among the outcomes, each with its asset."""
        valued = [
            (entry, outcome)
            for entry, outcome in zip(entries, outcomes, strict=True)
            if isinstance(entry, Asset) and isinstance(outcome, Valuation)
        ]
        self.repository.add_valuations(connection, institution_id, request_id, valued)

    def exposures(
        self, institution_id: str, entries: Sequence[Entry], *, snapshot_id: str
    ) -> list[ExposureSchedule | Failure]:
        """A schedule or a failure for each entry, in order.

        Raises:
            NotFound: no such snapshot.
        """
        market = self.repository.market(institution_id, snapshot_id)
        schedules = iter(self.engine.exposures(_assets(entries), market))
        return [entry if isinstance(entry, Failure) else next(schedules) for entry in entries]

    def size_loan(
        self,
        institution_id: str,
        asset: Asset,
        terms: LoanTerms,
        *,
        snapshot_id: str,
        valuation_date: dt.date | None,
        simulation: Simulation,
        pricing: LoanPricing | None = None,
    ) -> SizedLoan:
        """How much may be lent against one asset and, where its pricing is given, at what rate.

        Raises:
            NotFound: no such snapshot.
            InvalidInput: the asset cannot be priced, the valuation date lies before the snapshot's, or a date of the
                pricing makes no sense then.
        """
        market = self.repository.market(institution_id, snapshot_id)
        date = dated(valuation_date, market)
        if pricing is not None:
            check_dates(pricing, date)
        [outcome] = self.engine.appraise([asset], market, simulation, date, explain=True)
        if isinstance(outcome, Failure):
            raise _about_asset(outcome)
        n_years = payment_years(terms.tenor_years)
        cash = low_cash_by_year(
            outcome.schedule, market, simulation, n_years, until_years=terms.tenor_years
        ).tolist()
        pledge = pledge_by_year(outcome.schedule, market, simulation, n_years)
        longer: list[float] = []
        if terms.requested_cny is not None:
            # Which tenor would do is an answer in whole years, for which fewer paths are enough.
            few = replace(simulation, n_paths=min(simulation.n_paths, _PATHS_OF_LONGER_LOAN))
            longer = low_cash_by_year(outcome.schedule, market, few, LONGEST_TENOR_YEARS).tolist()
        priced = outcome.priced
        sized = size_loan(
            outcome.valuation,
            priced.lending,
            priced.annual_quantity,
            cash,
            terms,
            pledge_values=[year.pledge_value_cny for year in pledge],
            longer_cash=longer,
        )
        amount = sized.limit_cny if terms.requested_cny is None else min(sized.limit_cny, terms.requested_cny)
        cautions = of_loan_beyond_right(terms.tenor_years, _right_ends(asset, outcome.schedule))
        if amount > 0.0:
            cautions += of_pledge_below_debt(sized, LossOfRight.of(outcome.schedule), amount)
        sized = replace(sized, cautions=tuple(cautions))
        if pricing is None or amount <= 0.0:
            return sized
        follows_cash = len(sized.years_following_cash) > 0 and not is_paid_by_instalments(sized, amount)
        loan = PricedLoan(amount, terms, pledge, date, cash if follows_cash else ())
        return replace(sized, rate=build_up_rate(loan, pricing, market, self._pricing_assumptions))

    def calibrate(
        self, institution_id: str, question: CalibrationQuestion, *, snapshot_id: str
    ) -> Calibration:
        """Both models of a factor, and what they make of the question's asset.

        Raises:
            NotFound: no such snapshot.
            InvalidInput: the series has no likelihood, the unit is missing, or the asset cannot be priced.
        """
        market = self.repository.market(institution_id, snapshot_id)
        calibration = calibrate(question, market.snapshot)
        if question.asset is None:
            return calibration
        risk = model_risk(question.asset, calibration, market, self.engine)
        if isinstance(risk, Failure):
            raise _about_asset(risk)
        unused = risk.as_in_snapshot == risk.mean_reverting == risk.brownian
        cautions = (*calibration.cautions, *([FACTOR_NOT_USED] if unused else []))
        return replace(calibration, model_risk=risk, cautions=cautions)

    def replay(self, institution_id: str, valuation_id: str) -> Replay:
        """Compute a stored valuation again and compare.

        Raises:
            NotFound: no such valuation.
            FailedPrecondition: engine, catalogue or snapshot are not those of the stored valuation.
        """
        stored = self.repository.valuation(institution_id, valuation_id)
        valuation, manifest = stored.valuation, stored.valuation.manifest
        market = self.repository.market(institution_id, manifest.snapshot_id)
        self._check_unchanged(stored, market)
        simulation = Simulation(
            manifest.n_paths, manifest.seed, valuation.horizon_years, valuation.confidence
        )
        [outcome] = self.engine.value(
            [stored.asset],
            market,
            simulation,
            valuation.valuation_date,
            explain=len(valuation.cash_flows) > 0,
        )
        if isinstance(outcome, Failure):
            raise FailedPrecondition(f"valuation {valuation_id!r} cannot be computed now: {outcome.message}")
        recomputed = replace(outcome, valuation_id=valuation.valuation_id)
        differences = tuple(difference_paths("", valuation, recomputed))
        return Replay(not differences, differences, valuation, recomputed)

    def _check_unchanged(self, stored: StoredValuation, market: PreparedMarket) -> None:
        manifest = stored.valuation.manifest
        parts = (
            ("engine version", manifest.engine_version, ENGINE_VERSION),
            ("catalogue", manifest.catalogue_hash, self.engine.catalogue.content_hash),
            (f"snapshot {manifest.snapshot_id}", manifest.snapshot_hash, market.content_hash),
        )
        changed = [f"{name}: stored {was}, now {now}" for name, was, now in parts if was != now]
        if changed:
            raise FailedPrecondition(
                f"valuation {stored.valuation.valuation_id!r} cannot be replayed, this has changed since: "
                + "; ".join(changed)
            )


def dated(valuation_date: dt.date | None, market: PreparedMarket) -> dt.date:
    """The date of a valuation: the snapshot's unless another is given.

    Raises:
        InvalidInput: a date before the snapshot's, which would use what was not known then.
    """
    as_of = market.snapshot.as_of
    if valuation_date is None:
        return as_of
    if valuation_date < as_of:
        raise InvalidInput.of(
            "valuation_date",
            f"found {valuation_date}, expected a date not before {as_of}, the date of snapshot "
            f"{market.snapshot.snapshot_id}",
        )
    return valuation_date


def difference_paths(path: str, stored: object, recomputed: object) -> list[str]:
    """Every place where two results differ, floats compared by their bits."""
    if is_dataclass(stored) and type(stored) is type(recomputed):
        return [
            line
            for field in fields(stored)
            for line in difference_paths(
                f"{path}.{field.name}" if path else field.name,
                getattr(stored, field.name),
                getattr(recomputed, field.name),
            )
        ]
    if isinstance(stored, tuple) and isinstance(recomputed, tuple) and len(stored) == len(recomputed):
        return [
            line
            for i, pair in enumerate(zip(stored, recomputed, strict=True))
            for line in difference_paths(f"{path}[{i}]", *pair)
        ]
    if isinstance(stored, float) and isinstance(recomputed, float):
        same = stored.hex() == recomputed.hex()
    else:
        same = type(stored) is type(recomputed) and stored == recomputed
    return [] if same else [f"{path}: stored {stored!r}, recomputed {recomputed!r}"]


def _right_ends(asset: Asset, schedule: ExposureSchedule) -> float:
    """Years to the end of a water permit, renewals not counted; of any other right to its last income."""
    if isinstance(asset.detail, WaterRight):
        return asset.detail.remaining_term_years
    return float(schedule.times_years[schedule.quantities > 0.0].max(initial=0.0))


def _assets(entries: Sequence[Entry]) -> list[Asset]:
    return [entry for entry in entries if isinstance(entry, Asset)]


def _about_asset(failure: Failure) -> EcopledgeError:
    violations = [
        FieldViolation(f"asset.{item.field}" if item.field else "asset", item.description)
        for item in failure.violations
    ]
    return InvalidInput.from_violations(violations or [FieldViolation("asset", failure.message)])
