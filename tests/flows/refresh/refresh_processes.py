"""The services and `ecopledge refresh` as processes of their own, for tests that hurt them; all on loopback."""

import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.loans.client import LoansClient
from services.runtime.channel import open_channel
from tests.flows.running_book import AS_OF, EXAMPLE, LOANS_WAN, example_loan

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 120.0


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli.main", *arguments]


def _environment(**more: str) -> dict[str, str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("ECOPLEDGE_", "PREFECT_"))
    }
    return clean | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'protos' / 'gen'}"} | more


@dataclass
class ServiceProcess:
    """The valuation and loans services on one port and one SQLite file, which can be killed and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[str] | None" = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.folder / "services.db"

    def start(self) -> None:
        """Returns when it listens."""
        self.process = subprocess.Popen(
            _command("serve", "--only", "valuation", "--only", "loans", "--listen", self.address),
            cwd=self.folder,
            env=_environment(
                ECOPLEDGE_DATABASE_URL=f"sqlite:///{self.database}", ECOPLEDGE_DATABASE_WAIT_S="1"
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline()

    def kill(self) -> None:
        """As a power cut would end it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None

    def put_loans(self, institution_id: str) -> None:
        """The loans of the example."""
        with open_channel(self.address, institution_id=institution_id) as channel:
            loans = [example_loan(*item) for item in LOANS_WAN.items()]
            LoansClient(channel).put_loans(AS_OF, loans, request_id="loans-of-the-example")

    def stored(self, institution_id: str) -> dict[str, list[str]]:
        """Ids of the stored valuations by asset, read from the file, so also while nothing runs."""
        found: dict[str, list[str]] = {}
        query = "SELECT asset_id, valuation_id FROM valuations WHERE institution_id = ? ORDER BY 1, 2"
        for asset_id, valuation_id in self._rows(query, institution_id):
            found.setdefault(asset_id, []).append(valuation_id)
        return found

    def collateral(self, institution_id: str) -> list[str]:
        """Every stored state of collateral, by id; one that was stored twice is there twice."""
        query = "SELECT collateral_id, 1 FROM collateral_state WHERE institution_id = ? ORDER BY 1"
        return [row[0] for row in self._rows(query, institution_id)]

    def _rows(self, query: str, institution_id: str) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10.0)) as connection:
            return connection.execute(query, (institution_id,)).fetchall()

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """The write lock of the database, held as another program would hold it."""
        with closing(sqlite3.connect(self.database, isolation_level=None, timeout=30.0)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")


@dataclass
class RefreshProcess:
    """One run of `ecopledge refresh`, and what it said."""

    process: "subprocess.Popen[bytes]"
    folder: Path

    def ended(self) -> int:
        """The exit code."""
        return self.process.wait(PATIENCE_S)

    @property
    def said(self) -> str:
        """What stands on stderr, without the bar that shows progress."""
        return (self.folder / "stderr").read_text(encoding="utf-8")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class Refreshing:
    """How runs of one institution are started: against which services, on which Prefect server, to which folder."""

    folder: Path
    address: str
    prefect_api: str
    institution_id: str

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @contextmanager
    def started(
        self, *, accounts: Path = EXAMPLE, batch: int = 5, largest_file_bytes: int | None = None
    ) -> Iterator[RefreshProcess]:
        """A run; it is ended with the block, whatever happens.

        Args:
            accounts: folder of accounts.
            batch: pledges in one call.
            largest_file_bytes: a limit of the system on what the run may write to one file.
        """

        options = ["--accounts", str(accounts), "--out", str(self.out), "--as-of", AS_OF.isoformat()]
        options += ["--batch", str(batch), "--target", self.address, "--json"]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "stdout").open("wb") as stdout, (self.folder / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                _command("refresh", *options),
                cwd=self.folder,
                env=_environment(
                    PREFECT_API_URL=self.prefect_api,
                    PREFECT_HOME=str(self.folder / "prefect"),
                    ECOPLEDGE_INSTITUTION_ID=self.institution_id,
                ),
                stdout=stdout,
                stderr=stderr,
            )
        if largest_file_bytes is not None:
            # From outside, long before it writes: a function that runs before exec makes this process fork, and gRPC's
            # threads start again in the fork, find their descriptors closed and abort it.
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest_file_bytes, largest_file_bytes))
        try:
            yield RefreshProcess(process, self.folder)
        finally:
            process.kill()
            process.wait()

    def run(self, *, accounts: Path = EXAMPLE, largest_file_bytes: int | None = None) -> tuple[int, str]:
        """A run to its end: exit code, and what stands on stderr."""
        with self.started(accounts=accounts, largest_file_bytes=largest_file_bytes) as run:
            return run.ended(), run.said
