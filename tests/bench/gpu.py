"""What a GPU does: `python -m tests.bench.gpu image|train|speech [--quick] [--json FILE]`.

Speed, memory and batching do not depend on what the weights say, so each bench builds the real architectures from their
configurations with random weights; nothing is downloaded. `--device cpu --tiny` runs the same code with tiny models,
which shows that it works and measures nothing.
"""

import argparse
import importlib
import sys
from pathlib import Path

import torch

from tests.bench.report import publish

SUBJECTS = ("image", "train", "speech")  # each in gpu_<subject>.py: measure(quick=…, device=…, tiny=…) -> figures


def main(arguments: list[str] | None = None) -> None:
    """Run one bench from the command line; leave with a message where there is no GPU."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gpu", description=__doc__)
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--compile", action="store_true", help="image: also the engine with compiled blocks")
    parser.add_argument("--tiny", action="store_true", help="tiny models: shows that the bench runs, measures nothing")
    chosen = parser.parse_args(arguments)
    if chosen.compile and chosen.subject != "image":
        parser.error("--compile is for image")
    if chosen.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit("There is no CUDA device here. To see the bench run all the same: --device cpu --tiny")
    bench = importlib.import_module(f"tests.bench.gpu_{chosen.subject}")
    options = {"compiled": True} if chosen.compile else {}
    figures = bench.measure(quick=chosen.quick, device=chosen.device, tiny=chosen.tiny, **options)
    publish(f"gpu {chosen.subject} ({device_name(chosen.device)})", figures, chosen.json)


def device_name(device: str) -> str:
    """Return what figures are to be quoted with."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


if __name__ == "__main__":
    main()
