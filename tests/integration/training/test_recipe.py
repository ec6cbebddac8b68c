"""What a model's spec says of its training is what happens: layers, timesteps, weights, the prior's targets."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import safetensors.torch
import torch

from inference.catalogue import Catalogue, ImageModel
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.models.loading import ModelCache
from inference.engines.image.models.model import layers_of
from inference.engines.training.dreambooth import DreamBooth, TrainingData, photo_captions
from inference.engines.training.engine import TrainingEngine
from inference.engines.training.lora import SubjectLora
from inference.engines.training.optimizers import AdamWOptimizer
from inference.engines.training.prior import known_captions
from inference.requests import SubjectUse
from tests.support.engines.harness import EngineHarness, Reference, assert_same, make_request, open_picture, saved
from tests.support.engines.training import STEPS, output, run, task
from tests.support.tiny_models import TINY_SD, TINY_SD_V, TINY_SDXL, make_folder, make_spec

RECIPE = {
    "train_layers": "all",
    "train_noisy_share": 0.65,
    "train_min_snr": 0.0,
    "train_prior_target": "base",
    "train_batch": 2,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(TINY_SD_V, tmp_path_factory.mktemp("models") / "sd-v")


@pytest.fixture(scope="module")
def spec(folder: Path) -> ImageModel:
    return make_spec(folder, name="sd", **RECIPE)


@pytest.fixture(scope="module")
def models() -> Iterator[ModelCache]:
    cache = ModelCache("cpu", limit_bytes=1 << 30)
    yield cache
    cache.close()


@pytest.fixture
def engine(spec: ImageModel, models: ModelCache) -> TrainingEngine:
    return TrainingEngine(Catalogue(images=(spec,), speech=()), models)


def dreambooth(
    base: LoadedModel, *, prior: int = 2, weight: float = 1.0, prior_batch: int = 0, known: int = 0
) -> DreamBooth:
    noise = torch.Generator().manual_seed(1)
    shape = family_of(base.spec).latent_shape(base, (base.spec.width_px, base.spec.height_px))
    data = TrainingData(
        photos=torch.randn(3, *shape, generator=noise),
        captions=photo_captions("zkv mascot"),
        prior=torch.randn(prior, *shape, generator=noise),
        prior_captions=("a mascot",) * prior,
        prior_weight=weight,
        batch=base.spec.train_batch,
        prior_batch=prior_batch,
        known_captions=tuple(f"a {number}" for number in range(known)),
    )
    lora = SubjectLora(base.core, base.text_encoders, rank=2, seed=1, train_text=True, all_layers=True)
    optimizer = AdamWOptimizer(lora.parameters(), device=base.device, half=False)
    return DreamBooth(base, lora, optimizer, data, steps=10, rate=1e-2, seed=1)


def with_spec(models: ModelCache, spec: ImageModel, **changes: object) -> LoadedModel:
    return dataclasses.replace(models.get(spec), spec=spec.model_copy(update=changes))


def test_every_linear_layer_and_convolution_of_the_unet_learns(
    engine: TrainingEngine, models: ModelCache, spec: ImageModel
) -> None:
    engine.admit(task())
    trained = safetensors.torch.load(output(run(engine), f"adapter-{STEPS:04d}.safetensors"))
    named = {key.removeprefix("unet.").removesuffix(".lora_A.weight") for key in trained if "lora_A" in key}
    assert set(layers_of(models.get(spec).core)) <= named
    ups = [tensor for key, tensor in trained.items() if key.startswith("unet.") and "lora_B" in key]
    assert all(tensor.abs().max() > 0 for tensor in ups)


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_adapter_with_convolutions_draws_in_plain_diffusers_what_it_draws_here(tmp_path: Path, family: str) -> None:
    folder = make_folder(TINY_SD_V if family == "sd" else TINY_SDXL, tmp_path / family)
    spec = make_spec(folder, name="sd", family=family, **RECIPE)
    models = ModelCache("cpu", limit_bytes=1 << 30)
    engine = TrainingEngine(Catalogue(images=(spec,), speech=()), models)
    made = []
    for seed in (1, 2):
        engine.admit(task(learning_rate=1e-2, seed=seed))
        made.append(output(run(engine), f"adapter-{STEPS:04d}.safetensors"))
    adapters = {"adapter:s1": made[0], "adapter:s2": made[1]}
    plain, harness = Reference(saved(folder), "dpm++"), EngineHarness(spec, models=models)
    without = make_request(prompt="zkv mascot", model="sd")
    uses = [(), (SubjectUse("s1"),), (SubjectUse("s2", 0.7),), (SubjectUse("s1", 0.4), SubjectUse("s2", 0.6))]
    requests = [dataclasses.replace(without, subjects=each) for each in uses]
    for number, request in enumerate(requests):  # all of them share their passes
        harness.admit(str(number), request, adapters)
    harness.finish()
    pictures = [harness.jobs[str(number)].pictures["picture-1.png"] for number in range(len(uses))]
    for request, drawn in zip(requests, pictures, strict=True):
        assert_same(drawn, plain.picture(request, 0, adapters))
    assert all(abs(drawn - pictures[0]).max() > 8 for drawn in pictures[1:])  # they really do something
    harness.close()
    models.close()


def test_film_shows_what_imagine_draws_with_its_seed(engine: TrainingEngine, models: ModelCache) -> None:
    spec = engine._catalogue.image("sd")
    engine.admit(task(learning_rate=1e-2))
    events = run(engine)
    harness = EngineHarness(spec, models=models)
    request = make_request(
        prompt="zkv mascot",
        model="sd",
        steps=spec.steps,
        guidance=spec.guidance,
        seed=7,
        subjects=(SubjectUse("s1"),),
    )
    adapters = {"adapter:s1": output(events, f"adapter-{STEPS:04d}.safetensors")}
    drawn = harness.draw(request, adapters)
    film = open_picture(output(events, f"film-{STEPS:04d}.png"))
    assert_same(film, drawn.pictures["picture-1.png"])
    harness.close()


def test_noisy_timesteps_are_drawn_as_often_as_the_spec_says(models: ModelCache, spec: ImageModel) -> None:
    even = dreambooth(with_spec(models, spec, train_noisy_share=0.0))._timesteps(4000).float()
    noisy = dreambooth(with_spec(models, spec, train_noisy_share=0.65))._timesteps(4000).float()
    assert 480 < even.mean() < 520
    # 0.35 of them have a mean of 500, and 0.65 of 999 less 650 / 2.6
    assert abs(noisy.mean() - (0.35 * 500 + 0.65 * (999 - 650 / 2.6))) < 15
    assert noisy.min() >= 0
    assert noisy.max() == 999


def test_all_timesteps_weigh_the_same_without_min_snr(models: ModelCache, spec: ImageModel) -> None:
    timesteps = torch.tensor([1, 500, 999])
    assert dreambooth(with_spec(models, spec, train_min_snr=0.0))._weights(timesteps).tolist() == [1, 1, 1]
    weights = dreambooth(with_spec(models, spec, train_min_snr=5.0))._weights(timesteps)
    assert weights.max() > 5 * weights.min()


def test_class_pictures_come_in_batches_of_their_own(models: ModelCache, spec: ImageModel) -> None:
    base = with_spec(models, spec, train_batch=4)
    latents, rows = dreambooth(base, prior_batch=1)._batch()
    assert (len(latents), (rows >= 3).tolist()) == (5, [False] * 4 + [True])
    assert len(dreambooth(base)._batch()[0]) == 8
    assert dreambooth(base, prior_batch=1).step() > 0


def test_prior_is_held_for_other_captions_only_where_the_base_says_what_is_right(
    models: ModelCache, spec: ImageModel
) -> None:
    photos, own, known = 3, 2, 50
    training = dreambooth(with_spec(models, spec, train_batch=8), known=known)
    rows = torch.cat([training._batch()[1][8:] for _ in range(40)]) - photos
    assert 0.3 < (rows >= own).float().mean() < 0.7
    assert rows.max() < own + known
    assert training.step() > 0
    noise = dreambooth(with_spec(models, spec, train_prior_target="noise", train_batch=8), known=known)
    assert max(int(noise._batch()[1].max()) for _ in range(10)) < photos + own


def test_known_captions_are_the_models_own_nouns_but_not_the_subjects(models: ModelCache, spec: ImageModel) -> None:
    base = dataclasses.replace(models.get(spec), nouns=frozenset({"cat", "cats", "dog", "mascot"}))
    assert sorted(known_captions(base, "mascot")) == ["a cat", "a dog"]
    assert known_captions(models.get(spec), "mascot") == ()


def test_base_is_its_own_target_for_the_prior(models: ModelCache, spec: ImageModel) -> None:
    """Before anything is learnt, base and pupil agree: the prior adds nothing to the loss, however much it counts."""
    losses = {weight: dreambooth(models.get(spec), weight=weight).step() for weight in (0.0, 100.0)}
    assert losses[100.0] == pytest.approx(losses[0.0], rel=1e-4)
    noise = with_spec(models, spec, train_prior_target="noise")
    assert dreambooth(noise, weight=100.0).step() > 10 * losses[0.0]


def test_prior_with_the_base_as_its_target_holds_the_base_in_place(models: ModelCache, spec: ImageModel) -> None:
    """After some steps what learns strays less from the base where the prior is trained."""

    def strayed(weight: float) -> float:
        training = dreambooth(models.get(spec), weight=weight)
        for _ in range(8):
            training.step()
        latents, timesteps = training._data.prior, torch.tensor([800, 900])
        rows = torch.tensor([3, 4])
        with torch.no_grad():
            conditioning = training._conditioning_for(rows)
            predicted = training._trainable.unet(
                latents, timesteps, encoder_hidden_states=conditioning.hidden, return_dict=False
            )[0]
        return float((predicted - training._teacher_prediction(latents, timesteps, rows)).square().mean())

    assert strayed(10.0) < 0.5 * strayed(0.0)


def test_adapter_of_version_0_1_still_draws(tmp_path: Path) -> None:
    """The file was made by 0.1's training: attention, feed-forward and text encoder, float32."""
    folder = make_folder(TINY_SD, tmp_path / "sd")
    adapters = {"adapter:s1": (Path(__file__).parent / "adapter-0.1.safetensors").read_bytes()}
    harness, plain = EngineHarness(make_spec(folder, name="sd")), Reference(saved(folder), "dpm++")
    without = make_request(prompt="zkv mascot", model="sd")
    request = dataclasses.replace(without, subjects=(SubjectUse("s1"),))
    drawn = harness.draw(request, adapters).pictures["picture-1.png"]
    assert_same(drawn, plain.picture(request, 0, adapters))
    assert abs(drawn - harness.draw(without).pictures["picture-1.png"]).max() > 8
    harness.close()
