"""One forward pass for many lanes: each with its own timestep, prompt, guidance and adapters."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from inference.engines.image.adapters.hooks import LoraHooks
from inference.engines.image.adapters.weights import AdapterSet
from inference.engines.image.lane import Lane
from inference.engines.image.models.model import LoadedModel
from inference.engines.image.prompts import Embeddings, encode_pair, stack
from inference.engines.image.schedulers import estimate_clean


@dataclass(frozen=True, slots=True)
class _LaneBatch:
    """What stays the same from pass to pass while the same lanes share it."""

    lanes: tuple[Lane, ...]
    embeddings: Embeddings
    sets: tuple[AdapterSet, ...]  # one for each row
    time_ids: torch.Tensor | None  # (rows, 6), SDXL's sizes


class BatchedDenoiser:
    """Advances lanes of one model together.

    Tolerance: a lane's picture differs from `StableDiffusionPipeline` alone by rounding only (float32: well under one
    of 255 levels for any pixel), whoever shares its passes. Batched kernels sum in another order, nothing more.
    """

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self._hooks = {name: LoraHooks(name, layers) for name, layers in model.layers.items()}
        self._batch: _LaneBatch | None = None

    @torch.inference_mode()
    def encode(self, prompt: str, negative: str, *, guided: bool, adapters: AdapterSet) -> Embeddings:
        """Encode a job's prompts with its adapters applied to the text encoders.

        Args:
            prompt: what to show.
            negative: what to stay away from.
            guided: whether the network is asked twice, for classifier-free guidance.
            adapters: of the job's subjects.

        Returns:
            The prompt's row, after the negative's where guidance is on.
        """
        return self._encode_with(list(self.model.layers), prompt, negative, guided=guided, adapters=adapters)

    def _encode_with(
        self, names: list[str], prompt: str, negative: str, *, guided: bool, adapters: AdapterSet
    ) -> Embeddings:
        """Apply the changes of the text encoders one within the other, then encode."""
        encoders = [name for name in names if name != "unet"]
        if not encoders:
            return encode_pair(self.model, prompt, negative, guided=guided)
        rows = 1 if not guided or (not negative and self.model.zero_empty_negative) else 2
        with self._hooks[encoders[0]].applied([adapters] * rows):
            return self._encode_with(encoders[1:], prompt, negative, guided=guided, adapters=adapters)

    @torch.inference_mode()
    def advance(self, lanes: Sequence[Lane], *, previews: frozenset[str] = frozenset()) -> None:
        """Advance every lane by one pass. Nothing has changed if the network runs out of memory.

        Args:
            lanes: unfinished lanes of one latent size.
            previews: ids of jobs whose lanes are to keep an estimate of their finished latents.
        """
        batch = self._form(lanes)
        inputs = [self._input(lane) for lane in batch.lanes]
        times = [lane.timesteps[lane.position] for lane in batch.lanes for _ in range(lane.rows)]
        predicted = self._predict(batch, inputs, torch.tensor(times, dtype=torch.float32))
        row = 0
        for lane, noisy in zip(batch.lanes, inputs, strict=True):
            guided = _guide(lane, predicted[row : row + lane.rows])
            row += lane.rows
            if lane.job_id in previews:
                lane.clean = estimate_clean(lane.scheduler, noisy, guided, lane.timesteps[lane.position])
            timestep = lane.scheduler.timesteps[lane.position]
            stepped = lane.scheduler.step(guided, timestep, lane.latents, return_dict=False, **lane.options)
            lane.latents = stepped[0]
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
        ordered = tuple(sorted(lanes, key=lambda lane: -lane.adapters.depth("unet")))
        if self._batch is not None and self._batch.lanes == ordered:
            return self._batch
        self._batch = _LaneBatch(
            lanes=ordered,
            embeddings=stack([lane.embeddings for lane in ordered]),
            sets=tuple(lane.adapters for lane in ordered for _ in range(lane.rows)),
            time_ids=self._time_ids(ordered) if self.model.spec.family == "sdxl" else None,
        )
        return self._batch

    def _input(self, lane: Lane) -> torch.Tensor:
        scaled: torch.Tensor = lane.scheduler.scale_model_input(lane.latents, lane.scheduler.timesteps[lane.position])
        return scaled

    def _predict(self, batch: _LaneBatch, inputs: list[torch.Tensor], times: torch.Tensor) -> torch.Tensor:
        rows = [noisy for lane, noisy in zip(batch.lanes, inputs, strict=True) for _ in range(lane.rows)]
        sample = torch.cat(rows).to(self.model.dtype, memory_format=torch.channels_last)
        added = None
        if batch.time_ids is not None:
            added = {"text_embeds": batch.embeddings.pooled, "time_ids": batch.time_ids}
        with self._hooks["unet"].applied(batch.sets):
            out: torch.Tensor = self.model.unet(
                sample,
                times.to(self.model.device),
                encoder_hidden_states=batch.embeddings.hidden,
                added_cond_kwargs=added,
                return_dict=False,
            )[0]
        return out

    def _time_ids(self, lanes: Sequence[Lane]) -> torch.Tensor:
        """SDXL's original size, crop and target size: the picture's own, uncropped, as its pipeline's defaults."""
        ids = [
            (lane.size_px[1], lane.size_px[0], 0, 0, lane.size_px[1], lane.size_px[0])
            for lane in lanes
            for _ in range(lane.rows)
        ]
        return torch.tensor(ids, dtype=self.model.dtype, device=self.model.device)


def _guide(lane: Lane, rows: torch.Tensor) -> torch.Tensor:
    """Join a lane's rows into one prediction by classifier-free guidance."""
    if not lane.guided:
        return rows
    away, towards = rows.chunk(2)
    return away + lane.guidance * (towards - away)
