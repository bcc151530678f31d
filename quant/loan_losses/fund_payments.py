"""What compensation funds with a cap are expected to pay of what is claimed of them.

Claims C on a fund come from defaults drawn on paths, so that the mean of min(C, cap) knows good and bad years: with
claims taken at their mean a fund would seem to pay more, for E min(C, cap) <= min(E C, cap).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quant.loan_losses.book import NO_FUND, LoanBook
from quant.loan_losses.simulation import LossSimulation
from quant.schedules import Array


@dataclass(frozen=True, slots=True, eq=False)
class FundPayments:
    """Means over paths, CNY, [n_funds]; 0 claims on a fund without a cap.

    Attributes:
        cap_cny: most that each fund pays, inf for no cap.
        claims_cny: claimed.
        unpaid_cny: claimed beyond the cap.
        slope: of payments in claims over the paths: 1 where all is paid, 0 where the cap is reached on every path.
    """

    cap_cny: Array
    claims_cny: Array
    unpaid_cny: Array
    slope: Array

    @classmethod
    def of_paths(cls, claims_cny: Array, cap_cny: Array) -> "FundPayments":
        """From claims on paths, [n_paths, n_funds]."""
        if len(claims_cny) == 0:
            return cls.none(cap_cny)
        claims, paid = claims_cny.mean(axis=0), np.minimum(claims_cny, cap_cny)
        around = claims_cny - claims
        spread = (around**2).sum(axis=0)
        slope = np.divide((around * paid).sum(axis=0), spread, out=np.ones_like(spread), where=spread > 0.0)
        return cls(
            cap_cny, claims, np.maximum(claims_cny - cap_cny, 0.0).mean(axis=0), np.clip(slope, 0.0, 1.0)
        )

    @classmethod
    def none(cls, cap_cny: Array) -> "FundPayments":
        """Nothing is claimed."""
        nothing = np.zeros_like(cap_cny)
        return cls(cap_cny, nothing, nothing, np.ones_like(cap_cny))

    def paid_share(self, expected_claims_cny: Array) -> Array:
        """Share of the expected claims that is paid, [n_funds]; 1 where no path goes beyond the cap.

        The claims are known better than their mean over these paths: they are a control variate of the payments.

        Args:
            expected_claims_cny: expectation of the claims, [n_funds]; what is paid of them is never above the cap.
        """
        off = expected_claims_cny - self.claims_cny
        paid = np.maximum(self.claims_cny - self.unpaid_cny + self.slope * off, 0.0)
        paid = np.where(self.unpaid_cny > 0.0, paid, expected_claims_cny)
        most = np.minimum(self.cap_cny, expected_claims_cny)
        share: Array = np.divide(
            np.minimum(paid, most),
            expected_claims_cny,
            out=np.ones_like(most),
            where=expected_claims_cny > 0.0,
        )
        return share


def largest_claims(book: LoanBook) -> Array:
    """What could be claimed of every fund if all loans defaulted at their largest, with nothing pledged, [n_funds]."""
    funded = book.fund_of_loan != NO_FUND
    most = book.compensation_share * book.unsecured_lgd * book.exposure_cny.max(axis=1, initial=0.0)
    sums: Array = np.bincount(
        book.fund_of_loan[funded], most[funded], minlength=len(book.fund_cap_cny)
    ).astype(np.float64)
    return sums


def caps_matter(book: LoanBook) -> bool:
    """Whether any fund could be asked for more than its cap."""
    return bool(np.any(largest_claims(book) > book.fund_cap_cny))


def drawn_payments(
    simulation: LossSimulation, book: LoanBook, check_alive: Callable[[], None]
) -> FundPayments:
    """Draw defaults and see what funds are asked for, on paths of equal weight.

    Args:
        simulation: of the book, on plain paths, not yet run.
        book: its caps.
        check_alive: called after each block; what it raises ends the simulation.
    """
    for _ in simulation.run():
        check_alive()
    return FundPayments.of_paths(simulation.fund_claims(), book.fund_cap_cny)
