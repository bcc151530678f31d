"""The common index behind defaults: a weighted sum of factor states with mean 0 and variance 1 at a horizon."""

from dataclasses import dataclass

import numpy as np

from quant.factors import Array, FactorModel


@dataclass(frozen=True, slots=True, eq=False)
class DefaultIndices:
    """Linear maps from factor states x(s) to indices Y that are standard normal.

    With z_i = (x_i(s) - E x_i(s)) / sd x_i(s) and C the correlation of the z, `Y = w'z / sqrt(w'C w)`. Weights
    therefore compare factors by their standard deviations, whatever their volatilities. A positive weight means
    that a high factor is good for the borrower: defaults are frequent where Y is low.

    Attributes:
        means: E x(s), [n_primary].
        loadings: of x(s) - E x(s), [n_indices, n_primary].
    """

    means: Array
    loadings: Array

    @classmethod
    def at_horizon(cls, model: FactorModel, horizon_years: float, weights: Array) -> "DefaultIndices":
        """The indices of weights [n_indices, n_primary] at a horizon.

        Raises:
            ValueError: if an index has no randomness at the horizon, or a weighted factor has none.
        """
        covariance = model.step_covariance(horizon_years)
        sd = np.sqrt(np.diag(covariance))
        still = (sd == 0.0) & np.any(weights != 0.0, axis=0)
        if still.any():
            name = model.primaries[int(np.flatnonzero(still)[0])].name
            raise ValueError(
                f"index: factor {name} has no randomness, expected a volatility above 0 in an index"
            )
        scaled = weights / np.where(sd == 0.0, 1.0, sd)
        variance = np.einsum("ki,ij,kj->k", scaled, covariance, scaled)
        size = np.sum(np.abs(weights), axis=1)
        flat = variance <= 1e-12 * size**2
        if flat.any():
            raise ValueError(
                f"index {int(np.flatnonzero(flat)[0])}: its factors cancel, expected a weighted sum that varies"
            )
        speeds = np.array([factor.mean_reversion_annual for factor in model.primaries])
        means = np.exp(-speeds * horizon_years) * model.initial_states()
        return cls(means, scaled / np.sqrt(variance)[:, None])

    def values(self, states: Array) -> Array:
        """Y on every path, [n_indices, n_paths], for states x(s) [n_primary, n_paths].

        Factor by factor rather than as a matrix product, whose rounding depends on the number of paths.
        """
        out = np.zeros((len(self.loadings), states.shape[1]))
        for i in np.flatnonzero(np.any(self.loadings != 0.0, axis=0)):
            deviation = states[i] - self.means[i]
            for k in np.flatnonzero(self.loadings[:, i]):
                out[k] += self.loadings[k, i] * deviation
        return out
