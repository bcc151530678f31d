"""The common indices behind defaults: weighted sums of factor moves, standardised in the base market."""

from dataclasses import dataclass

import numpy as np

from quant.factors import Array, FactorModel


@dataclass(frozen=True, slots=True, eq=False)
class DefaultIndices:
    """Linear maps from the factors at the end of each period to indices Y that are standard normal in the base market.

    With z_i = (ln F_i(t) - E ln F_i(t)) / sd ln F_i(t), moments of the base market, and C the correlation of the z,
    `Y = w'z / sqrt(w'C w)`. Weights therefore compare factors by their standard deviations, whatever their
    volatilities. A positive weight means that a high factor is good for the borrower: defaults are frequent where Y is
    low. In a changed market ln F moves and the moments stay, so that dry years or a price crash move Y.

    Attributes:
        base: the market that sets the moments.
        ends: ends of the periods, years, [n_periods].
        log_means: E ln F, [n_primary, n_periods].
        state_means: E x, [n_primary, n_periods].
        loadings: of ln F - E ln F, [n_indices, n_primary, n_periods].
    """

    base: FactorModel
    ends: Array
    log_means: Array
    state_means: Array
    loadings: Array

    @classmethod
    def of(cls, base: FactorModel, ends: Array, weights: Array) -> "DefaultIndices":
        """The indices of weights [n_indices, n_primary].

        Raises:
            ValueError: if an index has no randomness, or a weighted factor has none.
        """
        loadings = np.stack([_loadings(base, float(t), weights) for t in ends], axis=2)
        speeds = np.array([factor.mean_reversion_annual for factor in base.primaries])
        state_means = np.exp(-speeds[:, None] * ends) * base.initial_states()[:, None]
        return cls(base, ends, _log_medians(base, ends) + state_means, state_means, loadings)

    def values(self, model: FactorModel, states: Array) -> Array:
        """Y on every path, [n_indices, n_periods, n_paths].

        Factor by factor rather than as a matrix product, whose rounding depends on the number of paths.

        Args:
            model: the market in which the states were simulated: the base market or a changed one.
            states: deviations x at the ends of the periods, [n_primary, n_periods, n_paths].

        Raises:
            ValueError: if its primary factors are not those of the base market.
        """
        if [f.name for f in model.primaries] != [f.name for f in self.base.primaries]:
            raise ValueError("indices: expected a market with the primary factors of the base market")
        shift = _log_medians(model, self.ends) - self.log_means
        out = np.zeros((len(self.loadings), *states.shape[1:]))
        for i in np.flatnonzero(np.any(self.loadings != 0.0, axis=(0, 2))):
            deviation = states[i] + shift[i][:, None]
            for k in np.flatnonzero(np.any(self.loadings[:, i] != 0.0, axis=1)):
                out[k] += self.loadings[k, i][:, None] * deviation
        return out


def _log_medians(model: FactorModel, ends: Array) -> Array:
    return np.stack([factor.log_median(ends) for factor in model.primaries])


def _loadings(model: FactorModel, at_years: float, weights: Array) -> Array:
    covariance = model.step_covariance(at_years)
    sd = np.sqrt(np.diag(covariance))
    still = (sd == 0.0) & np.any(weights != 0.0, axis=0)
    if still.any():
        name = model.primaries[int(np.flatnonzero(still)[0])].name
        raise ValueError(f"index: factor {name} has no randomness, expected a volatility above 0 in an index")
    scaled = weights / np.where(sd == 0.0, 1.0, sd)
    variance = np.einsum("ki,ij,kj->k", scaled, covariance, scaled)
    size = np.sum(np.abs(weights), axis=1)
    flat = variance <= 1e-12 * size**2
    if flat.any():
        raise ValueError(
            f"index {int(np.flatnonzero(flat)[0])}: its factors cancel, expected a weighted sum that varies"
        )
    loadings: Array = scaled / np.sqrt(variance)[:, None]
    return loadings
