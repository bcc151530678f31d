"""Real services in this process, on a database of the test's own, with some of the example folder's loans."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from flows.service_ports import Services
from services.loans import __main__ as loans_main
from services.loans.client import LoansClient
from services.loans.loan import Loan, RepaymentKind, RepaymentTerms
from services.loans.pledges.client import PledgeClient
from services.runtime.channel import open_channel
from services.runtime.database import make_engine
from services.runtime.migrate import upgrade_runtime
from services.runtime.server import build_server
from services.runtime.settings import load_settings
from services.valuation import __main__ as valuation_main
from services.valuation.client import ValuationClient

EXAMPLE = Path(__file__).resolve().parents[2] / "data" / "example_accounts"
AS_OF = dt.date(2026, 8, 21)
INSTITUTION = "refresh-test"
# Published amounts in 万元 (data/published_pledge_cases.csv); terms and default probabilities are the test's own.
LOANS_WAN = {"C13": 1000, "C21": 500, "C22": 300, "C26": 300}


@dataclass(frozen=True)
class Book:
    """Services that run, and clients to look at what they have."""

    address: str
    valuation: ValuationClient
    loans: LoansClient
    pledges: PledgeClient

    def services(self) -> Services:
        return Services(self.valuation, self.loans, self.pledges)

    def stored(self) -> dict[str, list[str]]:
        """Ids of the stored valuations by asset."""
        found: dict[str, list[str]] = {}
        for summary in self.valuation.all_valuations():
            found.setdefault(summary.asset_id, []).append(summary.valuation_id)
        return found

    def collateral(self) -> dict[str, tuple[str, ...]]:
        """Collateral ids by loan."""
        return {record.loan.loan_id: record.collateral_ids for record in self.loans.list_loans()}


@contextmanager
def running_book(folder: Path) -> Iterator[Book]:
    """Both services on one server, on a SQLite file in the folder."""
    engine = make_engine(f"sqlite:///{folder / 'book.db'}", sqlite_synchronous="NORMAL", wait_s=20.0)
    upgrade_runtime(engine)
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    registrations = [valuation_main.registration(engine), loans_main.registration(engine)]
    with (
        build_server(settings, registrations) as server,
        open_channel(server.address, institution_id=INSTITUTION) as channel,
    ):
        book = Book(server.address, ValuationClient(channel), LoansClient(channel), PledgeClient(channel))
        book.loans.put_loans(
            AS_OF, [example_loan(*item) for item in LOANS_WAN.items()], request_id="loans-of-the-example"
        )
        yield book
    engine.dispose()


def example_loan(loan_id: str, amount_wan: int) -> Loan:
    terms = RepaymentTerms(
        principal_cny=Decimal(amount_wan) * 10_000,
        drawn_on=AS_OF,
        periods=36,
        rate_annual=0.0415,
        kind=RepaymentKind.EQUAL_INSTALMENT,
    )
    return Loan(loan_id, f"B-{loan_id}", "", "", "", "", terms, 0.02, 0.15, 0.45)
