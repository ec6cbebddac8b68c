"""Set-ups that are really broken: what the real `atelier doctor` says of each, and how a real start refuses it."""

import asyncio
import base64
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import STUDIO
from db.engine import Database
from tests.support.acceptance.commands import WITHOUT_MODEL, Ended, atelier, started, until_ready
from tests.support.acceptance.forked import forked
from tests.support.speech_weights import weights

TOKEN = f"{base64.b64encode(b'1181423900221145108').decode().rstrip('=')}.GaBcDe.{'x' * 38}"
TIERS = '[[tier]]\nname = "everybody"\n\n[[tier]]\nname = "patrons"\nroles = [1]\ndaily_credits = -5\n'
MANY = """
DAILY_CREDTS=200
LANES two
TIMEZONE=Europe/Berln
MAX_RUNNING=0
TIERS=tiers.toml
DEVICES=cuda:0
SANDBOX_PORT={port}
METRICS_PORT={port}
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which much is wrong at once; no speech weights are in it either."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "tiers.toml").write_text(TIERS)
    return folder


@pytest.fixture(scope="module")
def told_of_many(many: Path) -> Iterator[Ended]:
    """What the doctor says of that folder, while a program listens on the port of its settings."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        (many / ".env").write_text(MANY.format(port=server.getsockname()[1]))
        yield asyncio.run(atelier(many, "doctor"))


@pytest.mark.parametrize(
    "line",
    [
        r"settings: In \.env, line 2: DAILY_CREDTS is no setting\. Did you mean DAILY_CREDITS\?",
        r"settings: In \.env, line 3: this line is not read\. Write NAME=value",
        r"settings: TIMEZONE=Europe/Berln is not allowed: .*Did you mean Europe/Berlin\? Example: TIMEZONE=",
        r"settings: MAX_RUNNING=0 is not allowed: it takes a whole number, 1 or more\. Example: MAX_RUNNING=2",
        r"TIERS: .*tiers\.toml.*: line 7: daily_credits is -5: .*greater than or equal to 0\. Correct it",
        r"DEVICES: it names cuda:0, and torch sees .* here\. Set DEVICES=auto",
        r"ports: SANDBOX_PORT: port \d+ on 127\.0\.0\.1 is taken by another program\. End that program, or set",
        r"ports: METRICS_PORT: port \d+ on 127\.0\.0\.1 is SANDBOX_PORT, too\. Set METRICS_PORT to",
        r"speech model base: its weights are not in .*/\.cache/whisper/base, .*\. Run: .*python.* -m .*fetch base --to",
    ],
)
def test_everything_that_is_wrong_is_one_line_of_the_doctor(told_of_many: Ended, line: str) -> None:
    problems = [said for said in told_of_many.said.splitlines() if said.startswith("PROBLEM")]
    assert [said for said in problems if re.match(rf"PROBLEM  {line}", said)], told_of_many.said


def test_doctor_sums_up_in_the_last_line_and_in_its_status(told_of_many: Ended) -> None:
    problems = sum(line.startswith("PROBLEM") for line in told_of_many.said.splitlines())
    assert told_of_many.status == 1
    assert told_of_many.said.splitlines()[-1].startswith(f"{problems} problems to mend, ")
    assert "Traceback" not in told_of_many.complained


async def test_doctor_finds_nothing_wrong_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache/whisper").symlink_to(weights("base").parent)
    (tmp_path / ".env").write_text("SANDBOX_PORT=0\nDEVICES=cpu\n")
    ended = await atelier(tmp_path, "doctor")
    assert [line for line in ended.said.splitlines() if line.startswith("PROBLEM")] == []
    assert ended.status == 0
    assert ended.said.splitlines()[-1].startswith("No problems, ")
    assert not (tmp_path / ".cache/atelier/atelier.db").exists()


