"""The model of portfolio losses a second time: docs/models/portfolio-loss.md as loops over paths, loans and rows.

Nothing of `quant.loan_losses` is used but the addresses of the draws, which chunk and place a borrower has, and the
fixed sample on which thresholds are solved. Losses are kept loan by loan and path by path, which only a small book can
afford.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import poisson

from quant.draws.random_numbers import Purpose
from quant.draws.sparse_draws import philox
from quant.factors import FactorModel
from quant.loan_losses.book import LoanBook
from quant.loan_losses.credit_cells import CreditCells
from quant.loan_losses.default_index import DefaultIndices
from quant.loan_losses.index_sample import index_sample
from quant.schedules import Array, CollateralTerms, DiscountFactors, ExposureSchedule

Places = NDArray[np.intp]


@dataclass(frozen=True)
class PlainLosses:
    """What happened to every loan on every path; arrays [n_paths, n_loans] unless said.

    Attributes:
        period: of default, -1 for none.
        collateral: what the pledges brought in default.
        loss: of the bank, what funds could not pay included.
        claims: on each fund, [n_paths, n_funds].
    """

    period: np.ndarray
    collateral: Array
    loss: Array
    claims: Array


@dataclass(frozen=True)
class PlainModel:
    """A book in its market, which is its base market too.

    Attributes:
        book: the loans; hazards are taken as they stand, so that there are two periods or more.
        model: primary factors alone, without overlays.
        discount: of the curve.
    """

    book: LoanBook
    model: FactorModel
    discount: DiscountFactors

    def price(self, years: float) -> float:
        """Discount factor."""
        return float(self.discount(np.array([years]))[0])

    def index(self, row: int, states: Array) -> Array:
        """Y of an index, [n_periods, n_paths]: deviations over their sd, weighted, over the sd of the sum."""
        out = np.empty(states.shape[1:])
        for k, end in enumerate(self.book.period_ends_years):
            covariance = self.model.step_covariance(float(end))
            sd = np.sqrt(np.diag(covariance))
            weights = self.book.index_weights[row]
            z = np.array([(x - self.mean(i, end)) / sd[i] for i, x in enumerate(states[:, k])])
            out[k] = weights @ z / math.sqrt(weights @ (covariance / np.outer(sd, sd)) @ weights)
        return out

    def mean(self, i: int, years: float) -> float:
        """E x_i."""
        factor = self.model.primaries[i]
        return math.exp(-factor.mean_reversion_annual * years) * factor.deviation

    def cumulated(self, row: int, r2: float, hazard: float, curve: int | None, states: Array) -> Array:
        """Probability of having defaulted by the end of each period on every path, [n_periods, n_paths]."""
        ends = self.book.period_ends_years
        multiples = np.ones(len(ends)) if curve is None else self.book.curves()[0][curve]
        spent = np.cumsum(hazard * multiples * np.diff(ends, prepend=0.0))
        target = np.diff(-np.expm1(-spent), prepend=0.0)
        indices = DefaultIndices.of(self.model, ends, self.book.index_weights)
        sample = index_sample(self.model, indices, ends)[row]
        on_paths = self.index(row, states)
        alive, lives = np.ones(sample.shape[1]), np.ones(on_paths.shape[1])
        out = np.empty(on_paths.shape)
        for k in range(len(ends)):

            def conditional(threshold: float, index: Array, k: int = k) -> Array:
                given: Array = ndtr((threshold - math.sqrt(r2) * index[k]) / math.sqrt(1.0 - r2))
                return given

            def missing(threshold: float, k: int = k, alive: Array = alive) -> float:
                # E p_k = N(a_k) exactly; the sample is asked for those who are gone alone.
                taken = float(((1.0 - alive) * conditional(threshold, sample, k)).mean())
                return float(ndtr(threshold)) - taken - float(target[k])

            threshold = brentq(missing, -12.0, 12.0, xtol=1e-13)
            alive = alive * (1.0 - conditional(threshold, sample))
            lives = lives * (1.0 - conditional(threshold, on_paths))
            out[k] = 1.0 - lives
        return out

    def gone(self, loan: int, states: Array) -> Array:
        """Probability that a loan has defaulted by the end of each period if it lived on, [n_periods, n_paths]."""
        book = self.book
        return self.cumulated(
            int(book.index_of_loan[loan]), float(book.asset_correlation[loan]),
            float(book.hazards_annual()[loan]), int(book.curves()[1][loan]), states,
        )  # fmt: skip

    def value(self, schedule: ExposureSchedule, at: float, states: Array, *, floor: bool = True) -> float:
        """Going value at a date in a state x [n_primary], of an asset whose right still stands."""
        terms, total = schedule.terms, 0.0
        for t, name, quantity in zip(
            schedule.times_years, schedule.factors, schedule.quantities, strict=True
        ):
            if t <= at:
                continue
            i = self.model.index(name)
            factor = self.model.primaries[i]
            k, s, span = factor.mean_reversion_annual, factor.volatility_annual, t - at
            variance = s * s * (span if k == 0.0 else (1.0 - math.exp(-2.0 * k * span)) / (2.0 * k))
            log_mean = factor.log_level + factor.growth_annual * t + math.exp(-k * span) * states[i]
            forward = math.exp(log_mean + 0.5 * variance)
            rate = terms.risk_premium_annual + terms.event_intensity * terms.event_severity
            total += quantity * forward * self.price(t) / self.price(at) * math.exp(-rate * span)
        return max(total, 0.0) if floor else total

    def sold_share(self, terms: CollateralTerms, at: float) -> float:
        """What a forced sale brings of the going value."""
        lag = terms.disposal_lag_years
        over_lag = self.price(at + lag) / self.price(at) * math.exp(-terms.risk_premium_annual * lag)
        return (1.0 - terms.liquidity_discount) * (1.0 - terms.disposal_cost) * over_lag

    def collateral(self, loan: int, k: int, states: Array, path: int, seed: int) -> float:
        """What the pledges of a loan bring at the end of a period on a path; states [n_primary]."""
        pledges, total = self.book.pledges, 0.0
        at = float(self.book.period_ends_years[k])
        for pledge in np.flatnonzero(pledges.loan == loan):
            schedule = pledges.schedules[pledges.schedule[pledge]]
            terms = schedule.terms
            error, right = draws(seed, Purpose.QUANTITY_ERROR, int(pledges.asset_lane[pledge]), path)
            sd = math.sqrt(math.log(1.0 + terms.quantity_cv**2))
            noise = math.exp(sd * float(ndtri(error)) - 0.5 * sd * sd)
            # The largest N with P(N' >= N) > u.
            events = int(poisson.ppf(1.0 - right, terms.event_intensity * at)) if terms.event_intensity else 0
            left = (1.0 - terms.event_severity) ** events
            whole = self.value(schedule, at, states) * self.sold_share(terms, at)
            total += float(pledges.multiple[pledge]) * whole * noise * left
        return total

    def losses(self, states: Array, seed: int) -> PlainLosses:
        """Losses on paths 0, 1, ... with the given states [n_primary, n_periods, n_paths]."""
        book, n_paths = self.book, states.shape[2]
        period = self._default_periods(states, seed)
        failed = {
            loan: self.guarantor_failed(int(loan), states)
            for loan in np.flatnonzero(book.guarantee_share > 0.0)
        }
        shape = (n_paths, len(book))
        collateral, left, claims = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        by_fund = np.zeros((n_paths, len(book.fund_cap_cny)))
        for p, loan in np.argwhere(period >= 0):
            k = period[p, loan]
            collateral[p, loan] = self.collateral(loan, k, states[:, k, p], p, seed)
            uncovered = max(float(book.exposure_cny[loan, k]) - collateral[p, loan], 0.0)
            left[p, loan] = uncovered * book.unsecured_lgd[loan]
            drawn = draws(seed, Purpose.GUARANTOR, int(book.guarantor_of_loan[loan]), p)[0]
            if loan in failed and drawn >= failed[loan][k, p]:
                left[p, loan] *= 1.0 - book.guarantee_share[loan]
            if book.fund_of_loan[loan] >= 0:
                claims[p, loan] = book.compensation_share[loan] * left[p, loan]
                by_fund[p, book.fund_of_loan[loan]] += claims[p, loan]
        loss = left - claims
        for p, loan in np.argwhere(claims > 0.0):
            asked, cap = by_fund[p, book.fund_of_loan[loan]], book.fund_cap_cny[book.fund_of_loan[loan]]
            loss[p, loan] += claims[p, loan] * max(asked - cap, 0.0) / asked
        return PlainLosses(period, collateral, loss, by_fund)

    def guarantor_failed(self, loan: int, states: Array) -> Array:
        """Probability that the guarantor of a loan has failed by the end of each period, [n_periods, n_paths]."""
        book = self.book
        own = self._loans_of_guarantor(loan)
        if len(own) > 0:
            return self.gone(int(own[np.argmax(book.hazards_annual()[own])]), states)
        chance = float(book.guarantor_default_probability_annual[loan])
        if chance == 0.0:
            return np.zeros(states.shape[1:])
        return self.cumulated(
            int(book.index_of_loan[loan]),
            float(book.asset_correlation[loan]),
            -math.log1p(-chance),
            None,
            states,
        )

    def _loans_of_guarantor(self, loan: int) -> Places:
        """Loans at risk of the guarantor of a loan; none where it does not borrow, or bears nothing."""
        book = self.book
        if (
            book.guarantor_borrows is None
            or not book.guarantor_borrows[loan]
            or book.guarantee_share[loan] == 0.0
        ):
            return np.empty(0, dtype=np.intp)
        of_guarantor = book.borrower_of_loan == book.guarantor_of_loan[loan]
        return np.flatnonzero(of_guarantor & (book.years_at_risk > 0.0))

    def _default_periods(self, states: Array, seed: int) -> np.ndarray:
        """Period in which each loan defaults, -1 for none, [n_paths, n_loans]."""
        book, credit = self.book, CreditCells.of(self.book)
        ends, hazards = book.period_ends_years, book.hazards_annual()
        out = np.full((states.shape[2], len(book)), -1)
        at_risk = np.flatnonzero(book.years_at_risk > 0.0)
        guarantee = {int(i) for loan in at_risk for i in self._loans_of_guarantor(int(loan))}
        for chunk, (start, stop) in enumerate(
            zip(credit.chunk_start[:-1], credit.chunk_start[1:], strict=True)
        ):
            borrowers = [
                credit.loan_of_slot[credit.borrower_start[u] : credit.borrower_start[u + 1]]
                for u in range(start, stop)
            ]
            first = borrowers[0][0]
            everyone = np.concatenate(borrowers)
            likeliest = everyone[np.argmax(hazards[everyone])]
            bound = self.gone(int(likeliest), states)
            last = min(int(np.searchsorted(ends, book.years_at_risk[everyone].max())), len(ends) - 1)
            own = {int(loan): self.gone(int(loan), states) for loan in everyone}
            for p in range(states.shape[2]):
                found = candidates(seed, p, chunk, float(bound[last, p]), len(borrowers))
                if int(first) in guarantee:
                    addresses = [int(book.borrower_of_loan[loans[0]]) for loans in borrowers]
                    found = [(i, draws(seed, Purpose.GUARANTOR, at, p)[0]) for i, at in enumerate(addresses)]
                for place, draw in found:
                    for loan in borrowers[place]:
                        # Hazard spent by the end of each period; constant within one.
                        spent = np.append(0.0, -np.log1p(-own[int(loan)][:, p]))
                        if -math.log1p(-draw) >= spent[-1]:
                            continue
                        when = float(np.interp(-math.log1p(-draw), spent, np.append(0.0, ends)))
                        if when <= book.years_at_risk[loan]:
                            out[p, loan] = np.searchsorted(ends, when)
        return out


def draws(seed: int, purpose: Purpose, lane: int, path: int) -> tuple[float, float]:
    """The first two draws at an address."""
    first, second, _, _ = _four_uniforms(seed, path, 0, lane, purpose)
    return first, second


def candidates(seed: int, path: int, chunk: int, chance: float, n: int) -> list[tuple[int, float]]:
    """Places of the borrowers whose uniform is below a chance, and the uniform; two pairs of words a hash."""
    found: list[tuple[int, float]] = []
    place, number = 0, 0
    while chance > 0.0:
        words = _four_uniforms(seed, path, number // 2, chunk, Purpose.DEFAULT)
        skip, height = words[:2] if number % 2 == 0 else words[2:]
        place += math.floor(math.log(skip) / math.log1p(-chance))
        if place >= n:
            break
        found.append((place, height * chance))
        place += 1
        number += 1
    return found


def _four_uniforms(seed: int, path: int, step: int, lane: int, purpose: Purpose) -> list[float]:
    counter = (np.uint64(part) for part in (path, step, lane, int(purpose), seed))
    return [((int(word) >> 11) + 0.5) * 2.0**-53 for word in philox(*counter)]
