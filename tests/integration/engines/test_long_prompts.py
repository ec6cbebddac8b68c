"""Weighted prompts, and prompts longer than CLIP reads at once; what is neither is encoded as ever, bit by bit."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from inference.catalogue import ImageModel
from inference.engines.image.families.clip_text import WINDOWS_MAX
from inference.engines.image.families.conditioning import Conditioning
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.models.loading import ModelCache
from inference.messages import FailureKind
from inference.requests import ImageRequest, SubjectUse
from tests.support.engines.flow import Tried
from tests.support.engines.harness import EngineHarness, assert_same, make_request, saved
from tests.support.tiny_adapters import EVERYTHING, make_adapter
from tests.support.tiny_models import make_spec

# the tiny tokenizer makes a token of each letter, so that these have some 60, 140 and 260
SHORT, LONG, LONGER = "a red heart" * 6, "a very red heart " * 10, "a green pear and " * 20
BUILTIN_TOKENS = 24


@pytest.fixture(scope="module", params=["sd", "sdxl"])
def spec(request: pytest.FixtureRequest, sd_folder: Path, xl_folder: Path) -> ImageModel:
    folder = sd_folder if request.param == "sd" else xl_folder
    return make_spec(folder, name=request.param, family=request.param)


@pytest.fixture(scope="module")
def model(spec: ImageModel, models: ModelCache) -> LoadedModel:
    return models.get(spec)


@torch.inference_mode()
def encoded(model: LoadedModel, *texts: str | None) -> Conditioning:
    return family_of(model.spec).encode(model, texts, size_px=(16, 16), guidance=5.0)


@torch.inference_mode()
def as_diffusers_does(model: LoadedModel, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return the states of texts, and the pooled ones, as the pipelines encode them: cut and padded."""
    states, pooled = [], torch.empty(0)
    for tokenizer, encoder in zip(model.tokenizers, model.text_encoders, strict=True):
        longest = tokenizer.model_max_length
        ids = tokenizer(texts, padding="max_length", max_length=longest, truncation=True, return_tensors="pt").input_ids
        if len(model.text_encoders) == 1:
            return encoder(ids)[0], pooled
        out = encoder(ids, output_hidden_states=True)
        states.append(out.hidden_states[-2])
        pooled = out[0]
    return torch.cat(states, dim=-1), pooled


@pytest.mark.parametrize("texts", [("a red heart",), ("", SHORT), ("blue", "x" * 75), ("(red:1)", "a [", r"a \( b")])
def test_plain_prompt_within_the_window_is_encoded_as_diffusers_does_bit_by_bit(
    model: LoadedModel, texts: tuple[str, ...]
) -> None:
    read = encoded(model, *texts)
    plain = [text.replace("(red:1)", "red").replace(r"\(", "(") for text in texts]
    states, pooled = as_diffusers_does(model, plain)
    assert torch.equal(read.hidden, states)
    assert read.mask is None
    assert "text_embeds" not in read.extra or torch.equal(read.extra["text_embeds"], pooled)


def test_long_prompt_is_its_windows_in_a_row(model: LoadedModel) -> None:
    letters = [chr(ord("a") + number % 26) for number in range(180)]
    text = " ".join(letters)
    read = encoded(model, text)
    states, pooled = as_diffusers_does(model, [" ".join(letters[at : at + 75]) for at in (0, 75, 150)])
    assert torch.allclose(read.hidden, states.flatten(0, 1)[None], atol=1e-5)
    assert "text_embeds" not in read.extra or torch.allclose(read.extra["text_embeds"], pooled[:1], atol=1e-5)
    assert not family_of(model.spec).is_cut(model, text)


def test_prompt_of_too_many_windows_is_cut(model: LoadedModel) -> None:
    assert encoded(model, "x" * 5000).hidden.shape[1] == WINDOWS_MAX * 77
    assert family_of(model.spec).is_cut(model, "x" * (WINDOWS_MAX * 75 + 1))
    assert not family_of(model.spec).is_cut(model, f"({'x' * WINDOWS_MAX * 75}:1.2)")


