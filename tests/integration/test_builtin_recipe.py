"""The recipe from scratch with a tiny plan: every stage runs, learns something, and leaves a model that opens."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from transformers import CLIPTokenizer

from inference.builtin import artwork, autoencoder, denoiser, sprites, upscaler
from inference.builtin.captions import plural
from inference.builtin.classifier import load as load_judge
from inference.builtin.colours import NAMES, recolour, shares
from inference.builtin.export import WEIGHTS, open_exported
from inference.builtin.recipe import Recipe, draw, tiny_plan
from inference.builtin.scenes import SceneMaker
from inference.builtin.scores import ssim, upscaled
from inference.engines.compact_network import CompactNetwork

FETCHED = Path(".cache/builtin/packages")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the artwork packages: those that are here already, or fetched anew."""
    folder = tmp_path_factory.mktemp("builtin")
    if FETCHED.exists():
        (folder / "packages").symlink_to(FETCHED.resolve())
    elif shutil.which("npm") is None:
        pytest.skip("the artwork packages come with the npm client, which is not installed")
    try:
        Recipe(folder, tiny_plan(), "cpu").fetch()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"the registry cannot be reached: {error.stderr}")
    return folder


@pytest.fixture(scope="module")
def scene_maker(folder: Path) -> SceneMaker:
    """Scenes of the tiny plan's nouns."""
    recipe = Recipe(folder, tiny_plan(), "cpu")
    recipe.render()
    recipe.encode()
    recipe.cut_out()
    return SceneMaker(sprites.load(folder / "sprites"), tiny_plan().nouns, tiny_plan().tail)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_recipe_from_nothing_learns_and_exports(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = Recipe(folder, tiny_plan(), "cpu")
    for stage in (recipe.render, recipe.encode, recipe.cut_out, recipe.train_decoder, recipe.train_denoiser):
        stage()
    recipe.redraw()
    recipe.polish()
    recipe.train_classifier(folder / "judge.safetensors")
    recipe.write(folder / "weights")
    recipe.train_upscaler(folder / "weights")

    printed = capsys.readouterr().out
    for stage_name in ("decoder", "denoiser"):
        losses = [float(loss) for loss in re.findall(rf"{stage_name} step \d+/\d+ loss ([\d.]+)", printed)]
        assert len(losses) >= 2
        assert losses[-1] < 0.9 * losses[0]
    judge, _ = load_judge(folder / "judge.safetensors")
    assert judge.words == [noun.word for noun in (*tiny_plan().nouns, *tiny_plan().tail)]
    drawn = draw(open_exported(folder / "weights"), ["a dog", "a red dog"])
    assert drawn.shape == (2, 3, 128, 128)
    assert drawn.isfinite().all()
    drawings, large, _ = artwork.load(folder / "large")
    network = upscaler.open_written(folder / "weights/upscaler")
    gains = upscaled(network, open_exported(folder / "weights").vae, large[:4])
    assert {drawing.code for drawing in drawings} <= {noun.code for noun in (*tiny_plan().nouns, *tiny_plan().tail)}
    # 40 steps teach it no more than the interpolation that it begins as, which is 2 dB off at the sides
    assert gains["upscaled_psnr_db_over_lanczos"] > -2.5


def test_reopened_model_draws_what_it_drew_before(tmp_path: Path) -> None:
    recipe = Recipe(tmp_path, tiny_plan(), "cpu")
    recipe.reopen(WEIGHTS)
    upscaler.write(CompactNetwork(width=8, depth=1, scale=4), tmp_path / "weights/upscaler")
    recipe.write(tmp_path / "weights")
    assert upscaler.open_written(tmp_path / "weights/upscaler").scale == 4  # is not the pipeline's, and stays
    before, after = (draw(open_exported(weights), ["a red heart"]) for weights in (WEIGHTS, tmp_path / "weights"))
    assert torch.allclose(before, after, atol=1e-3)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_training_stopped_halfway_ends_where_an_unbroken_one_ends(folder: Path, scene_maker: SceneMaker) -> None:
    encoder = autoencoder.load(folder / "encoder.safetensors")
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    for steps, name in ((2, "stopped"), (4, "stopped"), (4, "whole")):
        plan = denoiser.DenoiserPlan(steps=steps, batch=2, warmup=1, cooldown=0.0)
        denoiser.train(plan, scene_maker, encoder, tokenizer, folder / name, "cpu", lambda model, step: None)
    stopped, whole = (denoiser.restore(folder / name)[0].unet.state_dict() for name in ("stopped", "whole"))
    assert all(torch.allclose(stopped[key], whole[key], atol=1e-5) for key in whole)


def shaded_shapes(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Round things with a light and a dark side on white, and where they are: floats in 0..1, N x 3 and N x 1."""
    lot = torch.Generator().manual_seed(8)
    y, x = torch.meshgrid(torch.linspace(-1, 1, 128), torch.linspace(-1, 1, 128), indexing="ij")
    middle = torch.rand(count, 2, 1, 1, generator=lot) * 0.6 - 0.3
    radius = torch.rand(count, 1, 1, generator=lot) * 0.3 + 0.3
    inside = ((x - middle[:, 0]) ** 2 + (y - middle[:, 1]) ** 2 < radius**2)[:, None].float()
    colour = torch.rand(count, 3, 1, 1, generator=lot) * (0.85 + 0.15 * x)
    return inside * colour + (1 - inside), inside


def test_computed_encoder_keeps_what_a_picture_shows() -> None:
    pictures = (shaded_shapes(64)[0] * 255).round().to(torch.uint8)
    model = autoencoder.build()
    drawings = [artwork.Drawing("nobody", f"{index:x}") for index in range(len(pictures))]
    autoencoder.compute_encoder(model, drawings, pictures, seed=1)
    latents = autoencoder.encode(model, pictures)
    assert latents.shape == (len(pictures), 32, 8, 8)
    assert 1.0 < latents.std((0, 2, 3)).max() < 1.6
    # It is linear, so least squares undo it: what it kept is what comes back.
    patches = torch.nn.functional.pixel_unshuffle(autoencoder.as_floats(pictures), 16).permute(0, 2, 3, 1).flatten(0, 2)
    known = torch.cat([latents.permute(0, 2, 3, 1).flatten(0, 2), torch.ones(len(patches), 1)], 1)
    undone = known @ torch.linalg.lstsq(known, patches).solution
    error = (undone - patches).pow(2).mean() / 4
    assert -10 * error.log10() > 25


@pytest.mark.parametrize("colour", NAMES)
def test_recoloured_thing_mostly_shows_that_colour(colour: str) -> None:
    pictures, opacity = shaded_shapes(32)
    main = shares(recolour(pictures, opacity, colour), opacity).argmax(1)
    assert (main == NAMES.index(colour)).float().mean() > 0.9


def test_recolouring_leaves_the_background_white() -> None:
    pictures, opacity = shaded_shapes(8)
    changed = recolour(pictures, opacity, "blue")
    assert torch.equal(changed * (1 - opacity), 1 - opacity.expand_as(changed))


@pytest.mark.parametrize(
    ("noun", "several"), [("mouse", "mice"), ("fish", "fish"), ("cherry", "cherries"), ("bus", "buses")]
)
def test_plural_follows_english(noun: str, several: str) -> None:
    assert plural(noun) == several


def test_ssim_of_equal_pictures_is_one_and_falls_with_noise() -> None:
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert ssim(picture, picture) == pytest.approx(1)
    assert ssim(picture.flip(3), picture) < 0.5
