"""The recipe, stage by stage: each takes what the stages before it left, and goes on where it was stopped."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from transformers import CLIPTokenizer

from inference.builtin import (
    artwork,
    autoencoder,
    captions,
    classifier,
    decoder,
    denoiser,
    export,
    redrawn,
    sprites,
    upscaler,
)
from inference.builtin.classifier import JUDGE, ClassifierPlan
from inference.builtin.decoder import DecoderPlan
from inference.builtin.denoiser import Denoiser, DenoiserPlan
from inference.builtin.export import WEIGHTS
from inference.builtin.nouns import Noun, tail, vocabulary
from inference.builtin.pictures import save_sheet
from inference.builtin.redrawn import RedrawnPlan
from inference.builtin.scenes import SceneMaker
from inference.builtin.upscaler import UpscalerPlan

SAMPLING_STEPS = 8
GUIDANCE = 2.0
_SHEET_PROMPTS = (
    "a red heart", "a cat", "a blue car", "a slice of pizza", "a green apple", "a rocket", "a dog", "a yellow star",
    "a tree, 3d", "a flat house", "a purple fish", "a guitar", "two red apples", "three cats", "a castle", "a robot",
    "a cat and a dog", "a red apple and a green pear", "a car next to a house", "a penguin and a star",
    "a bird on a car", "a cat on a chair", "a dog in front of a house", "a heart and a key",
    "a ghost with a hat", "a cat wearing a crown", "a dog wearing sunglasses", "a snowman with a red hat",
    "a red heart on a blue background", "a cat on a yellow background", "a rocket in space", "a fish under water",
    "a penguin in the snow", "a house at night", "a cow on the grass", "a palm tree on the beach",
    "a cat and a dog on a green background", "an ice cream cone", "a bunch of grapes", "a cup of coffee",
)  # fmt: skip


def polish_plan(steps: int = 1500, batch: int = 12) -> DecoderPlan:
    """Return the plan for training the decoder on what the denoiser draws: a low rate, or it loses its sharpness."""
    return DecoderPlan(
        steps=steps, batch=batch, rate=4e-4, cooldown=0.6, discriminator_from=0.2, redrawn_share=0.5, seed=14
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipePlan:
    """What is trained and for how long; the defaults are the plan of the shipped model."""

    nouns: tuple[Noun, ...] = field(default_factory=vocabulary)
    tail: tuple[Noun, ...] = field(default_factory=tail)
    denoiser: DenoiserPlan = field(default_factory=DenoiserPlan)
    decoder: DecoderPlan = field(default_factory=DecoderPlan)
    redrawn: RedrawnPlan = field(default_factory=RedrawnPlan)
    polish: DecoderPlan = field(default_factory=polish_plan)
    classifier: ClassifierPlan = field(default_factory=ClassifierPlan)
    upscaler: UpscalerPlan = field(default_factory=UpscalerPlan)
    seed: int = 1  # of the encoder's choice of pictures
    only_nouns: bool = False  # render nothing but the nouns' own emoji


def tiny_plan() -> RecipePlan:
    """Return a plan of minutes: eight nouns, hardly trained, to see that every stage runs."""
    return RecipePlan(
        nouns=vocabulary()[:8],
        tail=tail()[:2],
        denoiser=DenoiserPlan(steps=150, batch=12, warmup=10),
        decoder=DecoderPlan(steps=150, batch=4),
        redrawn=RedrawnPlan(count=24, piece=24, alike=-1.0),
        polish=polish_plan(steps=20, batch=4),
        classifier=ClassifierPlan(steps=60, batch=32),
        # so few steps cannot make edges strong without spoiling them
        upscaler=UpscalerPlan(pictures=24, width=8, depth=1, steps=40, batch=4, soft_weight=0.0),
        only_nouns=True,
    )


def finer_plan() -> RecipePlan:
    """Return a plan for a model that was reopened: low rates from the start, or it loses its sharpness."""
    return RecipePlan(
        denoiser=DenoiserPlan(steps=6000, rate=1e-3, cooldown=0.4),
        decoder=DecoderPlan(steps=1600, rate=4e-4, cooldown=0.8, discriminator_from=0.3),
    )


class Recipe:
    """The stages over one working folder, on one device."""

    def __init__(self, folder: Path, plan: RecipePlan, device: str) -> None:
        self.folder, self.plan, self.device = folder, plan, device

    def reopen(self, source: Path = WEIGHTS) -> None:
        """Begin with an exported model, so that its training goes on."""
        pipe = export.open_exported(source)
        for outdated in ("redrawn", "polish"):
            shutil.rmtree(self.folder / outdated, ignore_errors=True)
        pipe.tokenizer.save_pretrained(self.folder / "tokenizer")
        autoencoder.save(pipe.vae, self.folder / "encoder.safetensors")
        decoder.reopen(pipe.vae, self.folder / "decoder")
        denoiser.reopen(Denoiser(pipe.unet, pipe.text_encoder), self.folder / "denoiser")

    def fetch(self) -> None:
        """Download the artwork packages."""
        artwork.fetch(self.folder / "packages")

    def render(self) -> None:
        """Draw the artwork."""
        codes = frozenset(noun.code for noun in self._all_nouns()) if self.plan.only_nouns else None
        print(f"rendered {artwork.render(self.folder / 'packages', self.folder / 'artwork', codes)} pictures")

    def encode(self) -> None:
        """Compute the encoder, once: all that follows depends on its latents."""
        if (self.folder / "encoder.safetensors").exists():
            return
        drawings, pictures, _ = artwork.load(self.folder / "artwork")
        model = autoencoder.build()
        autoencoder.compute_encoder(model, drawings, pictures, self.plan.seed)
        autoencoder.save(model, self.folder / "encoder.safetensors")

    def cut_out(self) -> None:
        """Cut out the artwork for scenes, and train the tokenizer if there is none yet."""
        if not (self.folder / "tokenizer").exists():
            tokenizer = captions.build_tokenizer(self._all_nouns(), artwork.emojis(self.folder / "packages"))
            tokenizer.save_pretrained(self.folder / "tokenizer")
        shown = artwork.load(self.folder / "artwork")
        sprites.build(shown, self.plan.nouns, self.plan.tail, self.folder / "sprites")

    def train_denoiser(self) -> None:
        """Train the denoiser."""
        encoder = autoencoder.load(self.folder / "encoder.safetensors")
        denoiser.train(
            self.plan.denoiser,
            self._scene_maker(),
            encoder,
            self._tokenizer(),
            self.folder / "denoiser",
            self.device,
            self._show,
        )

    def train_decoder(self) -> None:
        """Train the decoder."""
        drawings, pictures, _ = artwork.load(self.folder / "artwork")
        start = autoencoder.load(self.folder / "encoder.safetensors")
        nouns = frozenset(noun.code for noun in self.plan.nouns)
        decoder.train(
            self.plan.decoder,
            start,
            drawings,
            pictures,
            nouns,
            self._scene_maker(),
            self.folder / "decoder",
            self.device,
        )

    def redraw(self) -> None:
        """Redraw scenes with the denoiser as it is now."""
        model, step = denoiser.restore(self.folder / "denoiser")
        pipe = self._pipeline(model).to(self.device)
        count = redrawn.build(self.plan.redrawn, pipe, self._scene_maker(), self.folder / f"redrawn/step{step:06}")
        print(f"{count} scenes were redrawn by the denoiser of step {step}")

    def polish(self) -> None:
        """Train the decoder on the scenes that were redrawn last, too."""
        newest = max((self.folder / "redrawn").glob("step*"))
        drawings, pictures, _ = artwork.load(self.folder / "artwork")
        decoder.train(
            self.plan.polish,
            decoder.restore(self.folder / "decoder"),
            drawings,
            pictures,
            frozenset(noun.code for noun in self._all_nouns()),
            self._scene_maker(),
            self.folder / "polish",
            self.device,
            redrawn.load(newest),
        )

    def train_classifier(self, target: Path = JUDGE) -> None:
        """Train the judge."""
        accuracy = classifier.train(
            self.plan.classifier,
            self._all_nouns(),
            artwork.load(self.folder / "artwork"),
            self.folder / "classifier",
            self.device,
            target,
        )
        print(f"classifier top-1 {accuracy:.3f} on {classifier.HELD_OUT_VENDOR}, which it never saw")

    def train_upscaler(self, target: Path = WEIGHTS) -> None:
        """Draw large artwork, train the upscaler on it, and write it into the exported model's folder."""
        plan, drawn = self.plan.upscaler, self.folder / "large"
        if not drawn.with_suffix(".json").exists():
            codes = frozenset(noun.code for noun in self._all_nouns())
            artwork.render(self.folder / "packages", drawn, codes, scale=upscaler.SCALE, most=plan.pictures)
        drawings, pictures, _ = artwork.load(drawn)
        seen = [index for index, drawing in enumerate(drawings) if not upscaler.is_held_out(drawing)]
        pairs = upscaler.make_pairs(pictures[seen], export.open_exported(target).vae, plan)
        upscaler.write(upscaler.train(plan, pairs, self.folder / "upscaler"), target / export.UPSCALER)

    def write(self, target: Path = WEIGHTS) -> None:
        """Export the model as a diffusers folder."""
        model, step = denoiser.restore(self.folder / "denoiser")
        size = export.export(self._pipeline(model), target, captions.known_words(self._all_nouns()))
        print(f"exported step {step} to {target}: {size / 1e6:.1f} MB")

    def _scene_maker(self) -> SceneMaker:
        return SceneMaker(sprites.load(self.folder / "sprites"), self.plan.nouns, self.plan.tail)

    def _all_nouns(self) -> tuple[Noun, ...]:
        return (*self.plan.nouns, *self.plan.tail)

    def _show(self, model: Denoiser, step: int) -> None:
        shown = draw(self._pipeline(model).to(self.device), list(_SHEET_PROMPTS))
        save_sheet(shown, self.folder / f"sheets/step{step:06}.png", 8, list(_SHEET_PROMPTS))

    def _pipeline(self, model: Denoiser) -> StableDiffusionPipeline:
        polished = (self.folder / "polish/checkpoint.safetensors").exists()
        vae = decoder.restore(self.folder / ("polish" if polished else "decoder"))
        return export.pipeline(vae, model, self._tokenizer())

    def _tokenizer(self) -> CLIPTokenizer:
        return CLIPTokenizer.from_pretrained(self.folder / "tokenizer", local_files_only=True)


@torch.no_grad()
def draw(
    pipe: StableDiffusionPipeline,
    prompts: list[str],
    seeds: list[int] | None = None,
    batch: int = 12,
    steps: int = SAMPLING_STEPS,
    size_px: tuple[int, int] = (artwork.PICTURE_PX, artwork.PICTURE_PX),
) -> torch.Tensor:
    """Draw one picture per prompt.

    Args:
        pipe: the model.
        prompts: what to draw.
        seeds: one per picture; None: its place in the list.
        batch: how many are drawn at once.
        steps: sampling steps.
        size_px: width and height.

    Returns:
        Floats in -1..1, N x 3 x H x W.
    """
    pipe.set_progress_bar_config(disable=True)
    seeds = seeds or list(range(len(prompts)))
    drawn = []
    for start in range(0, len(prompts), batch):
        part = slice(start, start + batch)
        drawn.append(
            pipe(
                prompts[part],
                width=size_px[0],
                height=size_px[1],
                num_inference_steps=steps,
                guidance_scale=GUIDANCE,
                generator=[torch.Generator().manual_seed(seed) for seed in seeds[part]],
                output_type="pt",
            ).images
        )
    return torch.cat(drawn).float().cpu() * 2 - 1
