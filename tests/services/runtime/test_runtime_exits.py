import pytest

from services.runtime.errors import FailedPrecondition, FieldViolation, InvalidInput
from services.runtime.exits import exiting_with_message


def test_wrong_input_exits_with_2_and_every_violation(capsys: pytest.CaptureFixture[str]) -> None:
    violations = [FieldViolation(f"rows[{i}].area_ha", "found -1, expected 0 or more") for i in range(5)]
    with pytest.raises(SystemExit) as caught, exiting_with_message():
        raise InvalidInput.from_violations(violations)
    assert caught.value.code == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert all(f"rows[{i}].area_ha: found -1" in written.err for i in range(5))


def test_another_domain_error_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, exiting_with_message():
        raise FailedPrecondition("port 50551 is in use")
    assert caught.value.code == 1
    assert capsys.readouterr().err == "ecopledge: port 50551 is in use\n"


def test_a_fault_keeps_its_traceback() -> None:
    with pytest.raises(KeyError), exiting_with_message():
        raise KeyError("x")
