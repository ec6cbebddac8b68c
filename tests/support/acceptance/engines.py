"""Engines without a model for whole roads: the fakes' steps and orders, and real little PNGs that carry parameters."""

import io
import os
import time
from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image

from inference.engines import EngineBuilders
from inference.messages import JobEvent, Output, Preview
from inference.pictures import GenerationParameters, encode_png, encode_preview
from inference.requests import ImageRequest, Kind, TrainRequest, UpscaleRequest
from tests.support.fakes.engine import FakeEngine, FakeLane

SLOTS = "ATELIER_TEST_SLOTS"  # 0: everything stays in the queue
GATE = "ATELIER_TEST_GATE"  # a file; jobs with 'gate' in their prompt or name stop at half until it exists


def build(device: str, **_options: object) -> EngineBuilders:
    """Return builders of a fake for each kind of request; the settings' own options mean nothing to it."""
    return {str(kind): partial(PaintingEngine, kind, slots=int(os.environ.get(SLOTS, "4"))) for kind in Kind}


class PaintingEngine(FakeEngine):
    """A fake engine whose pictures are real, in a colour of their seed."""

    def __init__(self, kind: Kind, *, slots: int) -> None:
        super().__init__(kind, slots=slots)
        self._requests: dict[str, ImageRequest] = {}
        self._enlarged: dict[str, bytes] = {}
        self._masked: dict[str, tuple[bytes, bytes]] = {}  # pictures that are drawn anew in part, with their masks

    def step(self) -> list[JobEvent]:
        """Advance all jobs but those that wait for the gate."""
        for lane in self.lanes.values():
            if isinstance(lane.task.request, ImageRequest):
                self._requests[lane.task.job_id] = lane.task.request
                if "mask" in lane.task.inputs:
                    self._masked[lane.task.job_id] = lane.task.inputs["picture"], lane.task.inputs["mask"]
            if isinstance(lane.task.request, UpscaleRequest):
                self._enlarged[lane.task.job_id] = lane.task.inputs["picture"]
        stopped = {job_id: lane for job_id, lane in self.lanes.items() if self._is_stopped(lane)}
        self.lanes = {job_id: lane for job_id, lane in self.lanes.items() if job_id not in stopped}
        if stopped and not self.lanes:
            time.sleep(0.01)  # do not spin while the test does its part
        events = super().step()
        self.lanes |= stopped
        return [self._painted(event) for event in events]

    def _is_stopped(self, lane: FakeLane) -> bool:
        request = lane.task.request
        if isinstance(request, UpscaleRequest):
            gated = "larger gate" in request.words  # pictures of a plain gate are upscaled without waiting
        elif isinstance(request, ImageRequest | TrainRequest):
            gated = "gate" in (request.prompt if isinstance(request, ImageRequest) else request.name)
        else:
            gated = b"gate" in lane.task.inputs["audio"]
        held = gated and lane.done >= lane.total // 2 and not lane.keep
        return held and not os.path.exists(os.environ.get(GATE, ""))

    def _painted(self, event: JobEvent) -> JobEvent:
        if isinstance(event, Output) and (small := self._enlarged.get(event.job_id)) is not None:
            return _twice_as_large(event, small)
        request = self._requests.get(event.job_id)
        if request is None:
            return event
        if isinstance(event, Preview):
            return replace(event, content=encode_preview([_pixels(request.prompt, request.seed)]))
        if isinstance(event, Output):
            content = _picture(request, int(event.meta["seed"]))
            if (given := self._masked.get(event.job_id)) is not None:
                content = _drawn_into(*given, content)
            return replace(event, content=content)
        return event


def _drawn_into(picture: bytes, mask: bytes, new: bytes) -> bytes:
    """Return a picture in which what is white in the mask is new, as engines do that read masks."""
    image, where, drawn = (Image.open(io.BytesIO(content)).convert("RGB") for content in (picture, mask, new))
    stream = io.BytesIO()
    image.paste(drawn.resize(image.size), mask=where.convert("L"))
    image.save(stream, "PNG")
    return stream.getvalue()


def _pixels(prompt: str, seed: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    if "noise" in prompt:  # something that does not compress
        return np.random.default_rng(seed).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    return np.full((16, 16, 3), seed % 256, dtype=np.uint8)


def _twice_as_large(event: Output, small: bytes) -> Output:
    image = Image.open(io.BytesIO(small))
    large, stream = image.resize((2 * image.width, 2 * image.height)), io.BytesIO()
    large.save(stream, "PNG")
    return replace(event, content=stream.getvalue(), meta={**event.meta, "width": large.width, "height": large.height})


def _picture(request: ImageRequest, seed: int) -> bytes:
    parameters = GenerationParameters(
        prompt=request.prompt,
        negative=request.negative,
        steps=request.steps,
        sampler="none",
        guidance=request.guidance,
        seed=seed,
        width_px=request.width_px,
        height_px=request.height_px,
        model=request.model,
    )
    return encode_png(_pixels(request.prompt, seed), parameters)
