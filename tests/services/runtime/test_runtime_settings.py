from pathlib import Path

import pytest

from services.runtime.errors import InvalidInput
from services.runtime.settings import Settings, load_settings


def test_defaults_need_no_environment() -> None:
    settings = load_settings()
    assert settings.database_url.get_secret_value() == "sqlite:///var/ecopledge.db"
    assert (settings.listen_address, settings.institution_id) == ("127.0.0.1:50551", "demo")
    assert settings.sqlite_synchronous == "FULL"


def test_every_setting_is_described() -> None:
    described = Settings.__doc__ or ""
    assert [name for name in Settings.model_fields if f"        {name}: " not in described] == []


def test_the_environment_decides_and_overrides_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOPLEDGE_INSTITUTION_ID", "bank-a")
    monkeypatch.setenv("ECOPLEDGE_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("ECOPLEDGE_READY_PATH", "a b/ready")
    settings = load_settings(institution_id="bank-b")
    assert (settings.institution_id, settings.log_level) == ("bank-b", "debug")
    assert settings.ready_path == Path("a b/ready")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOPLEDGE_AUTH_TOKEN", "")
    assert load_settings().auth_token is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ECOPLEDGE_MAX_THREADS", "0"),
        ("ECOPLEDGE_MAX_THREADS", "many"),
        ("ECOPLEDGE_LISTEN_ADDRESS", "localhost"),
        ("ECOPLEDGE_LISTEN_ADDRESS", "localhost:99999"),
        ("ECOPLEDGE_LISTEN_ADDRESS", "::1:50551"),
        ("ECOPLEDGE_INSTITUTION_ID", "Bank A"),
        ("ECOPLEDGE_LOG_LEVEL", "loud"),
        ("ECOPLEDGE_STOP_GRACE_S", "nan"),
        ("ECOPLEDGE_STOP_GRACE_S", "-1"),
        ("ECOPLEDGE_DEFAULT_DEADLINE_S", "0"),
        ("ECOPLEDGE_MAX_REQUEST_BYTES", "3000000000"),
        ("ECOPLEDGE_SQLITE_SYNCHRONOUS", "OFF"),
        ("ECOPLEDGE_DASK_SCHEDULER", "127.0.0.1:8786"),
        ("ECOPLEDGE_DASK_SCHEDULER", "tcp://10.0.0.5:8786"),
        ("ECOPLEDGE_DASK_SCHEDULER", "tls://10.0.0.5"),
    ],
)
def test_a_bad_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidInput) as caught:
        load_settings()
    assert [violation.field for violation in caught.value.violations] == [variable]
    assert repr(value) in caught.value.message


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tls://10.0.0.5:8786"])
def test_a_scheduler_beyond_this_machine_is_reached_by_tls(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("ECOPLEDGE_DASK_SCHEDULER", address)
    assert load_settings().dask_scheduler == address


def test_all_bad_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        "ECOPLEDGE_MAX_THREADS",
        "ECOPLEDGE_STOP_GRACE_S",
        "ECOPLEDGE_LOG_LEVEL",
        "ECOPLEDGE_DATABASE_WAIT_S",
    }
    for name in names:
        monkeypatch.setenv(name, "?")
    with pytest.raises(InvalidInput) as caught:
        load_settings()
    assert {violation.field for violation in caught.value.violations} == names


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOPLEDGE_AUTH_TOKEN", "tooshort")
    with pytest.raises(InvalidInput) as caught:
        load_settings()
    assert "tooshort" not in caught.value.message
    settings = load_settings(auth_token="hidden" * 3, database_url="postgresql://u:hidden@h/d")
    assert "hidden" not in repr(settings)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().max_threads = 3


def test_a_misspelt_variable_is_named_with_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOPLEDGE_AUTH_TOKN", "a-secret-nobody-may-see")
    monkeypatch.setenv("ECOPLEDGE_MAX_THREADS", "0")
    with pytest.raises(InvalidInput) as caught:
        load_settings()
    assert [violation.field for violation in caught.value.violations] == [
        "ECOPLEDGE_AUTH_TOKN",
        "ECOPLEDGE_MAX_THREADS",
    ]
    assert "did you mean ECOPLEDGE_AUTH_TOKEN?" in caught.value.message
    assert "nobody-may-see" not in caught.value.message


def test_the_variable_of_the_command_line_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOPLEDGE_TARGET", "127.0.0.1:50551")
    assert load_settings().institution_id == "demo"
