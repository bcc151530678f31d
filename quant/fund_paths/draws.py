"""What chance does to the projects of a fund: every draw has an address, the project's own lane among it."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from quant.draws.random_numbers import Purpose, standard_normals, uniforms
from quant.fund_paths.plan import FundPlan, IntArray
from quant.fund_paths.projects import FloatArray

_ERROR, _OVERRUN, _DELAY, _ABANDONMENT, _COMMON = range(5)
_NEVER_STOPS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """What chance does to the projects on a block of paths, [n_projects, n_paths] each.

    Attributes:
        error: multiple of a project's operating cash.
        cost: actual over planned cost.
        delay: years late.
        built: building years after which the project is given up.
    """

    error: FloatArray
    cost: FloatArray
    delay: IntArray
    built: IntArray


def draw(plan: FundPlan, n_paths: int, seed: int, *, first_path: int = 0) -> Draws:
    """The draws of a block; path p and project of lane k get the same whatever else is drawn."""
    shape = (len(plan.projects), n_paths)
    error, cost = np.ones(shape), np.ones(shape)
    delay, built = np.zeros(shape, dtype=np.int64), np.full(shape, _NEVER_STOPS)

    def normals(step: int, lane: int) -> FloatArray:
        return standard_normals(seed, Purpose.PROJECT, n_paths, first_path=first_path, lane=lane, step=step)

    uses_common = any(project.risk.common_share > 0.0 for project in plan.projects)
    common = normals(_COMMON, 0) if uses_common else np.zeros(n_paths)
    for i, project in enumerate(plan.projects):
        risk = project.risk
        own, shared = math.sqrt(1.0 - risk.common_share), math.sqrt(risk.common_share) * common
        if project.quantity_cv > 0.0:
            log_variance = math.log1p(project.quantity_cv**2)
            error[i] = np.exp(math.sqrt(log_variance) * normals(_ERROR, project.lane) - 0.5 * log_variance)
        cost[i] = 1.0 + risk.overrun_mean
        if risk.overrun_log_sd > 0.0:
            z = own * normals(_OVERRUN, project.lane) + shared
            cost[i] *= np.exp(risk.overrun_log_sd * z - 0.5 * risk.overrun_log_sd**2)
        if risk.delay_probabilities:
            # Hard times make projects dear and late alike: a large draw is both.
            z = own * normals(_DELAY, project.lane) + shared
            at_most = 1.0 - np.cumsum(risk.delay_probabilities[::-1])[::-1]
            edges = ndtri(np.clip(at_most, 0.0, 1.0))
            delay[i] = np.searchsorted(edges, z, side="left")
        if risk.abandonment_intensity_annual > 0.0:
            u = uniforms(
                seed, Purpose.PROJECT, n_paths, first_path=first_path, lane=project.lane, step=_ABANDONMENT
            )
            years = -np.log(u) / risk.abandonment_intensity_annual
            built[i] = np.minimum(np.ceil(years), _NEVER_STOPS).astype(np.int64)
    return Draws(error, cost, delay, built)
