"""One subject being learnt: DreamBooth (arXiv 2208.12242) with LoRA (2106.09685) and min-SNR weights (2303.09556)."""

import math
from dataclasses import dataclass, replace
from typing import cast

import safetensors.torch
import torch
from diffusers import DDPMScheduler
from diffusers.training_utils import compute_snr
from torch import Tensor

from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.training.optimizers import Optimizer
from inference.engines.training.trainable import Trainable

NOISY_SPAN = 0.65  # of the timesteps, from the noisiest down: layout is decided there
NOISY_POWER = 1.6  # above 1: the noisiest are drawn most often
WARMUP_STEPS = 10  # AdamW's second moments are noise in the first steps


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """What is learnt from: everything that is computed once, before the first step."""

    photos: Tensor  # (n, channels, h, w): latents of the photos
    captions: tuple[str, ...]  # ways to say what they show; one is drawn for each photo and step
    prior: Tensor  # (m, channels, h, w): latents of pictures that the base model generated; m may be 0
    prior_captions: tuple[str, ...]  # the m texts that they were generated from
    prior_weight: float
    batch: int  # photos in a step
    prior_batch: int = 0  # of the prior in a step; 0: as many as photos
    known_captions: tuple[str, ...] = ()  # other things that the base can generate; see `DreamBooth._batch`


def photo_captions(phrase: str) -> tuple[str, ...]:
    """Return ways to say what the photos show; several, so that the words around the phrase are not learnt."""
    return phrase, f"a {phrase}", f"a picture of {phrase}"


