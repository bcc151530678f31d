"""Where the real input that the product bundles lies: the folder data/, beside the packages."""

from pathlib import Path

from services.runtime.errors import InvalidInput

BUNDLED_DATA = Path(__file__).resolve().parents[2] / "data"


def bundled(name: str) -> Path:
    """Path of a bundled file or folder, such as "market/standard.toml".

    Raises:
        InvalidInput: if it is not there; the installation is incomplete.
    """
    path = BUNDLED_DATA / name
    if not path.exists():
        raise InvalidInput.of(str(path), "no such file, expected it to be installed with ecopledge")
    return path
