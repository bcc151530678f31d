"""A full disk leaves the report that was there and no half file."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.reports.whole_files import replace_together


@contextmanager
def disk_that_takes(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to let any file of this process grow beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_leaves_the_old_files_and_nothing_else(tmp_path: Path) -> None:
    replace_together(tmp_path, {"a.html": b"old a", "b.xlsx": b"old b"})
    with disk_that_takes(10_000), pytest.raises(OSError, match="File too large"):
        replace_together(tmp_path, {"a.html": b"new a", "b.xlsx": b"x" * 100_000})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a.html": b"old a",
        "b.xlsx": b"old b",
    }


def test_new_files_take_the_place_of_the_old(tmp_path: Path) -> None:
    replace_together(tmp_path, {"a.html": b"old"})
    replace_together(tmp_path, {"a.html": b"new", "b.xlsx": b"b"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.html": b"new", "b.xlsx": b"b"}
    assert (tmp_path / "a.html").stat().st_mode & 0o777 == 0o644
