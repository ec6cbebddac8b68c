"""Flow-matching families: a lane's picture is that of diffusers' own pipeline, alone and whoever shares its passes."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engines.image.decoding import preview_images
from inference.engines.image.families.registry import family_of
from inference.engines.image.models.folders import check_folder
from inference.engines.image.models.loading import ModelCache
from inference.errors import ModelUnusable
from inference.families import FAMILIES
from inference.messages import FailureKind, Preview
from inference.requests import ImageRequest, InitPicture, SubjectUse
from tests.support.engines.flow import FlowReference, Tried
from tests.support.engines.harness import EngineHarness, assert_same, make_request, open_picture, saved
from tests.support.engines.init_pictures import PICTURES, picture_of
from tests.support.tiny_adapters import make_adapter
from tests.support.tiny_models import make_spec


def uses(names: str) -> tuple[SubjectUse, ...]:
    return tuple(SubjectUse(name, 0.8) for name in names)


@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize("negative", ["", "blue"])
def test_picture_equals_diffusers(tried: Tried, guided: bool, negative: str) -> None:
    harness = tried.harness()
    for size in tried.case.sizes:
        request = make_request(
            guidance=tried.case.guidances[guided], negative=negative, width_px=size[0], height_px=size[1], count=2
        )
        drawn = harness.draw(request).pictures
        for index in range(2):
            assert_same(drawn[f"picture-{index + 1}.png"], tried.reference.picture(request, index))
    harness.close()


@pytest.mark.parametrize("names", ["a", "b", "ba"])
def test_picture_with_adapters_equals_diffusers(tried: Tried, names: str) -> None:
    harness = tried.harness()
    request = make_request(guidance=tried.case.guidances[1], subjects=uses(names))
    drawn = harness.draw(request, tried.adapters).pictures["picture-1.png"]
    plain = harness.draw(dataclasses.replace(request, subjects=())).pictures["picture-1.png"]
    assert_same(drawn, tried.reference.picture(request, 0, tried.adapters))
    assert np.abs(drawn - plain).max() > 8  # the adapters really do something
    harness.close()


def test_picture_depends_on_all_that_is_asked(tried: Tried) -> None:
    """Else it would be no wonder that pictures are equal."""
    harness = tried.harness()
    plain = make_request(guidance=tried.case.guidances[0])
    changes: list[dict[str, Any]] = [{"prompt": "blue"}, {"steps": 5}, {"seed": 2}]
    changes.append({"guidance": tried.case.guidances[1]})
    first = harness.draw(plain).pictures["picture-1.png"]
    for change in changes:
        other = harness.draw(dataclasses.replace(plain, **change)).pictures["picture-1.png"]
        same = tried.case.distilled and "guidance" in change
        assert (np.abs(other - first).max() == 0) if same else (np.abs(other - first).max() > 8), change
    harness.close()


INITS = st.builds(
    lambda strength, key, fields: InitPicture(key=key, strength=strength, **fields),
    st.sampled_from([0.05, 0.4, 0.77, 1.0]),
    st.sampled_from(PICTURES),
    st.sampled_from([{}, {"mask": "left"}, {"mask": "hole"}, {"margins_px": (0, 3, 5, 0)}]),
)
REQUESTS = st.builds(
    lambda names, size, guided, steps, **changes: (names, size, guided, steps, make_request(**changes)),
    st.sampled_from(["", "", "a", "b", "ab"]),
    st.integers(0, 1),
    st.booleans(),
    st.integers(0, 2),
    prompt=st.sampled_from(["a red heart", "", "a much longer prompt that says a lot of a green cat"]),
    negative=st.sampled_from(["", "green"]),
    seed=st.integers(0, 1),
    count=st.integers(1, 2),
    init=st.none() | INITS,
    references=st.sampled_from([(), (), ("1",), ("2",), ("2", "1")]),
)
Asked = tuple[str, int, bool, int, ImageRequest]
SCRIPTS = st.lists(
    st.one_of(REQUESTS, st.integers(0, 4), st.tuples(st.just("cancel"), st.integers(0, 5))), min_size=2, max_size=9
)


def play(tried: Tried, script: list[Asked | int | tuple[str, int]], lanes_max: int) -> None:
    """Let jobs arrive, step and leave; check every picture that was not cancelled."""
    harness, asked = tried.harness(lanes_max=lanes_max), 0
    requests: dict[str, ImageRequest] = {}
    for action in script:
        if isinstance(action, int):
            harness.step(action)
        elif len(action) == 2:
            harness.engine.cancel(f"job-{action[1]}")
            requests.pop(f"job-{action[1]}", None)
        else:
            names, size, guided, steps, request = action
            width_px, height_px = tried.case.sizes[size]
            seen = 0 if not FAMILIES[tried.case.family].references_max else 1 if request.init else 2
            request = dataclasses.replace(
                request,
                subjects=uses(names),
                steps=tried.case.steps[steps],
                width_px=width_px,
                height_px=height_px,
                guidance=tried.case.guidances[guided],
                references=request.references[:seen],
            )
            requests[f"job-{asked}"] = request
            harness.admit(f"job-{asked}", request, {**tried.adapters, **picture_of(request)})
            asked += 1
    harness.finish()
    for job_id, request in requests.items():
        for index in range(request.count):
            drawn = harness.jobs[job_id].pictures[f"picture-{index + 1}.png"]
            assert_same(drawn, tried.reference.picture(request, index, tried.adapters))
    harness.close()


@settings(max_examples=10, deadline=None)
@given(script=SCRIPTS, lanes_max=st.integers(1, 8))
def test_picture_is_the_same_whatever_joins_and_leaves_its_batch(
    tried: Tried, script: list[Asked | int | tuple[str, int]], lanes_max: int
) -> None:
    play(tried, script, lanes_max)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=200, deadline=None)
@given(script=SCRIPTS, lanes_max=st.integers(1, 8))
def test_picture_is_the_same_in_hundreds_of_batches(
    tried: Tried, script: list[Asked | int | tuple[str, int]], lanes_max: int
) -> None:
    play(tried, script, lanes_max)


def test_picture_in_bfloat16_differs_from_diffusers_by_rounding(tried: Tried) -> None:
    """What these models compute in on a GPU: a few levels, and less than one on average."""
    assert tried.spec.folder is not None
    halves = ModelCache("cpu", limit_bytes=1 << 30, dtype=torch.bfloat16)
    harness = EngineHarness(tried.spec, models=halves)
    reference = FlowReference(saved(tried.spec.folder).to(torch.bfloat16), tried.case)
    request = make_request(guidance=tried.case.guidances[1], width_px=32)
    apart = np.abs(harness.draw(request).pictures["picture-1.png"] - reference.picture(request, 0))
    assert apart.max() <= 12
    assert apart.mean() < 2
    harness.close()
    halves.close()


def test_chat_template_of_a_folder_is_not_run(tried: Tried, tmp_path: Path) -> None:
    assert tried.spec.folder is not None
    folder = tmp_path / "copy"
    shutil.copytree(tried.spec.folder, folder)
    (folder / "tokenizer" / "chat_template.jinja").write_text("{{ 1 / 0 }}")
    harness = EngineHarness(make_spec(folder, family=tried.case.family))
    request = make_request(guidance=tried.case.guidances[1])
    drawn = harness.draw(request).pictures["picture-1.png"]
    assert_same(drawn, tried.reference.picture(request, 0))
    harness.close()


@pytest.mark.parametrize("part", ["transformer", "text_encoder", "vae"])
def test_folder_with_pickled_weights_is_refused(tried: Tried, tmp_path: Path, part: str) -> None:
    assert tried.spec.folder is not None
    folder = tmp_path / "copy"
    shutil.copytree(tried.spec.folder, folder)
    for file in (folder / part).glob("*.safetensors"):
        file.rename(file.with_suffix(".bin"))
    with pytest.raises(ModelUnusable, match="only pickled weights"):
        check_folder(folder, tried.case.family)


def test_single_step_makes_a_picture(tried: Tried) -> None:
    harness = tried.harness()
    assert harness.draw(make_request(steps=1, guidance=tried.case.guidances[0])).finished.done == 1
    harness.close()


def test_layer_where_samples_lie_in_one_row_takes_no_adapter(tried: Tried) -> None:
    family, model = family_of(tried.spec), tried.models.get(tried.spec)
    rows = [name for name in model.layers[family.core] if family.sample_axis(family.core, name) is None]
    if not rows:
        pytest.skip("samples lie along an axis at all of this family's layers")
    harness = tried.harness()
    harness.admit("neighbour", make_request(guidance=tried.case.guidances[1]))
    bad = make_adapter(model, parts=("transformer",), endings=rows)
    harness.admit("bad", make_request(subjects=uses("x")), {"adapter:x": bad})
    harness.finish()
    assert harness.jobs["bad"].failed.failure is FailureKind.BAD_INPUT
    assert "in one row" in harness.jobs["bad"].failed.message
    neighbour = make_request(guidance=tried.case.guidances[1])
    assert_same(harness.jobs["neighbour"].pictures["picture-1.png"], tried.reference.picture(neighbour, 0))
    harness.close()


def test_samples_do_lie_along_the_axis_that_is_said(tried: Tried) -> None:
    """What a layer reads of two samples together is what it reads of each alone, along that axis."""
    family, model = family_of(tried.spec), tried.models.get(tried.spec)
    seen: dict[str, list[torch.Tensor]] = {}
    hooks = [
        layer.register_forward_hook(lambda _layer, args, _out, name=name: seen.setdefault(name, []).append(args[0]))
        for name, layer in model.layers[family.core].items()
    ]
    shape = (1, *family.latent_shape(model, (16, 16)))
    noise = [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in range(2)]
    with torch.inference_mode():
        texts = family.encode(model, ["red", "sky"], size_px=(16, 16), guidance=1.0)
        times = torch.tensor([900.0, 300.0])
        family.predict(model, noise, times, texts)
        for row in range(2):
            family.predict(model, [noise[row]], times[row : row + 1], texts[torch.tensor([row])])
    for hook in hooks:
        hook.remove()
    assert seen.keys() == model.layers[family.core].keys()
    for name, (both, *each) in seen.items():
        axis = family.sample_axis(family.core, name)
        if axis is None:
            assert sum(len(one) for one in each) == len(both)
        else:
            assert torch.allclose(torch.cat(each, axis), both, atol=1e-4), name


def test_long_prompt_is_cut_as_diffusers_cuts_it_and_said(tried: Tried) -> None:
    harness = tried.harness()
    request = make_request(prompt="a very red heart " * 90, guidance=tried.case.guidances[0])
    outcome = harness.draw(request)
    assert_same(outcome.pictures["picture-1.png"], tried.reference.picture(request, 0))
    assert outcome.finished.summary["notes"] == ["prompt was cut"]
    harness.close()


def test_preview_is_a_picture(tried: Tried) -> None:
    harness = tried.harness(preview_every_s=0.0)
    harness.admit("only", make_request(steps=9, guidance=tried.case.guidances[0]))
    job = harness.engine._jobs["only"]
    harness.step_until(lambda: job.preview is not None)
    assert job.preview is not None
    job.preview.result()
    (preview,) = [event for event in harness.step() if isinstance(event, Preview)]
    assert max(open_picture(preview.content).shape[:2]) >= 8
    harness.close()


def test_preview_of_large_latents_is_small(tried: Tried) -> None:
    family, model = family_of(tried.spec), tried.models.get(tried.spec)
    latents = torch.randn(1, *family.latent_shape(model, (512, 256)))
    image = preview_images(model, latents)
    assert image.shape[0:2] == (1, 3)
    assert max(image.shape[2:]) <= 64
    assert image.shape[3] == 2 * image.shape[2]


def test_pictures_become_latents_and_come_back_as_the_autoencoder_would_have_them(tried: Tried) -> None:
    family, model = family_of(tried.spec), tried.models.get(tried.spec)
    pixels = torch.rand(2, 3, 16, 32) * 2 - 1
    with torch.inference_mode():
        latents = family.to_latents(model, pixels)
        back = family.to_pixels(model, latents)
    assert latents.shape == (2, *family.latent_shape(model, (32, 16)))
    assert latents.dtype is torch.float32
    assert back.shape == pixels.shape
    again = tried.reference.reconstructed(pixels)
    assert torch.allclose(back, again, atol=1e-4)
