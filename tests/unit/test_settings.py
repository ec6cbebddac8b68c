"""The settings, their documentation and the example file say the same."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings

ROOT = Path(__file__).parents[2]


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
