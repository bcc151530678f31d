"""The account behind a GEP revenue right or a VEP project, its three bases kept apart.

Gross product is what the account says nature gives, mostly paid by nobody. Realisable income is the part that somebody
pays. Cash to the pledgor is the pledgor's part of that less the cost of earning it: the only base that is lent against.
"""

from dataclasses import dataclass

from services.valuation.asset import AccountSpecification


@dataclass(frozen=True, slots=True)
class AccountService:
    """One service of the account, CNY a year; of a project, its change.

    Attributes:
        service: code of the catalogue.
        stated_as: as the asset names it.
        gross_cny_per_year, realisable_cny_per_year, pledgor_cny_per_year: of the three bases, cost not yet taken off.
        error_cv: coefficient of variation of its value; None where uncertainty by service was not asked for.
    """

    service: str
    stated_as: str
    gross_cny_per_year: float
    realisable_cny_per_year: float
    pledgor_cny_per_year: float
    error_cv: float | None = None


@dataclass(frozen=True, slots=True)
class CauseOfError:
    """A common cause, and the coefficient of variation of the cash that it alone would bring."""

    cause: str
    name_zh: str
    name_en: str
    cv: float


@dataclass(frozen=True, slots=True)
class AccountError:
    """Coefficient of variation of the cash to the pledgor: as modelled, were its parts independent, were they one.

    Where every service brings cash the first lies between the other two; a fall of one offsets the others' error.
    """

    cv: float
    cv_if_independent: float
    cv_if_one: float
    causes: tuple[CauseOfError, ...] = ()


@dataclass(frozen=True, slots=True)
class EcosystemAccount:
    """The three bases, CNY a year, service by service.

    Attributes:
        specification: that the account follows; None where it is not stated.
        gross_cny_per_year, realisable_cny_per_year: sums over the services.
        cash_to_pledgor_cny_per_year: sum over the services less every cost.
        services: in the order of the asset.
        error: of the cash; None where uncertainty by service was not asked for or no cash is left.
    """

    specification: AccountSpecification | None
    gross_cny_per_year: float
    realisable_cny_per_year: float
    cash_to_pledgor_cny_per_year: float
    services: tuple[AccountService, ...]
    error: AccountError | None = None
