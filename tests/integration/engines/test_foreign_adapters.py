"""LoRAs from other trainers, converted once, draw what diffusers draws with the file as it came."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from inference.engines.image.adapters.conversion import convert_lora
from inference.engines.image.adapters.reading import read_adapter
from inference.engines.image.families.loaded_model import LoadedModel
from inference.requests import ImageRequest, SubjectUse
from tests.support.engines.flow import Tried
from tests.support.engines.harness import EngineHarness, Reference, assert_same, make_request, saved
from tests.support.foreign_adapters import diffusers_file, first_diffusers_file, flow_file, kohya_file
from tests.support.tiny_adapters import EVERYTHING, make_adapter, make_tensors
from tests.support.tiny_models import make_spec

# As kohya trains all of a text encoder: of some of its layers alone, diffusers would not know the names.
LAYERS = (*EVERYTHING, "k_proj", "out_proj", "fc2")
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
Convert = Callable[[str, bytes], bytes]


@pytest.fixture
def convert(sd_model: LoadedModel, tmp_path: Path) -> Convert:
    return converter(sd_model, tmp_path)


def converter(model: LoadedModel, folder: Path) -> Convert:
    """Return a function that converts a file for a model."""

    def convert(name: str, content: bytes) -> bytes:
        source, target = folder / f"{name}.safetensors", folder / f"{name}-converted.safetensors"
        source.write_bytes(content)
        convert_lora(source, target, model)
        return target.read_bytes()

    return convert


def forms(model: LoadedModel, text: tuple[str, ...], *, sgm: bool) -> dict[str, bytes]:
    """Return files of every form, each with other numbers."""
    parts: Any = {"parts": ("unet", *text), "endings": LAYERS}
    return {
        "kohya": kohya_file(make_tensors(model, rank=4, seed=1, **parts), alpha=2.0, sgm=sgm),
        "attention": kohya_file(
            make_tensors(model, rank=3, seed=2, endings=ATTENTION, strength=0.9), alpha=1.0, sgm=sgm
        ),
        "diffusers": diffusers_file(make_tensors(model, rank=4, seed=3, **parts)),
        "first": first_diffusers_file(make_tensors(model, rank=4, seed=4, endings=ATTENTION)),
        "peft": make_adapter(model, rank=4, seed=5, **parts),
    }


@pytest.fixture(scope="module")
def sd_forms(sd_model: LoadedModel) -> dict[str, bytes]:
    return forms(sd_model, ("text_encoder",), sgm=False)


@pytest.fixture(scope="module")
def reference(sd_folder: Path) -> Reference:
    return Reference(saved(sd_folder), "dpm++")


def drawn_with(*uses: tuple[str, float], **changes: Any) -> ImageRequest:
    return make_request(subjects=tuple(SubjectUse(name, weight) for name, weight in uses), **changes)


@pytest.mark.parametrize("form", ["kohya", "attention", "diffusers", "first", "peft"])
def test_picture_with_a_foreign_lora_equals_diffusers(
    harness: EngineHarness, reference: Reference, sd_forms: dict[str, bytes], convert: Convert, form: str
) -> None:
    request = drawn_with((form, 0.8))
    converted = {f"adapter:{form}": convert(form, sd_forms[form])}
    drawn = harness.draw(request, converted).pictures["picture-1.png"]
    assert_same(drawn, reference.picture(request, 0, {f"adapter:{form}": sd_forms[form]}))
    assert abs(drawn - reference.picture(make_request(), 0)).max() > 8  # it really does something


def test_foreign_loras_share_passes_with_each_other_and_with_subjects(
    harness: EngineHarness, reference: Reference, sd_forms: dict[str, bytes], convert: Convert
) -> None:
    converted = {f"adapter:{form}": convert(form, content) for form, content in sd_forms.items()}
    requests = {
        "one": drawn_with(("kohya", 0.8)),
        "two": drawn_with(("peft", 1.0), ("diffusers", 0.5), steps=3, seed=5),
        "none": make_request(guidance=1.0),
        "three": drawn_with(("attention", 1.0), ("kohya", -0.4), ("first", 0.6), prompt="two cats"),
    }
    for job_id, request in requests.items():
        harness.admit(job_id, request, converted)
    harness.finish()
    originals = {f"adapter:{form}": content for form, content in sd_forms.items()}
    for job_id, request in requests.items():
        assert_same(harness.jobs[job_id].pictures["picture-1.png"], reference.picture(request, 0, originals))


@pytest.fixture(scope="module")
def xl(xl_folder: Path) -> Iterator[tuple[EngineHarness, Reference, LoadedModel]]:
    spec = make_spec(xl_folder, family="sdxl")
    harness = EngineHarness(spec)
    yield harness, Reference(saved(xl_folder), "dpm++"), harness.models.get(spec)
    harness.close()


@pytest.mark.parametrize("form", ["kohya", "diffusers"])
def test_picture_with_a_foreign_lora_equals_diffusers_for_sdxl(
    xl: tuple[EngineHarness, Reference, LoadedModel], tmp_path: Path, form: str
) -> None:
    harness, reference, model = xl
    content = forms(model, ("text_encoder", "text_encoder_2"), sgm=True)[form]
    request = drawn_with((form, 0.8))
    converted = {f"adapter:{form}": converter(model, tmp_path)(form, content)}
    drawn = harness.draw(request, converted).pictures["picture-1.png"]
    assert_same(drawn, reference.picture(request, 0, {f"adapter:{form}": content}))
    assert abs(drawn - reference.picture(make_request(), 0)).max() > 8


def test_scale_is_multiplied_in_without_a_digit_lost_where_it_is_a_power_of_two(
    sd_model: LoadedModel, convert: Convert
) -> None:
    tensors = make_tensors(sd_model, rank=4, endings=("to_q",))
    whole = read_adapter(make_adapter(sd_model, rank=4, endings=("to_q",)), sd_model).components["unet"]
    small = read_adapter(convert("small", kohya_file(tensors, alpha=0.25)), sd_model).components["unet"]
    for name, factor in small.items():
        assert torch.equal(factor.up @ factor.down * 16, whole[name].up @ whole[name].down)


def test_foreign_lora_of_a_flow_family_equals_diffusers(tried: Tried, tmp_path: Path) -> None:
    model = tried.models.get(tried.spec)
    tensors = make_tensors(model, parts=("transformer",), rank=2, seed=7, endings=("to_q", "to_out.0"), strength=0.6)
    content = flow_file(tried.case.family, model.layers["transformer"], tensors)
    request = drawn_with(("foreign", 1.0), guidance=tried.case.guidances[1])
    harness = tried.harness()
    drawn = harness.draw(request, {"adapter:foreign": converter(model, tmp_path)("foreign", content)})
    picture = drawn.pictures["picture-1.png"]
    harness.close()
    assert_same(picture, tried.reference.picture(request, 0, {"adapter:foreign": content}))
    assert abs(picture - tried.reference.picture(replace(request, subjects=()), 0)).max() > 8
