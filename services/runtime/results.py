"""What every service's results are made of: warnings, distributions, manifests."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a warning weighs."""

    NOTE = "note"
    WARNING = "warning"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Caution:
    """Something a careful reader should know about a figure.

    Attributes:
        code: stable, such as "PRICE_FAR_ABOVE_MARKET".
        severity: how much it weighs.
        message_zh, message_en: plain words.
        field: path of the field it is about, empty for the whole.
    """

    code: str
    severity: Severity
    message_zh: str
    message_en: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Quantile:
    """A point of a distribution with its standard error."""

    probability: float
    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """Summary of a simulated distribution."""

    mean: float
    mean_standard_error: float
    standard_deviation: float
    quantiles: tuple[Quantile, ...]

    def quantile(self, probability: float) -> float:
        """The reported quantile at a probability.

        Raises:
            KeyError: if that probability was not reported.
        """
        for point in self.quantiles:
            if point.probability == probability:
                return point.value
        raise KeyError(f"quantile {probability}: reported are {[p.probability for p in self.quantiles]}")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long simulation has come.

    Attributes:
        paths_done, paths_total: paths.
        searches_done, searches_total: of the smallest move that breaks a limit; 0 in all while none is under way.
    """

    paths_done: int
    paths_total: int
    searches_done: int = 0
    searches_total: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What it takes to compute a result again to the last bit; hashes are SHA-256, hexadecimal."""

    input_hash: str
    snapshot_id: str
    snapshot_hash: str
    catalogue_hash: str
    seed: int
    n_paths: int
    engine_version: str
