"""The `atelier` command many times over: each is a process of its own, forked from one that has imported it already.

`tests.support.acceptance.commands` starts it as an operator does, which costs some two seconds of imports each time.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.__main__ import main
from tests.support.acceptance.commands import END_S, Ended, environment
from tests.support.forkserver import PROCESSES


async def forked(folder: Path, *arguments: str) -> Ended:
    """Give the command in a folder and wait for its end."""
    with tempfile.TemporaryDirectory(prefix="atelier-said-") as aside:
        said, complained = Path(aside) / "said", Path(aside) / "complained"
        given = (folder, arguments, environment(os.environ), (said, complained))
        process = PROCESSES.Process(target=_run, args=given)
        process.start()
        try:
            await asyncio.to_thread(process.join, END_S)
            assert process.exitcode is not None, "it did not end"
            return Ended(process.exitcode, said.read_text("utf-8"), complained.read_text("utf-8"))
        finally:
            process.kill()


def _run(folder: Path, arguments: Sequence[str], variables: Mapping[str, str], streams: Sequence[Path]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for number, file in enumerate(streams, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    sys.exit(main(arguments))
