"""Lines of an ecosystem account as a pricer sees them: services known by their code, three bases, one error."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quant.schedules import LARGEST_QUANTITY_CV
from services.runtime.errors import InvalidInput
from services.runtime.results import Caution
from services.valuation.accounts.cautions import (
    of_error_by_service,
    of_quantity_times_price,
    of_unconfirmed_names,
)
from services.valuation.accounts.ecosystem_account import AccountError, AccountService, EcosystemAccount
from services.valuation.asset import AccountSpecification, Asset, ServiceChange, ServiceIncome, TermsOverride
from services.valuation.catalogue.catalogue import Catalogue
from services.valuation.catalogue.kinds import EcosystemService, Thresholds
from services.valuation.cautions import of_dominance


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One service with its cash.

    Attributes:
        service: entry of the catalogue.
        stated: as the asset has it.
        gross_cny: a year.
        place: path of the line.
    """

    service: EcosystemService
    stated: ServiceIncome | ServiceChange
    gross_cny: float
    place: str

    @property
    def realisable_cny(self) -> float:
        """Paid by anybody, a year."""
        return self.gross_cny * self.stated.realisable_share

    @property
    def pledgor_cny(self) -> float:
        """Paid to the pledgor, a year."""
        return self.realisable_cny * self.stated.pledgor_share


def account_lines(
    stated: Sequence[ServiceIncome | ServiceChange],
    specification: AccountSpecification | None,
    catalogue: Catalogue,
    *,
    field: str,
    owner: str,
) -> list[AccountLine]:
    """The lines of an account or of a project.

    Args:
        stated: services.
        specification: that they are named by; None for codes of the catalogue.
        catalogue: of services.
        field: path of the services, such as "gep_revenue.services".
        owner: path of what holds them, such as "gep_revenue".

    Raises:
        InvalidInput: for an unknown specification or service, or none at all.
    """
    if len(stated) == 0:
        raise InvalidInput.of(field, "is empty, expected at least one service")
    lines = []
    for number, entry in enumerate(stated):
        place = f"{field}[{number}]"
        code = catalogue.accounts.service_code(
            entry.service, specification, f"{owner}.account_specification", f"{place}.service"
        )
        service = known_service(catalogue, code, f"{place}.service")
        lines.append(AccountLine(service, entry, _gross_cny(entry), place))
    return lines


def known_service(catalogue: Catalogue, code: str, field: str) -> EcosystemService:
    """The ecosystem service with a code.

    Raises:
        InvalidInput: about `field`, with the known codes, if there is none.
    """
    try:
        return catalogue.services[code]
    except KeyError:
        raise InvalidInput.of(
            field, f"found unknown service {code!r}, expected one of {', '.join(catalogue.services)}"
        ) from None


def cautions_on_dominance(lines: Sequence[AccountLine], limits: Thresholds) -> list[Caution]:
    """One service that makes most of what the lines add up to, falls counted as their size."""
    sizes = [abs(line.gross_cny) for line in lines]
    total = sum(sizes)
    if total <= 0.0:
        return []
    largest = sizes.index(max(sizes))
    service = lines[largest].service
    return of_dominance(service.name_zh, service.name_en, sizes[largest] / total, len(lines), limits)


def cautions_on_quantities(lines: Sequence[AccountLine]) -> list[Caution]:
    """Lines whose value is not quantity times price.

    Raises:
        InvalidInput: for a difference that no rounding explains.
    """
    found: list[Caution] = []
    for line in lines:
        stated = line.stated
        if isinstance(stated, ServiceIncome):
            found += of_quantity_times_price(
                stated, line.service.unit, f"{line.place}.account_value_cny_per_year"
            )
    return found


@dataclass(frozen=True, slots=True)
class AccountFindings:
    """What an account says beside its rows.

    Attributes:
        asset: with the error of its account as its valuation error.
        account: the three bases.
        cautions, assumptions: on the names of the services and on the error.
    """

    asset: Asset
    account: EcosystemAccount
    cautions: tuple[Caution, ...] = ()
    assumptions: tuple[str, ...] = ()


def account_findings(
    asset: Asset,
    lines: Sequence[AccountLine],
    cost_cny: float,
    catalogue: Catalogue,
    *,
    specification: AccountSpecification | None,
    by_service: bool,
    owner: str,
) -> AccountFindings:
    """The three bases of an account and, if asked for, the error of its cash in place of the kind's.

    Args:
        asset: whose account this is.
        lines: its services.
        cost_cny: taken off their cash, a year.
        catalogue: errors of services.
        specification: of the account.
        by_service: model the error by service.
        owner: path of what holds the account, such as "gep_revenue".

    Raises:
        InvalidInput: the asset states a valuation error of its own beside that of its services.
    """
    errors, field = catalogue.accounts.errors, f"{owner}.uncertainty_by_service"
    specified_at = f"{owner}.account_specification"
    names = [line.stated.service for line in lines]
    unconfirmed = catalogue.accounts.unconfirmed(names, specification, specified_at)
    doubts = tuple(of_unconfirmed_names(specification, unconfirmed, specified_at))
    services = tuple(
        AccountService(
            line.service.code,
            line.stated.service,
            line.gross_cny,
            line.realisable_cny,
            line.pledgor_cny,
            errors.service_cv(line.service.code, line.stated.quantity_cv) if by_service else None,
        )
        for line in lines
    )
    account = EcosystemAccount(
        specification,
        sum(service.gross_cny_per_year for service in services),
        sum(service.realisable_cny_per_year for service in services),
        sum(service.pledgor_cny_per_year for service in services) - cost_cny,
        services,
    )
    if not by_service:
        return AccountFindings(asset, account, doubts)
    terms = TermsOverride() if asset.terms is None else asset.terms
    if terms.quantity_cv is not None:
        raise InvalidInput.of(
            "terms.quantity_cv", f"found {terms.quantity_cv:g} beside {field}, expected one of the two"
        )
    assumptions = tuple(
        dict.fromkeys(
            errors.described(line.service.code, line.service.name_zh, line.stated.quantity_cv)
            for line in lines
        )
    )
    if account.cash_to_pledgor_cny_per_year <= 0.0:
        return AccountFindings(asset, account, doubts, assumptions)
    # Lines of one service have one error, unless they state errors of their own.
    cash: dict[tuple[str, float | None], float] = {}
    for line in lines:
        key = (line.service.code, line.stated.quantity_cv)
        cash[key] = cash.get(key, 0.0) + line.pledgor_cny
    error: AccountError = errors.error_of(list(cash), list(cash.values()), cost_cny)
    used_cv = min(error.cv, LARGEST_QUANTITY_CV)
    return AccountFindings(
        replace(asset, terms=replace(terms, quantity_cv=used_cv)),
        replace(account, error=error),
        (*doubts, *of_error_by_service(error, used_cv, field)),
        assumptions,
    )


def _gross_cny(entry: ServiceIncome | ServiceChange) -> float:
    if isinstance(entry, ServiceIncome):
        return entry.account_value_cny_per_year
    return (entry.quantity_with - entry.quantity_without) * entry.unit_price_cny
