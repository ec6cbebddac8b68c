"""One forward pass for many lanes: each with its own timestep, prompt, guidance and adapters."""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from inference.engines.image.adapters.hooks import LoraHooks
from inference.engines.image.adapters.weights import AdapterSet
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.lane import Lane, make_lanes
from inference.engines.image.models.compiling import bucket
from inference.engines.image.prompts import words_read
from inference.engines.image.schedulers import estimate_clean, network_input
from inference.engines.image.task_pictures import NO_PICTURES, TaskPictures
from inference.requests import ImageRequest


@dataclass(frozen=True, slots=True)
class _LaneBatch:
    """What stays the same from pass to pass while the same lanes share it."""

    lanes: tuple[Lane, ...]
    conditioning: Conditioning
    sets: tuple[AdapterSet, ...]  # one for each row
    spare: int = 0  # rows behind them, for nobody: a compiled network is asked for few numbers of rows


class BatchedDenoiser:
    """Advances lanes of one model together.

    Tolerance: a lane's picture differs from its family's pipeline in diffusers alone by rounding only
    (float32: well under one of 255 levels for any pixel), whoever shares its passes. Batched kernels sum in another
    order, nothing more.
    """

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self._family = family_of(model.spec)
        self._hooks = {
            name: LoraHooks(name, layers, partial(self._family.sample_axis, name))
            for name, layers in model.layers.items()
        }
        self._batch: _LaneBatch | None = None

    def start(
        self,
        request: ImageRequest,
        adapters: AdapterSet,
        *,
        job_id: str,
        scheduler_name: str,
        pictures: TaskPictures = NO_PICTURES,
    ) -> list[Lane]:
        """Encode a request's prompts, and return its lanes.

        Args:
            request: what is asked for.
            adapters: of its subjects.
            job_id: of the job that it belongs to.
            scheduler_name: as in the catalogue.
            pictures: that they are made from.
        """
        conditioning = self.encode(
            words_read(request.prompt, self.model.spec),
            words_read(request.negative, self.model.spec),
            guidance=request.guidance,
            size_px=(request.width_px, request.height_px),
            adapters=adapters,
        )
        return make_lanes(
            self.model, request, conditioning, adapters, job_id=job_id, scheduler_name=scheduler_name, pictures=pictures
        )

    @torch.inference_mode()
    def encode(
        self, prompt: str, negative: str, *, guidance: float, size_px: tuple[int, int], adapters: AdapterSet
    ) -> Conditioning:
        """Encode a job's prompts with its adapters applied to the text encoders.

        Args:
            prompt: what to show.
            negative: what to stay away from.
            guidance: of the job; where it is on, the network is asked twice.
            size_px: width and height of the pictures.
            adapters: of the job's subjects.

        Returns:
            The prompt's row, after the negative's where guidance is on.
        """
        family, model = self._family, self.model
        guided = family.rows(model, guidance) == 2
        texts = (family.negative(model, negative), prompt) if guided else (prompt,)
        with ExitStack() as stack:
            for component in (name for name in model.layers if name != family.core):
                stack.enter_context(self._hooks[component].applied_to_all(adapters))
            encoded = family.encode(model, texts, size_px=size_px, guidance=guidance)
        return encoded.to(model.dtype)

    @torch.inference_mode()
    def advance(self, lanes: Sequence[Lane], *, previews: frozenset[str] = frozenset()) -> None:
        """Advance every lane by one pass. Nothing has changed if the network runs out of memory.

        Nothing of a pass is brought to the device or back from it, so that the next one is queued behind it at once;
        but for what schedulers that draw noise at each step draw on the CPU.

        Args:
            lanes: unfinished lanes that may share a pass.
            previews: ids of jobs whose lanes are to keep an estimate of their finished latents.
        """
        batch = self._form(lanes)
        inputs = [network_input(lane.scheduler, lane.latents, lane.scheduled) for lane in batch.lanes]
        times = [lane.times[lane.position].expand(lane.rows) for lane in batch.lanes]
        predicted = self._predict(batch, inputs, torch.cat(times))
        row = 0
        for lane, noisy in zip(batch.lanes, inputs, strict=True):
            guided = self._family.join(predicted[row : row + lane.rows], lane.guidance)
            row += lane.rows
            if lane.job_id in previews:
                lane.clean = estimate_clean(lane.scheduler, noisy, guided, lane.timesteps[lane.position])
            timestep = lane.scheduler.timesteps[lane.scheduled]
            stepped = lane.scheduler.step(guided, timestep, lane.latents, return_dict=False, **lane.options)
            lane.latents = stepped[0] if lane.blend is None else lane.blend.over(stepped[0], lane.position)
            lane.position += 1

    def forget(self) -> None:
        """Keep nothing of the adapters of earlier passes; the next pass gathers what it needs."""
        for hooks in self._hooks.values():
            hooks.forget()

    def close(self) -> None:
        """Take the adapters' hooks off the model."""
        for hooks in self._hooks.values():
            hooks.close()
        self._batch = None

    def _form(self, lanes: Sequence[Lane]) -> _LaneBatch:
        ordered = tuple(sorted(lanes, key=lambda lane: -lane.adapters.depth(self._family.core)))
        if self._batch is not None and self._batch.lanes == ordered:
            return self._batch
        sets = tuple(lane.adapters for lane in ordered for _ in range(lane.rows))
        compiled = self.model.compiled and not _adapted(sets, self._family.core)
        spare = bucket(len(sets)) - len(sets) if compiled else 0
        conditionings = [lane.conditioning for lane in ordered]
        self._batch = _LaneBatch(
            lanes=ordered,
            conditioning=Conditioning.cat([*conditionings, *[conditionings[-1][-1:]] * spare]),
            sets=sets,
            spare=spare,
        )
        return self._batch

    def _predict(self, batch: _LaneBatch, inputs: list[Tensor], times: Tensor) -> Sequence[Tensor]:
        read = [
            noisy if lane.condition is None else torch.cat([noisy, lane.condition], dim=1)
            for lane, noisy in zip(batch.lanes, inputs, strict=True)
        ]
        rows = [each for lane, each in zip(batch.lanes, read, strict=True) for _ in range(lane.rows)]
        if batch.spare:
            rows += rows[-1:] * batch.spare
            times = torch.cat([times, times[-1:].expand(batch.spare)])
        # what adapters add is not compiled: it is another sum for every company of lanes
        eager = self.model.compiled and _adapted(batch.sets, self._family.core)
        stance = torch.compiler.set_stance("force_eager") if eager else nullcontext()
        with stance, self._hooks[self._family.core].applied(batch.sets):
            return self._family.predict(self.model, rows, times, batch.conditioning)


def _adapted(sets: Sequence[AdapterSet], core: str) -> bool:
    """Return whether any of the rows' adapters change the network."""
    return any(each.layers.get(core) for each in sets)
