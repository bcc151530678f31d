"""Compiled functions on disk follow the sources: what another file says now, not what it said when they were kept."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from quant import compiled_cache

QUANT = Path(compiled_cache.__file__).parent

INNER = """
from quant.compiled import {way}
@{way}
def rate(x):
    return {rate} * x
"""
OUTER = """
from quant.compiled import compiled
from quant.inner import rate
@compiled
def interest(x):
    return rate(x)
print(interest(1.0), sum(interest.stats.cache_hits.values()))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of that name with two files of its own, one of which calls the other."""
    folder = tmp_path / "quant"
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name in ("compiled.py", "compiled_cache.py", "sources.py"):
        shutil.copy(QUANT / name, folder / name)
    (folder / "outer.py").write_text(OUTER)
    return folder


def interest(package: Path) -> tuple[float, int]:
    """What a fresh process computes, and whether it took the function from the disk."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    printed = subprocess.run(
        [sys.executable, "-c", "import quant.outer"], check=True, capture_output=True, text=True,
        cwd=package.parent, env=environment | {"PYTHONPATH": str(package.parent)},
    ).stdout.split()  # fmt: skip
    return float(printed[0]), int(printed[1])


@pytest.mark.parametrize("way", ["compiled", "inlined"])
def test_a_change_in_another_file_is_computed_with(package: Path, way: str) -> None:
    inner = package / "inner.py"
    inner.write_text(INNER.format(way=way, rate=0.03))
    assert interest(package) == (0.03, 0)
    assert interest(package) == (0.03, 1)  # kept on disk, and used

    inner.write_text(INNER.format(way=way, rate=0.05))
    assert interest(package) == (0.05, 0)
    assert interest(package) == (0.05, 1)


def test_functions_of_other_packages_are_kept_as_numba_would(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.touch()
    for locator in (compiled_cache.ProvidedFolder, compiled_cache.BesideSource, compiled_cache.UserFolder):
        assert locator.from_function(interest, str(elsewhere)) is None


def test_every_function_is_compiled_by_the_one_way_that_knows_the_sources() -> None:
    uses = {
        path.relative_to(QUANT).as_posix()
        for path in QUANT.rglob("*.py")
        if re.search(r"^\s*(import numba|from numba)", path.read_text(), re.MULTILINE)
    }
    assert uses == {"compiled.py", "compiled_cache.py"}
