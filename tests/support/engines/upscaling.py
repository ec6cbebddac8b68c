"""Tiny upscalers with random weights, and an engine around them that is stepped by hand."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file

from inference.catalogue import Catalogue, UpscaleModel
from inference.engines.compact_network import CompactNetwork
from inference.engines.upscale.engine import UpscaleEngine
from inference.engines.upscale.networks import UpscaleNetworks
from inference.messages import Failed, Finished, JobEvent, Output, Task
from inference.requests import UpscaleRequest

STEPS_MAX = 50_000  # a step that waits for a load takes 5 ms, and loading on a busy machine many seconds


def compact_network(*, width: int = 8, depth: int = 3, scale: int = 2, seed: int = 0) -> CompactNetwork:
    """Return a network whose random weights change a picture visibly, and let it see as far as it can."""
    torch.manual_seed(seed)
    network = CompactNetwork(width=width, depth=depth, scale=scale).eval()
    *inner, last = [layer for layer in network.body if isinstance(layer, torch.nn.Conv2d)]
    for layer in inner:
        torch.nn.init.kaiming_normal_(layer.weight, a=0.25)  # PReLU's slope: what goes in comes out as strong
    torch.nn.init.normal_(last.weight, std=0.1 / (9 * width) ** 0.5)
    return network


def write_compact(file: Path, **sizes: int) -> Path:
    """Write such a network's weights as safetensors."""
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(compact_network(**sizes).state_dict(), file)
    return file


def upscaler_spec(source: Path | str, **changes: Any) -> UpscaleModel:
    """Return a catalogue entry for weights, with some fields changed."""
    fields = {"name": "tiny-up", "title": "Tiny", "source": str(source), "licence": "Apache-2.0", "scale": 2}
    return UpscaleModel.model_validate(fields | {"tile_px": 32} | changes)


def noise(width_px: int, height_px: int, *, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Return pixels by lot, smooth enough to be a picture."""
    small = np.random.default_rng(seed).integers(0, 256, (height_px // 4 + 1, width_px // 4 + 1, channels), np.uint8)
    image = Image.fromarray(small if channels > 1 else small[..., 0])
    return np.asarray(image.resize((width_px, height_px), Image.Resampling.BICUBIC))


def png(pixels: NDArray[np.uint8], **options: Any) -> bytes:
    """Return pixels as a PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", **options)
    return stream.getvalue()


class UpscaleHarness:
    """Runs upscalings on an engine by hand, and gathers what it reports."""

    def __init__(self, *specs: UpscaleModel, result_px_max: int = 4 << 20, **options: Any) -> None:
        self.networks = UpscaleNetworks("cpu", **{name: options.pop(name) for name in ("load",) if name in options})
        catalogue = Catalogue(images=(), speech=(), upscalers=specs)
        options.setdefault("clock", lambda: 0.0)  # however busy the machine is, tiles keep their size
        self.engine = UpscaleEngine(catalogue, self.networks, result_px_max=result_px_max, **options)
        self.events: dict[str, list[JobEvent]] = {}

    def admit(self, job_id: str, request: UpscaleRequest, picture: bytes) -> None:
        """Give the engine a job."""
        self.events[job_id] = []
        self.engine.admit(Task(job_id, 1, request, {"picture": picture}))

    def step_until(self, condition: Callable[[], bool]) -> None:
        """Step until a condition is true."""
        for _ in range(STEPS_MAX):
            if condition():
                return
            for event in self.engine.step():
                self.events[event.job_id].append(event)
        raise AssertionError("the engine got nowhere")

    def finish(self) -> None:
        """Step until the engine has nothing left to do."""
        self.step_until(lambda: not self.engine.busy())

    def enlarge(self, request: UpscaleRequest, picture: bytes) -> Image.Image:
        """Run one job, and return its result."""
        self.admit("only", request, picture)
        self.finish()
        return self.result("only")

    def result(self, job_id: str) -> Image.Image:
        """Return the picture of a job that has ended well."""
        output, end = self.events[job_id][-2:]
        assert isinstance(end, Finished), end
        assert isinstance(output, Output)
        image = Image.open(io.BytesIO(output.content))
        image.load()
        return image

    def failure(self, job_id: str = "only") -> Failed:
        """Return how a job ended that gave nothing."""
        last = self.events[job_id][-1]
        assert isinstance(last, Failed), last
        return last

    def close(self) -> None:
        """Close the engine and its networks."""
        self.engine.close()
        self.networks.close()


def whole(network: torch.nn.Module, pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return what a network makes of a whole picture at once."""
    with torch.inference_mode():
        made = network(torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None])
    levels: NDArray[np.int16] = (made[0].permute(1, 2, 0).clamp(0, 1).numpy() * 255).round().astype(np.int16)
    return levels
