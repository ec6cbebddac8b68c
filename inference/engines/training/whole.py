"""Train a whole UNet, for operators: `python -m inference.engines.training.whole --help`.

The result is a model folder of its own for the catalogue, not an adapter that members share. Only what learns is in
memory: photos and captions are encoded first, then autoencoder and text encoders are let go; on a GPU the UNet learns
in bfloat16 with factored moments, each gradient freed as it is used, and activations computed again in the backward.
"""

import argparse
import copy
import gc
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from inference.catalogue import DEFAULT_FILE, read_catalogue
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from inference.engines.training.dreambooth import DreamBooth, TrainingData, photo_captions
from inference.engines.training.optimizers import FusedAdafactor
from inference.engines.training.photos import augment, photo_tensor
from inference.engines.training.prior import prior_captions, prior_latents
from inference.engines.training.sampler import to_latents

DESCRIPTION = "Train a whole UNet; the result is a model folder of its own for the catalogue, not an adapter."


class WholeUnet:
    """All of a UNet learns; the text encoders do not. See `Trainable`."""

    learns_text = False

    def __init__(self, unet: nn.Module, text_encoders: tuple[nn.Module, ...], dtype: torch.dtype) -> None:
        self.unet = unet.to(dtype).requires_grad_(True)
        self.text_encoders = text_encoders
        self.unet.enable_gradient_checkpointing()  # type: ignore[operator]

    def parameters(self) -> dict[str, nn.Parameter]:
        """Return every weight of the UNet."""
        return {f"unet.{name}": parameter for name, parameter in self.unet.named_parameters()}


def train_unet(base: LoadedModel, data: TrainingData, *, steps: int, rate: float, seed: int) -> Iterator[float]:
    """Train a model's UNet in place, yielding each step's loss.

    Args:
        base: its text encoders and autoencoder are moved off the device once they are not needed any more.
        data: as for an adapter.
        steps: of the training.
        rate: the highest learning rate, relative to a weight's size.
        seed: of the random numbers.
    """
    # A CPU without the instructions for it computes bfloat16 a hundred times slower than float32.
    base = replace(base, dtype=torch.bfloat16 if base.device.type == "cuda" else torch.float32)
    trainable = WholeUnet(base.core, base.text_encoders, base.dtype)
    training = DreamBooth(
        base, trainable, FusedAdafactor(trainable.parameters()), data, steps=steps, rate=rate, seed=seed
    )
    for part in (base.vae, *base.text_encoders):
        part.to("cpu")
    _free_memory(base.device)
    while training.done < steps:
        yield training.step()


def prepare_data(
    base: LoadedModel, photos: list[bytes], phrase: str, class_noun: str, prior_weight: float
) -> TrainingData:
    """Encode everything that is learnt from, once.

    Args:
        base: the model to be trained.
        photos: PNG files.
        phrase: what they show: the trigger and the class noun.
        class_noun: what kind of thing it is.
        prior_weight: how much class pictures count; 0: there are none.
    """
    spec = base.spec
    latents = [
        to_latents(base, variant[None])
        for index, photo in enumerate(photos)
        for variant in augment(photo_tensor(photo, spec.width_px, spec.height_px), spec, index)
    ]
    prior = torch.empty(0, *latents[0].shape[1:], device=base.device)
    if prior_weight > 0:
        prior = _prior(base, class_noun)
    return TrainingData(
        photos=torch.cat(latents),
        captions=photo_captions(phrase),
        prior=prior,
        prior_captions=prior_captions(class_noun) if len(prior) else (),
        prior_weight=prior_weight,
        batch=spec.train_batch,
        prior_batch=spec.train_prior_batch,
    )


def _prior(base: LoadedModel, class_noun: str) -> Tensor:
    pieces = prior_latents(base, class_noun, None)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            latents: Tensor = end.value
            return latents


def _free_memory(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def save(base: LoadedModel, source: Path, target: Path) -> None:
    """Write a model folder: the trained UNet in float16, everything else as it was."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("unet"))
    copy.deepcopy(base.core).to("cpu", torch.float16).save_pretrained(target / "unet", safe_serialization=True)


def _photos(folder: Path) -> list[bytes]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".png")
    if len(files) < 3:
        raise SystemExit(f"{folder} needs at least three PNG files; {len(files)} are there.")
    return [file.read_bytes() for file in files]


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(prog="python -m inference.engines.training.whole", description=DESCRIPTION)
    parser.add_argument("photos", type=Path, help="a folder of three or more PNG files")
    parser.add_argument("target", type=Path, help="the new model folder; it must not exist")
    parser.add_argument("--model", default="", help="a model of the catalogue that is a folder; default: the first")
    parser.add_argument("--catalogue", type=Path, default=DEFAULT_FILE)
    parser.add_argument("--trigger", default="zkv", help="the rare word that will call it")
    parser.add_argument("--kind", required=True, help="what kind of thing it is, such as dog")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rate", type=float, default=2e-4, help="relative to a weight's size")
    parser.add_argument("--prior-weight", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    chosen = parser.parse_args()
    catalogue = read_catalogue(chosen.catalogue)
    spec = catalogue.image(chosen.model) if chosen.model else catalogue.images[0]
    source = spec.folder
    if source is None:
        raise SystemExit(f"{spec.name} is a hub model; download it to a folder and name that in the catalogue first.")
    if chosen.target.exists():
        raise SystemExit(f"{chosen.target} exists already.")
    base = ModelCache(chosen.device, limit_bytes=0).get(spec)
    phrase = f"{chosen.trigger} {chosen.kind}"
    data = prepare_data(base, _photos(chosen.photos), phrase, chosen.kind, chosen.prior_weight)
    for step, loss in enumerate(train_unet(base, data, steps=chosen.steps, rate=chosen.rate, seed=chosen.seed), 1):
        if step % 20 == 0 or step == chosen.steps:
            print(f"step {step} of {chosen.steps}, loss {loss:.4f}", flush=True)
    save(base, source, chosen.target)
    print(f"Written to {chosen.target.resolve()}: the source of a new entry in your catalogue.")


if __name__ == "__main__":
    main()
