"""The settings, their documentation and the example file say the same."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings, SettingsUnusable, read_settings, read_settings_anyway
from inference.dispatcher.__main__ import main
from inference.setting_values import example_of

ROOT = Path(__file__).parents[2]
WRONG = """
DAILY_CREDITS=lots
LEASE_S=1
HANG_TIMEOUT_S=0
TRAINING_SHARE=1.5
DESK_PORT=99999
GIFTS=perhaps
RELAXED=image,dreams
HOME_GUILDS=Studio
TIMEZONE=Berlin
DEVICES=gpu
ENGINES=factory
LOG_LEVEL=LOUD
LOG_FORMAT=xml
DISCORD_TOKEN=token-canary
"""


def names() -> set[str]:
    return {name.upper() for name in Settings.model_fields}


def test_settings_are_all_documented_and_no_others() -> None:
    documented = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "docs/settings.md").read_text("utf-8"), re.MULTILINE))
    assert documented == names()


def test_settings_descriptions_stand_in_the_docs() -> None:
    text = (ROOT / "docs/settings.md").read_text("utf-8")
    missing = [name for name, field in Settings.model_fields.items() if (field.description or "?") not in text]
    assert missing == []


@pytest.mark.parametrize("file", sorted((ROOT / "deploy").rglob("*.env")), ids=lambda file: str(file.name))
def test_example_files_name_only_settings_that_exist(file: Path) -> None:
    named = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", file.read_text("utf-8"), re.MULTILINE))
    assert named
    assert named <= names() | {"POSTGRES_PASSWORD"}


def test_settings_have_defaults_for_everything() -> None:
    settings = Settings(_env_file=None)
    assert settings.database.startswith("sqlite:///")


def test_settings_take_an_empty_token_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "  ")
    assert Settings(_env_file=None).discord_token is None


def test_settings_refuse_an_unknown_log_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(ValidationError, match="LOG_LEVEL"):
        Settings(_env_file=None)


def test_settings_never_print_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "canary-token")
    assert "canary-token" not in repr(Settings(_env_file=None))


def test_settings_take_ids_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_GUILDS", "130000000000000001, 7")
    assert Settings(_env_file=None).home_guilds == {130000000000000001, 7}


def test_settings_refuse_an_id_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_GUILDS", "The Studio")
    with pytest.raises(ValidationError, match="home_guilds"):
        Settings(_env_file=None)


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder whose `.env` is full of mistakes."""
    (tmp_path / ".env").write_text(WRONG)
    monkeypatch.chdir(tmp_path)
    for name in names():
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("wrong")
def test_values_that_are_wrong_are_told_all_at_once_with_what_is_allowed_and_an_example() -> None:
    with pytest.raises(SettingsUnusable) as refused:
        read_settings()
    assert set(str(refused.value).splitlines()) == {
        "DAILY_CREDITS=lots is not allowed: it takes a whole number, 0 or more. Example: DAILY_CREDITS=100",
        "LEASE_S=1 is not allowed: it takes a number, 5 or more. Example: LEASE_S=30",
        "HANG_TIMEOUT_S=0 is not allowed: it takes a number above 0. Example: HANG_TIMEOUT_S=300",
        "TRAINING_SHARE=1.5 is not allowed: it takes a number from 0 to 1. Example: TRAINING_SHARE=0.25",
        "DESK_PORT=99999 is not allowed: it takes a whole number from 0 to 65535. Example: DESK_PORT=8091",
        "GIFTS=perhaps is not allowed: it takes true or false. Example: GIFTS=false",
        "RELAXED=dreams is not allowed: it takes image, train, transcribe, upscale, with commas between. "
        "Example: RELAXED=image,transcribe,upscale",
        "HOME_GUILDS=Studio is not allowed: it takes whole numbers, with commas between. "
        "Example: HOME_GUILDS=130000000000000001",
        "TIMEZONE=Berlin is not allowed: there is no time zone 'Berlin'. Did you mean Europe/Berlin? "
        "Example: TIMEZONE=Europe/Berlin",
        "DEVICES=gpu is not allowed: DEVICES is 'auto', 'cpu', or GPUs such as 'cuda:0,cuda:1', but not 'gpu'. "
        "Example: DEVICES=auto",
        "ENGINES=factory is not allowed: it takes package.module:function. "
        "Example: ENGINES=inference.engines.factory:build",
        "LOG_LEVEL=LOUD is not allowed: LOG_LEVEL is one of DEBUG, INFO, WARNING, ERROR. Example: LOG_LEVEL=INFO",
        "LOG_FORMAT=xml is not allowed: it takes text or json. Example: LOG_FORMAT=text",
    }


@pytest.mark.usefixtures("wrong")
def test_doctor_goes_on_with_defaults_in_place_of_wrong_values() -> None:
    settings, wrong = read_settings_anyway()
    assert len(wrong) == WRONG.count("=") - 1
    assert (settings.daily_credits, settings.timezone, settings.desk_port) == (100, "UTC", None)
    assert settings.discord_token is not None  # what is right is kept


def test_file_that_is_no_text_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_bytes(b"DAILY_CREDITS=5 # f\xfcr alle\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsUnusable, match=r"\.env can't be read: it is not a text in UTF-8"):
        read_settings()
    assert read_settings_anyway()[0].daily_credits == 100


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_example_of_a_setting_is_a_value_that_it_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name.upper(), example_of(Settings.model_fields[name]))
    Settings(_env_file=None)


@pytest.mark.parametrize("name", ["TIERS", "CATALOGUE", "DESK_PORT", "METRICS_PORT", "DESK_TOKEN", "DISCORD_TOKEN"])
def test_setting_that_is_left_empty_is_not_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    assert not getattr(Settings(_env_file=None), name.lower())


def test_dispatcher_alone_refuses_a_wrong_value_as_the_bot_does() -> None:
    with pytest.raises(
        SystemExit, match=r"LEASE_S=soon is not allowed: it takes a number, 5 or more\. Example: LEASE_S=30"
    ):
        main(["--lease_s", "soon"])
