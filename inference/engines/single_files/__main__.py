"""`python -m inference.engines.single_files FILE FOLDER`: convert a single file, without a network and without a token.

Prints one JSON object a line: {"component": …} before each that is written, and in the end either {"folder": …,
"family": …, "title": …, "prediction": …, "zero_snr": …, "why": …, "weight_bytes": …, "missing": …} or {"refused": …}.
`atelier models import` runs it as a child: the bot itself never loads torch, and a stranger's file is read where there
is nothing to be had.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from inference.engines.single_files.header import read_header
from inference.engines.single_files.offline import give_up_network
from inference.errors import ModelUnusable


def main() -> int:
    """Convert, and return the exit status: 0, or 1 where the file was refused."""
    chosen = _arguments()
    missing = give_up_network()
    try:
        read_header(chosen.file)  # most of what is refused is refused at once
        _convert(chosen, missing)
    except (ModelUnusable, OSError) as error:
        _say(refused=str(error))
        return 1
    return 0


def _convert(chosen: argparse.Namespace, missing: str) -> None:
    from inference.engines.libraries import quiet_libraries  # only here: they take their time
    from inference.engines.single_files.conversion import convert

    quiet_libraries()
    done = convert(
        chosen.file,
        chosen.folder,
        template=chosen.template,
        prediction=chosen.prediction,
        progress=lambda name: _say(component=name),
    )
    _say(
        folder=str(done.folder),
        family=done.family,
        title=done.title,
        prediction=done.trained.prediction,
        zero_snr=done.trained.zero_snr,
        why=done.trained.why,
        weight_bytes=done.weight_bytes,
        missing=missing,
    )


def _say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m inference.engines.single_files")
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--template", type=Path)
    parser.add_argument("--prediction", choices=("epsilon", "v_prediction"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
