"""What a model takes of memory, against what was foretold of it.

    python -m tests.bench.fitting [--quick] [--json FILE]

For each family, with grown models (`tests/support/grown_models.py`) of random weights in bfloat16 files:

- `<family>_weights_mb`: its weights in float32, as a CPU computes with them; in bfloat16 they are half of that.
- `<family>_load_peak_mb`: by how much the process's own memory grew at most while they were loaded in float32, without
  the pages of files, which the operating system may drop; `<family>_load_share`: over `<family>_weights_mb`. Two
  copies, or one in another precision, would be more than 1.
- `<family>_half_load_peak_mb`: the same in bfloat16, where weights stay in their files until they go to a device; what
  is left are convolutions, which are laid out anew.

- `<family>_encoding_foretold`, `_denoising_foretold`, `_decoding_foretold`: the forecast of what reading two prompts,
  one picture's pass and decoding it take beside the weights, over what PyTorch's allocator gave for them on this CPU,
  in float32, at 64 px; `<family>_weights_foretold`: the same of the weights.

Quick: two families.
"""

import ctypes
import gc
import os
import pickle
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from inference.catalogue import ImageModel
from inference.engines.image.models.forecast import forecast, prompt_tokens
from inference.engines.image.models.loading import locate
from inference.engines.image.models.model import load_model
from inference.engines.libraries import quiet_libraries
from tests.bench import report
from tests.support.grown_models import GROWN, grow
from tests.support.measured_peaks import measured_peaks
from tests.support.tiny_families import TINY
from tests.support.tiny_models import make_spec

MEBI = 1 << 20
LOOK_EVERY_S = 0.001
QUICK = ("sd", "z-image")


class OwnMemory:
    """Watches what this process holds of memory that is no file's, again and again, in a thread."""

    def __enter__(self) -> "OwnMemory":
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what was freed earlier would be used again without growing
        self._end = threading.Event()
        self._before = self._peak = own_bytes()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._peak = max(self._peak, own_bytes())

    @property
    def grown_bytes(self) -> int:
        """By how much it was more, at most."""
        return self._peak - self._before

    def _run(self) -> None:
        while not self._end.wait(LOOK_EVERY_S):
            self._peak = max(self._peak, own_bytes())


def own_bytes() -> int:
    """Return the memory of this process that is not of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon:"))


def forked(work: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Do work in a copy of this process, so that what earlier work has left behind is not reused."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        found: Any = None
        try:
            found = work()
        except BaseException:
            traceback.print_exc()
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(found, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        figures: dict[str, float] | None = pickle.load(pipe)  # noqa: S301  (our own child's)
    os.waitpid(child, 0)
    if figures is None:
        raise RuntimeError("A measurement failed; see above.")
    return figures


def measure_loading(spec: ImageModel, dtype: torch.dtype) -> dict[str, float]:
    """Return the bytes of a model's weights, and what the process grew by at most while they were loaded."""
    folder = locate(spec)
    with OwnMemory() as own:
        model = load_model(spec, folder, torch.device("cpu"), dtype)
    return {"weights_mb": model.size_bytes / MEBI, "load_peak_mb": own.grown_bytes / MEBI}


def measure_forecast(spec: ImageModel) -> dict[str, float]:
    """Return the forecast of a model over what it takes."""
    device, size_px = torch.device("cpu"), (spec.width_px, spec.height_px)
    foretold = forecast(spec, locate(spec), device)
    model = load_model(spec, locate(spec), device)
    encoding, denoising, decoding = measured_peaks(model, size_px, tokens=prompt_tokens(model.text_encoders[0]))
    return {
        "weights_foretold": foretold.weights / model.size_bytes,
        "encoding_foretold": foretold.encoding / encoding,
        "denoising_foretold": foretold.denoising / denoising,
        "decoding_foretold": foretold.decoding / decoding,
    }


def measure_family(family: str, scratch: Path) -> dict[str, float]:
    """Return one family's figures."""
    tiny = TINY[family](scratch / "tiny")
    warm = make_spec(tiny, family=family)
    load_model(warm, locate(warm), torch.device("cpu"), torch.float32)  # what that imports counts no more
    grown = grow(tiny, scratch / "grown", GROWN[family], dtype=torch.bfloat16)
    spec = make_spec(grown, family=family, width_px=64, height_px=64, guidance=4.0)
    loads = [partial(measure_loading, spec, dtype) for dtype in (torch.float32, torch.bfloat16)]
    whole, half = map(forked, loads)
    return {
        **whole,
        "load_share": whole["load_peak_mb"] / whole["weights_mb"],
        "half_load_peak_mb": half["load_peak_mb"],
        **forked(partial(measure_forecast, spec)),
    }


def measure(quick: bool) -> dict[str, float]:
    """Return all figures."""
    torch.set_num_threads(1)  # a process whose OpenMP has several threads cannot be copied
    quiet_libraries()
    figures: dict[str, float] = {}
    for family in QUICK if quick else GROWN:
        with TemporaryDirectory() as scratch:
            figures |= {f"{family}_{key}": value for key, value in measure_family(family, Path(scratch)).items()}
    return figures


if __name__ == "__main__":
    report.main("fitting", __doc__, measure)