class DreamBooth:
    """The state of one training: its layers, its optimiser, its random numbers, the steps behind it.

    Everything random comes from one generator on the CPU, whose state is part of a checkpoint: a training that goes on
    from a checkpoint does, on the CPU, bit for bit what it would have done without the interruption.
    """

    def __init__(
        self,
        base: LoadedModel,
        trainable: Trainable,
        optimizer: Optimizer,
        data: TrainingData,
        *,
        steps: int,
        rate: float,
        seed: int,
    ) -> None:
        """Start before the first step.

        Args:
            base: the loaded base model.
            trainable: what learns: LoRA layers over the base, or a whole UNet.
            optimizer: how it learns from a gradient.
            data: what is learnt from.
            steps: all steps of the training, over which the learning rate falls.
            rate: the highest learning rate.
            seed: of the random numbers.
        """
        self.done = 0
        self._base, self._trainable, self._optimizer, self._data = base, trainable, optimizer, data
        self.model = replace(base, core=trainable.unet, text_encoders=trainable.text_encoders)  # as it is learnt
        self._family = family_of(base.spec)
        self._steps, self._rate = steps, rate
        self._noise = DDPMScheduler.from_config(base.scheduler.config)
        self._generator = torch.Generator("cpu").manual_seed(seed)
        self._encoded_captions = None if trainable.learns_text else self._encode(self._captions)
        self._taught = False  # whether the base predicts the prior's targets
        # what learns cannot be its own teacher
        own = base.spec.train_prior_target == "base" and trainable.unet is not base.core
        if own and len(data.prior):
            self._taught = True
            self._teacher_conditioning = self._encode_once(base, self._captions[len(data.captions) :])

    def step(self) -> float:
        """Learn from one batch.

        Returns:
            The loss.

        Raises:
            FloatingPointError: the loss is not finite.
        """
        latents, rows = self._batch()
        noise = torch.randn(latents.shape, generator=self._generator).to(latents)
        timesteps = self._timesteps(len(latents)).to(latents.device)
        noisy = self._noise.add_noise(latents, noise, timesteps).to(memory_format=torch.channels_last)
        with torch.autocast(latents.device.type, self._base.dtype, enabled=self._base.dtype != torch.float32):
            conditioning = self._conditioning_for(rows)
            predicted = self._predict(self.model, noisy, timesteps, conditioning)
            targets = [self._target(latents, noise, timesteps)]
            if self._taught:
                photos = self._data.batch
                targets = [
                    targets[0][:photos],
                    self._teacher_prediction(noisy[photos:], timesteps[photos:], rows[photos:]),
                ]
        loss = self._loss(predicted, torch.cat(targets), timesteps)
        if not math.isfinite(value := loss.item()):
            raise FloatingPointError("the loss is not finite")
        self._advance(loss)
        return value

    def checkpoint(self) -> bytes:
        """Return all that is needed to go on from here, as safetensors."""
        tensors = {"generator": self._generator.get_state(), "done": torch.tensor([self.done])}
        return safetensors.torch.save(tensors | self._optimizer.tensors())

    def restore(self, checkpoint: bytes) -> None:
        """Go on from what `checkpoint` returned.

        Raises:
            KeyError, RuntimeError, safetensors.SafetensorError: it belongs to another training, or is damaged.
        """
        tensors = safetensors.torch.load(checkpoint)
        self._optimizer.restore(tensors)
        self._generator.set_state(tensors["generator"])
        self.done = int(tensors["done"].item())

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Draw this step's latents, and the rows of their captions."""
        data, generator = self._data, self._generator
        photos = torch.randint(0, len(data.photos), (data.batch,), generator=generator)
        rows = torch.randint(0, len(data.captions), (data.batch,), generator=generator)
        if not len(data.prior):
            return data.photos[photos], rows
        count = data.prior_batch or data.batch
        prior = torch.randint(0, len(data.prior), (count,), generator=generator)
        latents = torch.cat([data.photos[photos], data.prior[prior]])
        return latents, torch.cat([rows, self._prior_rows(prior) + len(data.captions)])

    def _prior_rows(self, prior: Tensor) -> Tensor:
        """Return the caption of each of the prior: its own, or half of the time that of anything the base knows.

        The base's prediction is a target for any pair of latents and caption; noise is one for the right pair only.
        """
        known = self._data.known_captions
        if not self._taught or not known:
            return prior
        anything = torch.randint(0, len(self._data.prior_captions) + len(known), prior.shape, generator=self._generator)
        return torch.where(torch.rand(prior.shape, generator=self._generator) < 0.5, anything, prior)

    @property
    def _captions(self) -> tuple[str, ...]:
        return (*self._data.captions, *self._data.prior_captions, *self._data.known_captions)

    def _timesteps(self, count: int) -> Tensor:
        """Draw timesteps: evenly, but for the share that the model's spec wants among the noisiest."""
        last = self._noise.config.num_train_timesteps - 1
        even = torch.randint(0, last + 1, (count,), generator=self._generator)
        share = self._base.spec.train_noisy_share
        if not share:
            return even
        noisy = last - NOISY_SPAN * last * torch.rand(count, generator=self._generator).pow(NOISY_POWER)
        return torch.where(torch.rand(count, generator=self._generator) < share, noisy.long(), even)

    @torch.no_grad()
    def _teacher_prediction(self, noisy: Tensor, timesteps: Tensor, rows: Tensor) -> Tensor:
        """Return what the untouched base makes of the prior's latents."""
        conditioning = self._teacher_conditioning[rows - len(self._data.captions)]
        return self._predict(self._base, noisy, timesteps, conditioning)

    def _predict(self, model: LoadedModel, noisy: Tensor, timesteps: Tensor, conditioning: Conditioning) -> Tensor:
        return torch.cat(list(self._family.predict(model, torch.split(noisy, 1), timesteps, conditioning)))

    def _conditioning_for(self, rows: Tensor) -> Conditioning:
        if self._encoded_captions is not None:
            return self._encoded_captions[rows]
        distinct, places = torch.unique(rows, return_inverse=True)  # most photos of a step have the same caption
        return self._encode(tuple(self._captions[row] for row in distinct.tolist()))[places]

    def _encode(self, captions: tuple[str, ...]) -> Conditioning:
        with torch.set_grad_enabled(self._trainable.learns_text):
            return self._encode_with(self.model, captions)

    @torch.no_grad()
    def _encode_once(self, model: LoadedModel, captions: tuple[str, ...]) -> Conditioning:
        parts = [self._encode_with(model, captions[at : at + 32]) for at in range(0, len(captions), 32)]
        return Conditioning.cat(parts)

    def _encode_with(self, model: LoadedModel, captions: tuple[str, ...]) -> Conditioning:
        spec = self._base.spec
        return self._family.encode(model, captions, size_px=(spec.width_px, spec.height_px), guidance=spec.guidance)

    def _target(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        if self._noise.config.prediction_type == "v_prediction":
            return cast(Tensor, self._noise.get_velocity(latents, noise, timesteps))
        return noise

    def _loss(self, predicted: Tensor, target: Tensor, timesteps: Tensor) -> Tensor:
        each = (predicted.float() - target.float()).square().mean(dim=(1, 2, 3))
        each = each * self._weights(timesteps)
        photos = self._data.batch
        loss = each[:photos].mean()
        return loss + self._data.prior_weight * each[photos:].mean() if len(each) > photos else loss

    def _weights(self, timesteps: Tensor) -> Tensor:
        """Return min-SNR's weight of each timestep: nearly clean latents would drown the rest."""
        gamma = self._base.spec.train_min_snr
        if not gamma:
            return torch.ones_like(timesteps, dtype=torch.float32)
        snr: Tensor = compute_snr(self._noise, timesteps)
        if self._noise.config.prediction_type == "v_prediction":
            return torch.clamp(snr, max=gamma) / (snr + 1)
        return torch.clamp(gamma / snr, max=1.0)

    def _advance(self, loss: Tensor) -> None:
        self._optimizer.step(loss, self._rate * self._rate_factor(self.done))
        self.done += 1

    def _rate_factor(self, done: int) -> float:
        """Return the share of the rate at a step: a short warm-up, then a cosine down to a tenth."""
        if done < WARMUP_STEPS:
            return (done + 1) / WARMUP_STEPS
        return 0.55 + 0.45 * math.cos(math.pi * min(1.0, done / self._steps))
