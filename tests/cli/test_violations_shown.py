from cli.violations_shown import MOST_SHOWN, violation_lines
from services.runtime.errors import FieldViolation


def test_few_are_shown_as_they_are() -> None:
    few = [FieldViolation(f"rows[{i}]", "is missing") for i in range(MOST_SHOWN)]
    assert list(violation_lines(few)) == [str(violation) for violation in few]


def test_the_rest_is_counted_by_what_is_wrong_without_what_was_found() -> None:
    many = [
        FieldViolation(f"rows[{i}].area", f"found {-i / 2}, expected a number above 0") for i in range(30)
    ]
    many += [FieldViolation(f"rows[{i}].day", f"found 'day {i}', expected a date") for i in range(15)]
    lines = list(violation_lines(many))
    assert lines[:20] == [str(violation) for violation in many[:20]]
    assert "25" in lines[20]
    assert lines[21:] == ["  15 × found …, expected a date", "  10 × found …, expected a number above 0"]
    assert list(violation_lines(many, every=True)) == [str(violation) for violation in many]
