"""How sure the value of each ecosystem service is and what its error shares with others, from data/service_errors.toml.

Log variances of quantity and price add up, and each is split among causes and what is the service's own
(quant/pledges/error_of_sum.py). All figures are assumptions until local ones are known, and listed with every result.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import msgspec
import numpy as np

from quant.pledges.error_of_sum import cv_by_cause, error_of_sum, log_covariance, log_variance
from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput
from services.runtime.evidence import Source
from services.runtime.vocabulary.names import field_zh
from services.valuation.accounts.ecosystem_account import AccountError, CauseOfError

SERVICE_ERRORS_PATH = BUNDLED_DATA / "service_errors.toml"
_LARGEST_CV = 10.0


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry of the file; unknown keys are refused because a misspelt figure would silently be left out."""


class Cause(_Entry, frozen=True):
    """Something that moves the error of several services."""

    code: str
    name_zh: str
    name_en: str


class ServiceError(_Entry, frozen=True):
    """Error of the value of one service.

    Attributes:
        service: code in the catalogue.
        quantity_cv, price_cv: coefficients of variation.
        quantity_causes, price_causes: share of each log variance that a cause takes, negative for an opposite effect.
    """

    service: str
    quantity_cv: float
    price_cv: float = 0.0
    quantity_causes: dict[str, float] = {}
    price_causes: dict[str, float] = {}

    def __post_init__(self) -> None:
        for name in ("quantity_cv", "price_cv"):
            value = getattr(self, name)
            if not 0.0 <= value <= _LARGEST_CV:
                raise ValueError(f"{self.service}.{name}: found {value}, expected 0 to {_LARGEST_CV:g}")
        for name in ("quantity_causes", "price_causes"):
            taken = sum(abs(share) for share in getattr(self, name).values())
            if not taken <= 1.0 + 1e-12:
                raise ValueError(f"{self.service}.{name}: found shares of {taken:g}, expected at most 1")

    def cause_variances(self, quantity_cv: float) -> dict[str, float]:
        """Log variance that each cause takes, with the sign of its effect."""
        taken: dict[str, float] = {}
        for cv, causes in ((quantity_cv, self.quantity_causes), (self.price_cv, self.price_causes)):
            for cause, share in causes.items():
                taken[cause] = taken.get(cause, 0.0) + share * float(log_variance(cv))
        return taken

    def log_variance(self, quantity_cv: float) -> float:
        """Log variance of the service's value."""
        return float(log_variance(quantity_cv) + log_variance(self.price_cv))


class _Sources(_Entry, frozen=True):
    sources: tuple[Source, ...]


class _File(_Entry, frozen=True):
    starting_values: _Sources
    causes: tuple[Cause, ...]
    services: tuple[ServiceError, ...]


@dataclass(frozen=True, slots=True)
class ServiceErrors:
    """Errors by service, the causes they share, and where the figures come from."""

    causes: Mapping[str, Cause]
    services: Mapping[str, ServiceError]
    sources: tuple[Source, ...]

    def error_of(
        self, services: Sequence[tuple[str, float | None]], cash_cny: Sequence[float], cost_cny: float
    ) -> AccountError:
        """Error of the cash that services bring.

        Args:
            services: code and the asset's own quantity_cv, None for the table's.
            cash_cny: a year, of each; a fall of a service is negative.
            cost_cny: a year, known without error.

        Raises:
            ValueError: nothing is left after cost, to which an error could be related.
        """
        codes = list(self.causes)
        variances = np.zeros(len(services))
        shares = np.zeros((len(services), len(codes)))
        for i, (service, own_cv) in enumerate(services):
            error = self.services[service]
            cv = error.quantity_cv if own_cv is None else own_cv
            variances[i] = error.log_variance(cv)
            if variances[i] > 0.0:
                for cause, taken in error.cause_variances(cv).items():
                    shares[i, codes.index(cause)] = taken / variances[i]
        of_sum = error_of_sum(cash_cny, log_covariance(variances, shares), -cost_cny)
        by_cause = cv_by_cause(cash_cny, variances, shares, -cost_cny).tolist()
        return AccountError(
            of_sum.cv,
            of_sum.cv_if_independent,
            of_sum.cv_if_one,
            tuple(
                CauseOfError(cause.code, cause.name_zh, cause.name_en, cv)
                for cause, cv in zip(self.causes.values(), by_cause, strict=True)
                if cv > 0.0
            ),
        )

    def service_cv(self, service: str, own_cv: float | None) -> float:
        """Coefficient of variation of the value of one service."""
        error = self.services[service]
        return math.sqrt(math.expm1(error.log_variance(error.quantity_cv if own_cv is None else own_cv)))

    def described(self, service: str, service_zh: str, own_cv: float | None) -> str:
        """The assumptions behind one service, as text in both languages."""
        error = self.services[service]
        causes = error.quantity_causes | error.price_causes
        figures = {} if own_cv is not None else {"quantity_cv": error.quantity_cv}
        figures["price_cv"] = error.price_cv
        zh = "、".join(f"{field_zh(name)} = {cv:g}" for name, cv in figures.items())
        en = ", ".join(f"{name} = {cv:g}" for name, cv in figures.items())
        if not causes:
            return f"{service_zh}的误差：{zh}；无共同驱动 · error of {service}: {en}; no common cause"
        shared_zh = "、".join(self.causes[code].name_zh for code in causes)
        return (
            f"{service_zh}的误差：{zh}；共同驱动：{shared_zh} · "
            f"error of {service}: {en}; common causes: {', '.join(causes)}"
        )


def decode_service_errors(path: Path, content: bytes, known: Mapping[str, object]) -> ServiceErrors:
    """The errors of a file's content.

    Args:
        path: of the file, for people.
        content: of it.
        known: services of the catalogue, each of which must have an entry.

    Raises:
        InvalidInput: if it is wrong, naming the place.
    """
    try:
        file = msgspec.toml.decode(content, type=_File)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvalidInput.of(str(path), str(error)) from error
    found = [entry.service for entry in file.services]
    if sorted(found) != sorted(known):
        differing = sorted(set(found) ^ set(known)) or sorted(
            {code for code in found if found.count(code) > 1}
        )
        raise InvalidInput.of(str(path), f"found {differing}, expected each service of the catalogue once")
    causes = {cause.code: cause for cause in file.causes}
    for entry in file.services:
        unknown = (entry.quantity_causes.keys() | entry.price_causes.keys()) - causes.keys()
        if unknown:
            raise InvalidInput.of(
                f"{path}, {entry.service}",
                f"found cause {min(unknown)!r}, expected {', '.join(causes)}",
            )
    return ServiceErrors(
        MappingProxyType(causes),
        MappingProxyType({entry.service: entry for entry in file.services}),
        file.starting_values.sources,
    )
