"""Names that were meant to be settings: all unknown ones of `.env`, and of the environment those that are like ours."""

from pathlib import Path

import pytest

from bot.settings import Settings
from bot.start.setting_names import UnknownName, unknown_names


def found(file: Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    return [str(one).removeprefix(f"In {file}, ") for one in unknown_names({}, file)]


def test_misspelt_line_of_the_file_is_told_with_its_number_and_what_was_meant(tmp_path: Path) -> None:
    text = "# credits\n\nDAILY_CREDTS=200\nGIFTS=true\nexport discord_tokn='x'\n"
    assert found(tmp_path / ".env", text) == [
        "line 3: DAILY_CREDTS is no setting. Did you mean DAILY_CREDITS?",
        "line 5: discord_tokn is no setting. Did you mean DISCORD_TOKEN?",
    ]


def test_line_of_the_file_that_is_like_no_setting_is_told_too(tmp_path: Path) -> None:
    (told,) = found(tmp_path / ".env", "HF_TOKEN=secret-canary\n")
    assert told.startswith("line 1: HF_TOKEN is no setting. Nothing else reads this file")
    assert "canary" not in told


@pytest.mark.parametrize("line", ["DAILY_CREDITS 200", "DAILY_CREDITS: 200", "DAILY_CREDITS", 'DESK_TOKEN="canary'])
def test_line_of_the_file_that_is_not_read_is_told_without_what_is_in_it(tmp_path: Path, line: str) -> None:
    assert found(tmp_path / ".env", f"GIFTS=true\n{line}\n") == [
        "line 2: this line is not read. Write NAME=value; quotes come in pairs."
    ]


def test_file_with_settings_of_ours_and_of_the_deployment_is_right(tmp_path: Path) -> None:
    ours = "".join(f"{name.upper()}=\n" for name in Settings.model_fields)
    text = f"{ours}daily_credits=5\nPOSTGRES_PASSWORD=x\nDESK_TOKEN='of\ntwo lines'\n"
    assert found(tmp_path / ".env", text) == []
    assert unknown_names({}, tmp_path / "none.env") == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DAILY_CREDTS", "DAILY_CREDITS"),
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("ATELIER_DEVICES", "DEVICES"),
        ("HOME_GUILD", "HOME_GUILDS"),
        ("timezones", "TIMEZONE"),
    ],
)
def test_name_in_the_environment_that_is_like_one_of_ours_is_told(tmp_path: Path, name: str, meant: str) -> None:
    assert unknown_names({name: "x"}, tmp_path / ".env") == [UnknownName("the environment", name, meant)]


def test_names_of_other_programs_in_the_environment_are_none_of_ours(tmp_path: Path) -> None:
    others = (
        "LINES COLUMNS LANG LANGUAGE PATH HOME PWD OLDPWD SHELL TERM TZ DISPLAY EDITOR BROWSER MAIL USER "
        "LOGNAME HOSTNAME XDG_DATA_DIRS XDG_DATA_HOME XDG_SESSION_TYPE CUDA_VISIBLE_DEVICES "
        "NVIDIA_VISIBLE_DEVICES OMP_NUM_THREADS HF_TOKEN HF_HOME AWS_ACCESS_KEY_ID PGHOST PGDATABASE PGPORT "
        "POSTGRES_PASSWORD DATABASE_PORT REDIS_PORT KUBERNETES_SERVICE_PORT SSH_AUTH_SOCK "
        "DBUS_SESSION_BUS_ADDRESS GITHUB_TOKEN CI PYTHONPATH VIRTUAL_ENV ATELIER_TEST_GATE "
        "ATELIER_TEST_SLOTS NODE_ENV npm_config_cache LC_ALL LS_COLORS PS1 DEBUG PORT HOST"
    )
    assert unknown_names(dict.fromkeys(others.split(), "x"), tmp_path / ".env") == []
