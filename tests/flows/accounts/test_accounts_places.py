"""Files of a folder are named as the user typed the folder."""

from pathlib import Path

import pytest

from flows.accounts.problems import Problem, in_folder, refusal
from services.runtime.errors import InvalidInput


def fail(problem: Problem) -> None:
    error = refusal([problem])
    error.add_note("kept in quarantine")
    raise error


def refused(problem: Problem) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught, in_folder(Path("data/example_accounts")):
        fail(problem)
    return caught.value


def test_a_file_is_named_with_its_folder_and_its_cell() -> None:
    error = refused(Problem("pledges.csv", "'x'", "a number", row=3, column="pledged_share"))
    [found] = error.violations
    assert str(found) == (
        "data/example_accounts/pledges.csv, row 3, column pledged_share: found 'x', expected a number"
    )
    assert error.__notes__ == ["kept in quarantine"]


def test_a_path_that_is_whole_stays() -> None:
    [found] = refused(Problem("data/other", "no such folder", "a folder")).violations
    assert found.field == "data/other"
