"""Who makes the tail: Euler contributions of loans to expected shortfall, found by replaying the tail's paths alone.

ES is the mean of the loss over the worst share 1 - alpha of the probability. With omega_p the part of that share that
path p carries, `ES = sum_p omega_p L_p`, so that `sum_p omega_p l_ip` is what loan i contributes: the derivative of ES
in the size of the loan (Tasche 1999, Risk contributions and performance measurement), and the contributions add up.
"""

from dataclasses import dataclass

import numpy as np

from quant.loan_losses.simulation import LossSimulation, LossSummary
from quant.schedules import Array


@dataclass(frozen=True, slots=True, eq=False)
class TailContributions:
    """Contributions of loans to the expected shortfall at one confidence, CNY.

    Attributes:
        confidence: alpha.
        expected_shortfall: of the book.
        by_loan: adds up to it, [n_loans].
        paths: paths replayed.
    """

    confidence: float
    expected_shortfall: float
    by_loan: Array
    paths: int


def tail_contributions(
    simulation: LossSimulation, summary: LossSummary, confidence: float
) -> TailContributions:
    """Replay the tail of a simulation.

    Raises:
        ValueError: if the confidence is not one of those reported.
    """
    reported = {tail.confidence: tail for tail in summary.tail}
    if confidence not in reported:
        raise ValueError(f"confidence: found {confidence}, expected one of {', '.join(map(str, reported))}")
    tail = reported[confidence]
    shares = tail_shares(summary.path_losses, summary.path_weights, tail.value_at_risk, confidence)
    return TailContributions(
        confidence,
        float((shares * summary.path_losses).sum()),
        simulation.weighted_loan_losses(shares),
        int(np.count_nonzero(shares)),
    )


def tail_shares(losses: Array, weights: Array, value_at_risk: float, confidence: float) -> Array:
    """Part of the worst 1 - alpha that each path carries, [n_paths]; adds up to 1.

    Paths at the value at risk itself share what those above it leave.
    """
    whole = len(losses) * (1.0 - confidence)
    shares: Array = np.where(losses > value_at_risk, weights / whole, 0.0)
    at = losses == value_at_risk
    left = 1.0 - float(shares.sum())
    shares[at] = weights[at] * (left / float(weights[at].sum()))
    return shares
