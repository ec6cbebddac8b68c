"""One bot on a data folder: a second one, in a process of its own, is refused, and a dead one holds nothing."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.start.data_folder import DataFolderInUse, DataFolderUnusable, hold_data, holder, lock_files
from tests.support.bot.settings import settings

ROOT = Path(__file__).parents[3]
HOLD = """
import subprocess, sys, time
from bot.settings import Settings
from bot.start.data_folder import hold_data
with hold_data(Settings(_env_file=None)):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    time.sleep(60)
"""


@contextlib.contextmanager
def another(data_dir: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Hold the folder in a process of its own, which has a child as a bot has workers."""
    environment = {**os.environ, "DATA_DIR": str(data_dir), **environment}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    child = int(process.stdout.readline())
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
        os.kill(child, signal.SIGKILL)


def test_folder_on_which_another_process_runs_is_refused_by_name(tmp_path: Path) -> None:
    with another(tmp_path) as other, pytest.raises(DataFolderInUse) as refused, hold_data(settings(tmp_path)):
        pass
    assert f"process {other.pid} on " in str(refused.value)
    assert str(tmp_path) in str(refused.value)
    assert "DATA_DIR" in refused.value.remedy


def test_folder_of_a_bot_that_was_killed_is_free_although_its_child_lives(tmp_path: Path) -> None:
    with another(tmp_path) as other:
        assert holder(tmp_path / "atelier.lock").startswith(f"process {other.pid}")
        other.kill()
        other.wait()
        with hold_data(settings(tmp_path)):
            assert holder(tmp_path / "atelier.lock").startswith(f"process {os.getpid()} on ")
    assert holder(tmp_path / "atelier.lock") == ""


def test_database_file_of_another_bot_is_refused_from_another_folder(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'one' / 'atelier.db'}"
    with (
        another(tmp_path / "one"),
        pytest.raises(DataFolderInUse, match="DATABASE_URL") as refused,
        hold_data(settings(tmp_path / "two", database_url=url)),
    ):
        pass
    assert str(tmp_path / "one" / "atelier.db") in refused.value.text


def test_bots_on_folders_of_their_own_do_not_mind_each_other(tmp_path: Path) -> None:
    with another(tmp_path / "one"), hold_data(settings(tmp_path / "two")):
        pass


def test_postgresql_needs_no_file_beside_it(tmp_path: Path) -> None:
    found = lock_files(settings(tmp_path, database_url="postgresql://127.0.0.1/atelier"))
    assert [file.name for file in found] == ["atelier.lock"]


def test_folder_that_cannot_be_written_is_refused_with_the_setting(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file where a folder should be")
    with pytest.raises(DataFolderUnusable, match="DATA_DIR") as refused, hold_data(settings(tmp_path / "occupied/in")):
        pass
    assert str(tmp_path / "occupied") in refused.value.text
    assert "Errno" not in str(refused.value)


def test_looking_who_holds_a_folder_leaves_nothing_behind(tmp_path: Path) -> None:
    assert [holder(file) for file in lock_files(settings(tmp_path))] == ["", ""]
    assert list(tmp_path.iterdir()) == []