def test_weight_moves_a_words_states_from_those_of_no_words(model: LoadedModel) -> None:
    plain, weighted, empty = (encoded(model, text).hidden[0] for text in ("red pear", "red (pear:1.5)", ""))
    assert torch.allclose(weighted[:4], plain[:4], atol=1e-6)  # begin, r, e, d
    assert torch.allclose(weighted[4:8], empty[4:8] + 1.5 * (plain[4:8] - empty[4:8]), atol=1e-5)
    assert torch.allclose(weighted[8:], plain[8:], atol=1e-6)
    assert (weighted[4:8] - plain[4:8]).abs().max() > 0.05
    nothing = encoded(model, "red (pear:0)").hidden[0]
    assert torch.allclose(nothing[4:8], empty[4:8], atol=1e-6)


def test_weights_reach_into_later_windows_and_leave_the_text_as_a_whole_alone(model: LoadedModel) -> None:
    words = "x" * 80
    plain, weighted = encoded(model, f"{words} pear"), encoded(model, f"{words} (pear:0.5)")
    changed = (plain.hidden - weighted.hidden).abs().amax(dim=2)[0] > 1e-4
    assert changed.nonzero().flatten().tolist() == [77 + 6, 77 + 7, 77 + 8, 77 + 9]
    assert "text_embeds" not in plain.extra or torch.allclose(
        plain.extra["text_embeds"], weighted.extra["text_embeds"], atol=1e-5
    )


def test_texts_of_several_lengths_are_padded_by_what_nobody_sees(model: LoadedModel) -> None:
    family, generator = family_of(model.spec), torch.Generator().manual_seed(1)
    both = encoded(model, "blue", LONG)
    assert both.lengths == (77, 154)
    noise = [torch.randn(1, 4, 8, 8, generator=generator) for _ in range(2)]
    times = torch.tensor([900.0, 300.0])
    with torch.inference_mode():
        together = family.predict(model, noise, times, both)
        for row, text in enumerate(("blue", LONG)):
            (alone,) = family.predict(model, [noise[row]], times[row : row + 1], encoded(model, text))
            assert torch.allclose(together[row], alone, atol=1e-5)
        seen = family.predict(model, noise, times, replace(both, mask=None))
    assert (seen[0] - together[0]).abs().max() > 1e-4  # it would be seen otherwise


