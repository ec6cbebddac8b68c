"""The catalogue's LoRAs in pictures: read from their files, beside subjects and everybody else's."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from bot.shared.files.pictures import read_parameters
from inference.catalogue import Catalogue, ImageModel
from inference.engines.image.adapters.conversion import convert_lora
from inference.engines.image.adapters.reading import autov3_of_file
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from inference.engines.single_files.lora import convert_for
from inference.errors import AdapterRejected
from inference.loras import LoraModel
from inference.messages import FailureKind, Output
from inference.requests import ImageRequest, LoraUse, SubjectUse
from tests.support.engines.harness import EngineHarness, Reference, assert_same, make_request, saved
from tests.support.foreign_adapters import kohya_file
from tests.support.tiny_adapters import make_adapter, make_tensors
from tests.support.tiny_models import make_spec

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")


def make_lora(file: Path, **changes: Any) -> LoraModel:
    fields: dict[str, Any] = {"name": "ink", "title": "Ink", "file": str(file), "family": "sd", "licence": "none"}
    return LoraModel(**fields | changes)


@pytest.fixture(scope="module")
def original(sd_model: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("loras") / "ink.safetensors"
    tensors = make_tensors(sd_model, rank=4, seed=6, endings=ATTENTION, strength=0.8)
    file.write_bytes(kohya_file(tensors, alpha=2.0))
    return file


@pytest.fixture(scope="module")
def ink(sd_model: LoadedModel, original: Path) -> LoraModel:
    target = original.with_name("ink-converted.safetensors")
    convert_lora(original, target, sd_model)
    return make_lora(target, sha256=hashlib.sha256(target.read_bytes()).hexdigest())


def harness_with(folder: Path, models: ModelCache, *loras: LoraModel) -> EngineHarness:
    spec = make_spec(folder)
    return EngineHarness(catalogue=Catalogue(images=(spec,), speech=(), loras=loras), models=models)


def styled(*uses: tuple[str, float], **changes: Any) -> ImageRequest:
    return make_request(loras=tuple(LoraUse(name, weight) for name, weight in uses), **changes)


def test_style_draws_as_diffusers_does_alone_and_beside_subjects(
    sd_folder: Path, models: ModelCache, sd_model: LoadedModel, ink: LoraModel, original: Path
) -> None:
    harness, reference = harness_with(sd_folder, models, ink), Reference(saved(sd_folder), "dpm++")
    rex = {"adapter:rex": make_adapter(sd_model, rank=4, seed=1)}
    requests = {
        "styled": styled(("ink", 0.8)),
        "both": styled(("ink", -0.5), subjects=(SubjectUse("rex", 0.7),), seed=4),
        "plain": make_request(guidance=1.0),
    }
    for job_id, request in requests.items():
        harness.admit(job_id, request, rex)
    harness.finish()
    files = {"adapter:ink": original.read_bytes(), **rex}
    for job_id, request in requests.items():
        uses = (*request.subjects, *(SubjectUse(use.name, use.weight) for use in request.loras))
        drawn = harness.jobs[job_id].pictures["picture-1.png"]
        assert_same(
            drawn,
            reference.picture(make_request(seed=request.seed, guidance=request.guidance, subjects=uses), 0, files),
        )
    assert harness.engine.adapters() == ("rex",)  # what a dispatcher asks its store about are subjects alone
    harness.close()


def test_picture_names_its_style_and_the_hash_by_which_others_know_its_file(
    sd_folder: Path, models: ModelCache, ink: LoraModel, original: Path
) -> None:
    harness = harness_with(sd_folder, models, ink)
    (output,) = [each for each in harness.draw(styled(("ink", 0.8))).events if isinstance(each, Output)]
    text = read_parameters(output.content)
    assert text.splitlines()[0].endswith(" <lora:ink:0.8>")
    assert f'Lora hashes: "ink: {autov3_of_file(original)}"' in text
    harness.close()


@pytest.mark.parametrize(
    ("changes", "uses", "told"),
    [
        ({}, [("inc", 1.0)], "no style 'inc' here. Did you mean ink?"),
        ({"family": "sdxl"}, [("ink", 1.0)], "Ink is not for tiny"),
        ({"models": ("another",)}, [("ink", 1.0)], "Ink is not for tiny"),
        ({}, [("ink", 2.5)], "must be from -2 to 2"),
        ({}, [("ink", float("nan"))], "must be from -2 to 2"),
        ({}, [("ink", 1.0), ("ink", 0.5)], "twice"),
        ({}, [("ink", 1.0)] * 4, "at most 3 styles"),
        ({"sha256": "0" * 64}, [("ink", 1.0)], "another file than it was added with"),
        ({"file": "/nowhere/ink.safetensors"}, [("ink", 1.0)], "can't be read: No such file"),
    ],
    ids=str,
)
def test_style_that_cannot_be_used_fails_the_job_with_a_sentence(
    sd_folder: Path,
    models: ModelCache,
    ink: LoraModel,
    changes: dict[str, Any],
    uses: list[tuple[str, float]],
    told: str,
) -> None:
    harness = harness_with(sd_folder, models, ink.model_copy(update=changes))
    failed = harness.draw(styled(*uses)).failed
    assert told in failed.message
    assert failed.failure in (FailureKind.BAD_INPUT, FailureKind.MODEL)
    harness.close()


def given(spec: ImageModel) -> dict[str, Any]:
    folder = str(spec.folder)
    return {"spec": spec.model_dump(), "folder": folder, "root": folder}


def test_file_is_converted_for_the_first_model_that_it_fits_unless_one_is_named(
    sd_folder: Path, xl_folder: Path, v_folder: Path, original: Path, tmp_path: Path
) -> None:
    specs = make_spec(xl_folder, name="xl", family="sdxl"), make_spec(sd_folder), make_spec(v_folder, name="v")
    found = convert_for(original, tmp_path / "ink.safetensors", [given(spec) for spec in specs])
    assert (found["base"], found["family"], found["fits"], found["others"]) == ("tiny", "sd", ["tiny", "v"], [])
    with pytest.raises(AdapterRejected, match="do not fit the model"):
        convert_for(original, tmp_path / "other.safetensors", [given(spec) for spec in specs], first=True)
    assert not (tmp_path / "other.safetensors").exists()
