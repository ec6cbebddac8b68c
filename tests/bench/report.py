"""What every bench does with its figures: a table for people, a flat JSON object for programs."""

import argparse
import json
import platform
from collections.abc import Callable, Mapping
from pathlib import Path

Measure = Callable[[bool], Mapping[str, float]]


def main(name: str, purpose: str | None, measure: Measure) -> None:
    """Run a bench from the command line.

    Parameters:
        name: `python -m tests.bench.NAME`.
        purpose: its help text.
        measure: takes whether it should be quick (45 s at most) and returns its figures.
    """
    chosen = parser_for(name, purpose).parse_args()
    publish(name, measure(chosen.quick), chosen.json)


def parser_for(name: str, purpose: str | None, *, quick: str = "fewer samples: under 45 s") -> argparse.ArgumentParser:
    """Return the arguments that every bench takes."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.bench.{name}", description=purpose)
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser


def publish(name: str, measured: Mapping[str, float], file: Path | None) -> None:
    """Print figures as a table and, where a file is named, write them as a flat JSON object."""
    figures = {key: round(float(value), 4) for key, value in measured.items()}
    print(f"\n{name} on {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    width = max(map(len, figures))
    for key, value in figures.items():
        print(f"  {key:<{width}}  {value:>10,.3f}")
    if file:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
