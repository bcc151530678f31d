"""Section: the account behind the value, its bases kept apart: gross product, what is paid, what the pledgor gets."""

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import APPRAISAL, chapter, heading, mark_of
from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Bar, BarChart
from flows.reports.document import (
    Block,
    Cell,
    ColumnKind,
    Figure,
    KeyFigure,
    KeyFigures,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import CNY_PER_WAN, in_wan, percent
from services.valuation.accounts.ecosystem_account import AccountError, AccountService, EcosystemAccount
from services.valuation.asset import Asset, GepRevenueRight

_UNCONFIRMED = "SERVICE_NAMES_UNCONFIRMED"


def account_section(appraisal: PledgeAppraisal) -> Section | None:
    """The three bases service by service and the error of the cash; None where no account stands behind the asset."""
    account, mark = appraisal.valuation.ecosystem_account, mark_of(appraisal)
    if account is None:
        return None
    blocks: list[Block] = [
        Paragraph(APPRAISAL.text("account")),
        Paragraph(_specification_words(account, appraisal.asset)),
        _bases(account, mark),
        Figure(APPRAISAL.title("bases"), _chart(account)),
        _service_table(account, mark, in_doubt=_has_unconfirmed_names(appraisal)),
    ]
    if account.error is not None:
        blocks.append(_error_table(account.error, mark))
    return chapter("account", *blocks)


def _specification_words(account: EcosystemAccount, asset: Asset) -> Bilingual:
    """Which specification names the services; one that is named in words alone is told, its names are not known."""
    if account.specification is not None:
        return APPRAISAL.text("specification", specification=str(account.specification))
    named = asset.detail.specification if isinstance(asset.detail, GepRevenueRight) else ""
    return (
        APPRAISAL.text("unknown_specification", specification=named)
        if named
        else APPRAISAL.text("no_specification")
    )


def _has_unconfirmed_names(appraisal: PledgeAppraisal) -> bool:
    """Whether names of services have not been compared with the specification's own text; the warnings say which."""
    return any(caution.code == _UNCONFIRMED for caution in appraisal.valuation.cautions)


def _bases(account: EcosystemAccount, mark: Mark) -> KeyFigures:
    gross = account.gross_cny_per_year
    amounts = {
        "gross": gross,
        "realisable": account.realisable_cny_per_year,
        "cash_to_pledgor": account.cash_to_pledgor_cny_per_year,
    }
    return KeyFigures(
        tuple(
            KeyFigure(
                APPRAISAL.word("figure", name),
                in_wan(amount),
                APPRAISAL.word("figure", "of_gross", share=percent(amount / gross, 2))
                if name != "gross" and gross > 0.0
                else None,
                mark,
            )
            for name, amount in amounts.items()
        )
    )


def _chart(account: EcosystemAccount) -> BarChart:
    bars = (
        Bar(APPRAISAL.word("figure", "gross").zh, account.gross_cny_per_year / CNY_PER_WAN),
        Bar(APPRAISAL.word("figure", "realisable").zh, account.realisable_cny_per_year / CNY_PER_WAN),
        Bar(
            APPRAISAL.word("figure", "cash_to_pledgor").zh, account.cash_to_pledgor_cny_per_year / CNY_PER_WAN
        ),
    )
    return BarChart(Bilingual("万元/年", "10,000 CNY a year"), bars)


def _service_table(account: EcosystemAccount, mark: Mark, *, in_doubt: bool) -> Table:
    rows = [_service_row(service, mark, in_doubt=in_doubt) for service in account.services]
    cost = (
        sum(service.pledgor_cny_per_year for service in account.services)
        - account.cash_to_pledgor_cny_per_year
    )
    none = Cell(None)
    if cost > 0.0:
        rows.append(Row((Cell(APPRAISAL.word("row", "cost")), none, none, Cell(-cost, mark), none)))
    error = None if account.error is None else account.error.cv
    rows.append(
        Row(
            (
                Cell(APPRAISAL.word("row", "total")),
                Cell(account.gross_cny_per_year, mark),
                Cell(account.realisable_cny_per_year, mark),
                Cell(account.cash_to_pledgor_cny_per_year, mark),
                Cell(error, mark if error is not None else Mark.PLAIN),
            ),
            is_total=True,
        )
    )
    return Table(
        APPRAISAL.title("services"),
        (
            heading("service"),
            heading("gross", ColumnKind.WAN),
            heading("realisable", ColumnKind.WAN),
            heading("cash_to_pledgor", ColumnKind.WAN),
            heading("error_cv", ColumnKind.PERCENT),
        ),
        tuple(rows),
        APPRAISAL.text("services"),
    )


def _service_row(service: AccountService, mark: Mark, *, in_doubt: bool) -> Row:
    return Row(
        (
            _service_name(service, in_doubt=in_doubt),
            Cell(service.gross_cny_per_year, mark),
            Cell(service.realisable_cny_per_year, mark),
            Cell(service.pledgor_cny_per_year, mark),
            Cell(service.error_cv),
        )
    )


def _service_name(service: AccountService, *, in_doubt: bool) -> Cell:
    """The service, and how the specification calls it where that differs; marked where that name is in doubt."""
    name = APPRAISAL.word("service", service.service)
    if service.stated_as == service.service:
        return Cell(name)
    shown = Bilingual(f"{name.zh}（{service.stated_as}）", name.en)
    return Cell(shown, Mark.FLAGGED, APPRAISAL.text("unconfirmed_name")) if in_doubt else Cell(shown)


def _error_table(error: AccountError, mark: Mark) -> Table:
    rows = [
        Row((Cell(APPRAISAL.word("row", "error_as_modelled")), Cell(error.cv, mark)), is_total=True),
        Row((Cell(APPRAISAL.word("row", "error_if_independent")), Cell(error.cv_if_independent))),
        Row((Cell(APPRAISAL.word("row", "error_if_one")), Cell(error.cv_if_one))),
    ]
    causes = sorted(error.causes, key=lambda cause: (-cause.cv, cause.cause))
    rows += [Row((Cell(Bilingual(cause.name_zh, cause.name_en)), Cell(cause.cv))) for cause in causes]
    return Table(
        APPRAISAL.title("error"),
        (heading("cause"), heading("error_cv", ColumnKind.PERCENT)),
        tuple(rows),
        APPRAISAL.text("error"),
    )
