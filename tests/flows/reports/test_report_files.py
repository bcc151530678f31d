"""What reports are called on disk: two that are about different things never share a name."""

import pytest

from flows.reports.report_files import file_stem


def test_a_name_says_what_it_is_about() -> None:
    assert file_stem("gep-assessment", "示例县", "2025", "2026Q3") == "gep-assessment-示例县-2025-2026Q3"
    assert file_stem("gep-assessment", "示例县", "2025", "") == "gep-assessment-示例县-2025"


@pytest.mark.parametrize(
    ("one", "other"), [("A/B", "A_B"), ("A/B", "A B"), ("W" * 70 + "1", "W" * 70 + "2"), ("../x", "..\\x")]
)
def test_names_that_would_look_alike_stay_apart(one: str, other: str) -> None:
    stems = file_stem("appraisal", one), file_stem("appraisal", other)
    assert len(set(stems)) == 2
    assert all("/" not in stem and "\\" not in stem for stem in stems)