@pytest.mark.parametrize("prompt", ["blue pear", f"{'y ' * 80}pear"])
def test_parts_are_joined_as_a_weighted_average(model: LoadedModel, prompt: str) -> None:
    read, parts = encoded(model, f"red heart::2 {prompt}::-.5"), [encoded(model, "red heart"), encoded(model, prompt)]
    if (windows := read.hidden.shape[1] // 77) > 1:
        empty = encoded(model, "").hidden
        parts[0] = replace(parts[0], hidden=torch.cat([parts[0].hidden, *[empty] * (windows - 1)], dim=1))
    for first, second, joined in (
        (parts[0].hidden, parts[1].hidden, read.hidden),
        *((parts[0].extra[name], parts[1].extra[name], read.extra[name]) for name in read.extra),
    ):
        assert torch.allclose(joined, (2 * first - 0.5 * second) / 1.5, atol=1e-4)
    assert torch.allclose(encoded(model, "red:: red::3").hidden, encoded(model, "red").hidden, atol=1e-5)


def test_adapters_of_a_text_encoder_change_every_window(models: ModelCache, sd_folder: Path, spec: ImageModel) -> None:
    model = models.get(spec)
    harness = EngineHarness(spec, models=models)
    adapter = make_adapter(model, parts=("text_encoder",), endings=EVERYTHING, seed=2)
    loaded = harness.adapter_cache.load(model, "a", adapter).result()
    adapters = harness.adapter_cache.combined(model, [(loaded, 1.0)])
    denoiser = harness.engine._passes.denoiser(model)
    first, second = "y" * 75, " pear"

    def read(text: str) -> Tensor:
        lane = denoiser.start(make_request(prompt=text, guidance=1.0), adapters, job_id="x", scheduler_name="dpm++")[0]
        return lane.conditioning.hidden

    by_window = torch.cat([read(first), read(second)], dim=1)
    assert torch.allclose(read(first + second), by_window, atol=1e-5)
    assert (read(second) - encoded(model, second).hidden).abs().max() > 1e-3
    harness.close()


def test_picture_of_a_long_prompt_equals_diffusers_with_the_same_embeddings(
    sd_folder: Path, sd_model: LoadedModel, harness: EngineHarness
) -> None:
    pipeline: Any = saved(sd_folder)
    request = make_request(prompt=f"{LONG} (pear:1.4)", guidance=1.0)
    from inference.engines.image.schedulers import make_scheduler

    pipeline.scheduler = make_scheduler(pipeline.scheduler, "dpm++", request.steps)
    image = pipeline(
        prompt_embeds=encoded(sd_model, request.prompt).hidden,
        width=16,
        height=16,
        num_inference_steps=request.steps,
        guidance_scale=1.0,
        generator=torch.Generator("cpu").manual_seed(request.seed),
        output_type="np",
    ).images[0]
    drawn = harness.draw(request)
    assert_same(drawn.pictures["picture-1.png"], (image * 255).round().astype("int16"))
    assert drawn.finished.summary["notes"] == []


PROMPTS = st.sampled_from(["a red heart", LONG, "a (red:1.5) [heart]", f"(sky:0.3) {LONGER}", f"blue:: {LONG}::-.3"])
REQUESTS = st.builds(
    make_request,
    prompt=PROMPTS,
    negative=st.sampled_from(["", "blue", f"grey {LONG}"]),
    steps=st.sampled_from([1, 3]),
    guidance=st.sampled_from([1.0, 4.3]),
    seed=st.integers(0, 1),
    subjects=st.sampled_from([(), (SubjectUse("t"),)]),
)


@settings(max_examples=15, deadline=None)
@given(script=st.lists(st.one_of(REQUESTS, st.integers(0, 2)), min_size=2, max_size=7))
def test_picture_is_the_same_beside_texts_of_any_length_and_weights(
    models: ModelCache, spec: ImageModel, script: list[ImageRequest | int]
) -> None:
    adapters = {"adapter:t": make_adapter(models.get(spec), parts=("unet", "text_encoder"), endings=EVERYTHING)}
    together = EngineHarness(spec, models=models, slots=16)
    requests: dict[str, ImageRequest] = {}
    for action in script:
        if isinstance(action, int):
            together.step(action)
            continue
        job_id = f"job-{len(requests)}"
        requests[job_id] = replace(action, model=spec.name)
        together.admit(job_id, requests[job_id], adapters)
    together.finish()
    for job_id, request in requests.items():
        alone = EngineHarness(spec, models=models)
        picture = alone.draw(request, adapters).pictures["picture-1.png"]
        assert_same(together.jobs[job_id].pictures["picture-1.png"], picture)
        alone.close()
    together.close()


def test_weight_out_of_range_is_a_sentence(harness: EngineHarness) -> None:
    failed = harness.draw(make_request(prompt="a (red:9) heart")).failed
    assert failed.failure is FailureKind.BAD_INPUT
    assert "must be from 0 to 4" in failed.message


def test_model_that_reads_sentences_draws_without_weights_and_parts_and_says_so(tried: Tried) -> None:
    harness, guidance = tried.harness(), tried.case.guidances[0]
    plain = make_request(prompt="a red heart, (on blue)", guidance=guidance)
    drawn = harness.draw(replace(plain, prompt="a (red:1.4) heart::2 (on blue):: grey::-.5"))
    assert_same(drawn.pictures["picture-1.png"], tried.reference.picture(plain, 0))
    assert drawn.finished.summary["notes"] == ["weights had no effect", "parts had no effect"]
    assert harness.draw(plain).finished.summary["notes"] == []
    harness.close()