async def test_second_bot_on_a_data_folder_is_refused_and_the_doctor_knows_the_first(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(WITHOUT_MODEL)
    async with started(tmp_path) as first:
        await until_ready(first)
        second = await forked(tmp_path)
        assert second.status == 1
        assert f"Another Atelier (process {first.pid} on " in second.complained
        assert "DATA_DIR" in second.complained
        assert "Traceback" not in second.complained
        (tmp_path / "broken.toml").write_text("[[image")  # models and devices are another test's
        (tmp_path / ".env").write_text(f"{WITHOUT_MODEL}CATALOGUE=broken.toml\n")
        told = await forked(tmp_path, "doctor")
        (tmp_path / ".env").write_text(WITHOUT_MODEL)
        assert re.search(rf"note  running: Atelier \(process {first.pid} on ", told.said)
        first.kill()
        await first.wait()
    async with started(tmp_path) as third:  # the kernel has let go of it
        await until_ready(third)
        third.terminate()
        assert await third.wait() == 0


@pytest.mark.parametrize("setting", ["SANDBOX_PORT", "DESK_PORT", "METRICS_PORT"])
async def test_start_on_a_port_that_is_taken_says_which_setting_and_what_to_do(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (tmp_path / ".env").write_text(f"{WITHOUT_MODEL}{setting}={port}\n")
        ended = await forked(tmp_path)
    assert ended.status == 1
    assert f"{setting}: port {port} on 127.0.0.1 is taken by another program." in ended.complained
    assert f"set {setting} to another port" in ended.complained
    assert "Errno" not in ended.complained


async def test_start_warns_of_a_name_that_is_no_setting(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{WITHOUT_MODEL}DAILY_CREDTS=200\n")
    async with started(tmp_path) as process:
        await until_ready(process)
        process.terminate()
        _, complained = await process.communicate()
    assert b"DAILY_CREDTS is no setting. Did you mean DAILY_CREDITS?" in complained
    assert complained.count(b"is no setting") == 1


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("DATA_DIR=.env/in", r"The folder .*\.env/in can't be written: not a directory\. Set DATA_DIR"),
        ("TIERS=tears.toml", r"The tiers in tears\.toml cannot be used: no such file"),
        ("CATALOGUE=none.toml", r"The catalogue none\.toml cannot be used: no such file"),
        ("DATABASE_URL=postgresql://127.0.0.1:1/none", r"The database can't be used: .*[Cc]onnection"),
        ("DATABASE_URL=mysql://127.0.0.1/none", r"The database must be SQLite or PostgreSQL, not mysql"),
        ("DESK_HOST=192.0.2.1\nDESK_PORT=8091", r"DESK_HOST: 192\.0\.2\.1 is no address of this machine"),
        ("LEASE_S=1\nGIFTS=x", r"LEASE_S=1 is not allowed: .*\n?GIFTS=x is not allowed: it takes true or false"),
    ],
)
async def test_start_that_cannot_be_says_why_without_a_traceback(tmp_path: Path, lines: str, told: str) -> None:
    (tmp_path / ".env").write_text(f"{WITHOUT_MODEL}{lines}\n")
    ended = await forked(tmp_path)
    assert ended.status == 1
    assert re.search(told, ended.complained), ended.complained
    assert "Traceback" not in ended.complained


async def test_start_on_tables_of_a_newer_version_says_so_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{WITHOUT_MODEL}DATA_DIR=data\n")
    (tmp_path / "data").mkdir()
    async with Database.from_url(f"sqlite:///{tmp_path / 'data/atelier.db'}") as database:
        await database.migrate()
        with database.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    ended = await forked(tmp_path)
    assert ended.status == 1
    assert "of version 9999, and this Atelier knows them up to" in ended.complained
    assert "Traceback" not in ended.complained


async def test_doctor_never_shows_a_token(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[image")
    secret = "DATABASE_URL=postgresql://me:password-canary@127.0.0.1:1/none"
    (tmp_path / ".env").write_text(
        f"DISCORD_TOKEN=token-canary\nDESK_TOKN=other-canary\nCATALOGUE=broken.toml\n{secret}\n"
    )
    ended = await forked(tmp_path, "doctor")
    assert "canary" not in ended.said + ended.complained
    assert "DISCORD_TOKEN is no bot's token" in ended.said
    assert "DESK_TOKN is no setting. Did you mean DESK_TOKEN?" in ended.said
    assert "PROBLEM  database: " in ended.said
    assert "PROBLEM  catalogue: " in ended.said


async def test_doctor_asks_discord_where_the_token_may_be_one(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[image")
    (tmp_path / ".env").write_text(
        f"DISCORD_TOKEN={TOKEN}\nCATALOGUE=broken.toml\nDISCORD_API_URL=http://127.0.0.1:9\n"
    )
    ended = await forked(tmp_path, "doctor")
    assert "PROBLEM  Discord: can't be reached" in ended.said


async def test_home_server_that_the_bot_is_not_in_is_a_note(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[image")
    (tmp_path / ".env").write_text(
        f"DISCORD_TOKEN={sandbox.token}\nDISCORD_API_URL={sandbox.url}\nCATALOGUE=broken.toml\nHOME_GUILDS=7,{STUDIO}\n"
    )
    ended = await forked(tmp_path, "doctor")
    assert "ok  token: logged in as" in ended.said
    assert re.findall(r"HOME_GUILDS names (\d+)", ended.said) == ["7"]
