"""The judge: a small classifier that names what a picture shows, trained on the artwork alone, never on the model's.

One vendor's artwork is held out, so that the judge's accuracy on it says how far it can be trusted.
"""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from inference.builtin.artwork import Drawing
from inference.builtin.checkpoint import RecipeCheckpoint, generator
from inference.builtin.nouns import Noun
from inference.builtin.precision import mixed_precision

HELD_OUT_VENDOR = "twemoji"
JUDGED_PX = 64
JUDGE = Path(__file__).parent / "judge.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierPlan:
    """How long the judge is trained."""

    steps: int = 4000
    batch: int = 64
    rate: float = 2e-3
    seed: int = 5
    save_every_s: float = 120.0


class Classifier(nn.Module):
    """Eight convolutions on 64 px pictures, and a score for every noun."""

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self.words = words
        widths = (3, 24, 48, 96, 160)
        self.body = nn.Sequential(*[_stage(a, b, stride=2 if a == 3 else 1) for a, b in itertools.pairwise(widths)])
        self.head = nn.Linear(widths[-1], len(words))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return scores (N x nouns) of pictures (floats in -1..1, N x 3 x any size)."""
        small = F.interpolate(pictures, size=(JUDGED_PX, JUDGED_PX), mode="area")
        scores: torch.Tensor = self.head(F.dropout(self.body(small).mean((2, 3)), 0.2, self.training))
        return scores


def train(
    plan: ClassifierPlan,
    nouns: tuple[Noun, ...],
    artwork: tuple[list[Drawing], torch.Tensor, torch.Tensor],
    folder: Path,
    device: str,
    target: Path = JUDGE,
) -> float:
    """Train the judge, or go on training it, and save it.

    Args:
        plan: how long.
        nouns: its classes.
        artwork: what `artwork.load` returns.
        folder: where the checkpoint is kept.
        device: a torch device.
        target: where the judge is saved.

    Returns:
        Its accuracy on the vendor that is held out.
    """
    drawings, pictures, _ = artwork
    labels = {noun.code: index for index, noun in enumerate(nouns)}
    known = [i for i, drawing in enumerate(drawings) if drawing.code in labels]
    seen = [i for i in known if drawings[i].vendor != HELD_OUT_VENDOR]
    unseen = [i for i in known if drawings[i].vendor == HELD_OUT_VENDOR]
    answers = torch.tensor([labels.get(drawing.code, -1) for drawing in drawings])
    model = Classifier([noun.word for noun in nouns]).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=0.05)
    checkpoint = RecipeCheckpoint(folder, {"model": model}, optimiser)
    saved_s = time.monotonic()
    for step in range(checkpoint.restore(), plan.steps):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / 100, (plan.steps - step) / (0.6 * plan.steps))
        source = generator(plan.seed, step)
        rows = torch.tensor(seen)[torch.randint(len(seen), (plan.batch,), generator=source)]
        shown = _varied(pictures[rows].float() / 127.5 - 1, source).to(device)
        with mixed_precision(device):
            scores = model(shown).float()
        loss = F.cross_entropy(scores, answers[rows].to(device), label_smoothing=0.05)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        if step % 100 == 99:
            print(f"classifier step {step + 1}/{plan.steps} loss {loss.item():.3f}", flush=True)
        if time.monotonic() - saved_s > plan.save_every_s or step + 1 == plan.steps:
            checkpoint.save(step + 1)
            saved_s = time.monotonic()
    model.eval()
    accuracy = top_share(model, pictures[unseen].float() / 127.5 - 1, answers[unseen], 1)
    _save(model, accuracy, target)
    return accuracy


def load(path: Path = JUDGE) -> tuple[Classifier, float]:
    """Return the judge, and its accuracy on the vendor that was held out."""
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
    model = Classifier(json.loads(about["words"]))
    model.load_state_dict({key: value.float() for key, value in load_file(path).items()})
    return model.eval(), float(about["held_out_top1"])


@torch.no_grad()
def top_share(model: Classifier, pictures: torch.Tensor, answers: torch.Tensor, best: int) -> float:
    """Return the top-k accuracy.

    Args:
        model: the classifier.
        pictures: floats in -1..1, N x 3 x H x W.
        answers: the right class of each.
        best: k.
    """
    scores = torch.cat([model(part.to(model.head.weight.device)).cpu() for part in torch.split(pictures, 128)])
    return float((scores.topk(best).indices == answers[:, None]).any(1).float().mean())


def _stage(width: int, wider: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, wider, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(wider),
        nn.ReLU(),
        nn.Conv2d(wider, wider, 3, padding=1, bias=False),
        nn.BatchNorm2d(wider),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )


def _varied(pictures: torch.Tensor, source: torch.Generator) -> torch.Tensor:
    """Rotate, scale, move, recolour, blur and noise pictures at random, so that the judge looks at shapes."""
    count = len(pictures)

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=source)

    angle, scale, squeeze = uniform(-0.3, 0.3), uniform(0.85, 1.4), uniform(0.88, 1.12)
    rows = torch.stack(
        [
            torch.stack([angle.cos() * scale, -angle.sin() * scale, uniform(-0.15, 0.15)], 1),
            torch.stack([angle.sin() * scale * squeeze, angle.cos() * scale * squeeze, uniform(-0.15, 0.15)], 1),
        ],
        1,
    )
    mirrored = torch.where(uniform(0, 1) < 0.4, -1.0, 1.0)
    rows[:, :, 0] *= mirrored[:, None]
    grid = F.affine_grid(rows, [count, 3, JUDGED_PX, JUDGED_PX], align_corners=False)
    small = F.interpolate(pictures, size=(JUDGED_PX, JUDGED_PX), mode="area")
    shown = 1 - F.grid_sample(1 - small, grid, align_corners=False)  # what comes in from outside is white
    orders = torch.stack([torch.randperm(3, generator=source) for _ in range(count)])
    orders[uniform(0, 1) < 0.5] = torch.arange(3)
    shown = shown.gather(1, orders[:, :, None, None].expand_as(shown))
    grey = shown.mean(1, keepdim=True)
    shown = torch.lerp(grey.expand_as(shown), shown, uniform(0.2, 1.2, 1, 1, 1))
    soft = F.avg_pool2d(shown, 3, 1, 1, count_include_pad=False)
    shown = torch.lerp(shown, soft, uniform(0, 1, 1, 1, 1))
    return shown + torch.randn(shown.shape, generator=source) * uniform(0, 0.15, 1, 1, 1)


def _save(model: Classifier, accuracy: float, target: Path) -> None:
    about = {"words": json.dumps(model.words), "held_out_vendor": HELD_OUT_VENDOR, "held_out_top1": f"{accuracy:.4f}"}
    halves = {
        key: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for key, value in model.state_dict().items()
    }
    save_file(halves, target, metadata=about)
