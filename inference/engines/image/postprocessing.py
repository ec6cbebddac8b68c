"""What follows the steps: finished latents are decoded a few at a time, and files encoded on threads."""

from collections.abc import Mapping, Sequence

import torch

from inference.engines.failures import raise_if_device_is_lost
from inference.engines.image.decoding import decode, glimpse
from inference.engines.image.job import Drawing
from inference.engines.image.lane import Lane
from inference.engines.image.outputs import make_output, make_preview
from inference.engines.threads import threads_beside

DECODE_MAX_PX = 1 << 20  # decoded in one step of the engine: one large picture, or many small ones
ENCODERS = 4  # threads; a 1024² PNG keeps one busy for a fifth of a second


class Finisher:
    """Decodes ripe lanes between passes, and has their files and previews encoded beside them."""

    def __init__(self) -> None:
        self._ripe: list[Lane] = []
        self._alone = False  # decode one by one, after several at once have failed
        self._encoders = threads_beside(ENCODERS, "encode")

    def add(self, lanes: Sequence[Lane]) -> None:
        """Take lanes whose steps are all done."""
        self._ripe += lanes

    def forget(self, drawing: Drawing) -> None:
        """Drop what belongs to a job."""
        self._ripe = [lane for lane in self._ripe if lane.job_id != drawing.job_id]
        for output in drawing.outputs:
            output.cancel()

    def decode(self, drawings: Mapping[str, Drawing]) -> tuple[bool, dict[str, Exception]]:
        """Decode some of the ripe lanes, all of one group, and begin to encode their files.

        Returns:
            Whether there was anything to do, and the jobs that have failed by it, with the reason.
        """
        if not self._ripe:
            self._alone = False
            return False, {}
        batch = self._next_batch(drawings)
        first = drawings[batch[0].job_id]
        assert first.model is not None
        try:
            images = decode(first.model, torch.cat([lane.latents for lane in batch]))
        except Exception as error:
            raise_if_device_is_lost(error)
            self._alone = True
            return True, {first.job_id: error} if len(batch) == 1 else {}
        self._ripe = [lane for lane in self._ripe if lane not in batch]
        failed: dict[str, Exception] = {}
        for lane, image in zip(batch, images, strict=True):
            if not torch.isfinite(image).all():
                failed[lane.job_id] = FloatingPointError("The picture came out as numbers that are not finite.")
            elif lane.job_id not in failed:
                drawing = drawings[lane.job_id]
                drawing.outputs.append(self._encoders.submit(make_output, drawing, lane, image))
        return True, failed

    def start_preview(self, drawing: Drawing) -> None:
        """Decode a job's unfinished pictures cheaply, and begin to encode them as its preview."""
        assert drawing.model is not None
        blank = torch.zeros_like(drawing.lanes[0].latents)
        clean = [lane.latents if lane.done else blank if lane.clean is None else lane.clean for lane in drawing.lanes]
        drawing.preview = self._encoders.submit(make_preview, glimpse(drawing.model, torch.cat(clean)))

    def close(self) -> None:
        """Let everything go."""
        self._ripe.clear()
        self._encoders.shutdown(wait=True, cancel_futures=True)

    def _next_batch(self, drawings: Mapping[str, Drawing]) -> list[Lane]:
        width, height = self._ripe[0].size_px
        most = 1 if self._alone else max(1, DECODE_MAX_PX // (width * height))
        group = drawings[self._ripe[0].job_id].group
        return [lane for lane in self._ripe if drawings[lane.job_id].group == group][:most]
