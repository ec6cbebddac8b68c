"""Single-file checkpoints with the original key names become folders whose pictures are those of where they come from.

The real architectures are held to by their keys and shapes alone; their weights cannot be had here.
"""

import json
import pickle
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from inference.engines.image.models.loading import ModelCache
from inference.engines.single_files.clip_vocabulary import write_vocabulary
from inference.engines.single_files.conversion import Converted, component_networks, convert
from inference.engines.single_files.header import CheckpointHeader, TensorInfo
from inference.engines.single_files.key_map import map_keys
from inference.engines.single_files.kinds import CheckpointKind, TrainedAs, kind_of, kinds, trained_as
from inference.engines.single_files.template import lay_out
from inference.errors import ModelUnusable
from tests.support.engines.harness import EngineHarness, assert_same, make_request
from tests.support.original_checkpoints import original_names, write_checkpoint
from tests.support.tiny_models import TINY_SD, TINY_SDXL, TINY_UNET, make_folder, make_spec

SHAPES = {
    "sd-1": TINY_SD,
    "sd-2": replace(TINY_SD, unet=TINY_UNET | {"use_linear_projection": True}),
    "sd-xl": TINY_SDXL,
}
VELOCITY = {"v_pred": torch.empty(0), "ztsnr": torch.empty(0)}
UNET = "model.diffusion_model."


class Canary:
    """Creates a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return (Path.touch, (self.file,))


@pytest.fixture(scope="module", params=SHAPES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(SHAPES[kind], tmp_path_factory.mktemp("originals") / kind)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> Any:
        raise AssertionError("a conversion asks the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def models() -> Iterator[ModelCache]:
    cache = ModelCache("cpu", limit_bytes=1 << 30)
    yield cache
    cache.close()


def picture(folder: Path, converted: Converted, name: str) -> Any:
    """Draw one picture, with whatever scheduler the folder says."""
    harness = EngineHarness(make_spec(folder, name=name, family=converted.family, scheduler="model"))
    outcome = harness.draw(make_request(model=name, negative="blue", steps=4))
    harness.close()
    return outcome.pictures["picture-1.png"]


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """Return a folder's weights by component and name; of text encoders without the wrapper that not all have."""
    return {
        f"{file.parent.name}.{name.removeprefix('text_model.')}": weight
        for file in folder.glob("*/*.safetensors")
        for name, weight in load_file(file).items()
    }


def test_checkpoint_becomes_the_folder_that_it_was_made_from(kind: str, folder: Path, tmp_path: Path) -> None:
    file = write_checkpoint(folder, tmp_path / "a.safetensors", kind)
    told: list[str] = []
    converted = convert(file, tmp_path / "a", template=folder, progress=told.append)
    before, after = weights_of(folder), weights_of(converted.folder)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert told[:2] == ["unet", "vae"]
    assert converted.trained.prediction is None
    assert_same(picture(converted.folder, converted, "after"), picture(folder, converted, "before"))


def test_velocity_and_zero_snr_are_read_from_the_keys(kind: str, folder: Path, tmp_path: Path) -> None:
    original = tmp_path / "original"
    shutil.copytree(folder, original)
    scheduler = original / "scheduler" / "scheduler_config.json"
    as_trained = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    scheduler.write_text(json.dumps(json.loads(scheduler.read_text()) | as_trained))
    file = write_checkpoint(original, tmp_path / "a.safetensors", kind, VELOCITY)
    converted = convert(file, tmp_path / "a", template=folder)
    assert (converted.trained.prediction, converted.trained.zero_snr) == ("v_prediction", True)
    after = picture(converted.folder, converted, "after")
    assert_same(after, picture(original, converted, "original"))
    assert (after != picture(folder, converted, "template")).any()


@pytest.fixture
def sd(sd_folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a checkpoint of Stable Diffusion 1 with some keys changed; None takes one away."""

    def write(changes: Mapping[str, torch.Tensor | None] = {}, metadata: Mapping[str, str] = {}) -> Path:
        file = write_checkpoint(sd_folder, tmp_path / "sd.safetensors", "sd-1", metadata=metadata)
        weights = {**load_file(file), **changes}
        save_file({name: one for name, one in weights.items() if one is not None}, file, metadata=dict(metadata))
        return file

    return write


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"model.extra.weight": torch.zeros(2)},
            r"1 key: model\.extra\.weight, which Stable Diffusion 1 does not have",
        ),
        ({f"{UNET}input_blocks.1.0.gate.weight": torch.zeros(2)}, r"1 key: .*input_blocks\.1\.0\.gate\.weight"),
        ({f"{UNET}input_blocks.77.0.in_layers.0.weight": torch.zeros(2)}, r"input_blocks\.77"),
        ({"first_stage_model.decoder.conv_out.bias": None}, r"lacks 1 key: decoder\.conv_out\.bias of its vae"),
        ({f"{UNET}time_embed.0.bias": None}, "lacks 1 key: time_embedding.linear_1.bias of its unet"),
        ({f"{UNET}time_embed.0.bias": torch.zeros(7)}, r"time_embed\.0\.bias has the shape \[7\]"),
        ({f"{UNET}time_embed.0.bias": torch.full((128,), torch.nan)}, "numbers that are not finite"),
        ({f"{UNET}time_embed.0.bias": torch.zeros(128, dtype=torch.int8)}, "stored as I8. It is quantised"),
        ({"cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": None}, "is unknown: one of"),
        ({f"{UNET}input_blocks.0.0.weight": torch.zeros(32, 8, 3, 3)}, "not a plain text-to-image model"),
    ],
    ids=lambda case: case if isinstance(case, str) else next(iter(case)),
)
def test_file_with_other_keys_is_refused_and_says_which(
    sd: Callable[..., Path], sd_folder: Path, tmp_path: Path, changes: dict[str, torch.Tensor | None], told: str
) -> None:
    with pytest.raises(ModelUnusable, match=told):
        convert(sd(changes), tmp_path / "out", template=sd_folder)
    assert {path.name for path in tmp_path.iterdir()} == {"sd.safetensors"}  # nothing half done is left


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("lora_unet_down_blocks_0.lora_up.weight", "is a LoRA"),
        ("conditioner.embedders.0.model.token_embedding.weight", "is the refiner"),
        ("double_blocks.0.img_attn.proj.weight", "a transformer of another family"),
        ("something.else", "is unknown: one of its keys is something.else"),
    ],
)
def test_file_that_is_something_else_says_what(tmp_path: Path, key: str, told: str) -> None:
    save_file({key: torch.zeros(2, 2)}, tmp_path / "a.safetensors")
    with pytest.raises(ModelUnusable, match=told):
        convert(tmp_path / "a.safetensors", tmp_path / "a")


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "model.safetensors"])
def test_pickle_is_refused_in_one_sentence_and_never_opened(tmp_path: Path, name: str) -> None:
    torch.save({"state_dict": Canary(tmp_path / "canary")}, tmp_path / name)
    (tmp_path / f"old-{name}").write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    for file in (tmp_path / name, tmp_path / f"old-{name}"):
        with pytest.raises(ModelUnusable, match=r"is not? (a )?safetensors file"):
            convert(file, tmp_path / "out")
    assert not (tmp_path / "canary").exists()
    pickle.loads((tmp_path / f"old-{name}").read_bytes())  # noqa: S301 - shows that the test could fail
    assert (tmp_path / "canary").exists()


def test_old_names_copies_and_schedules_are_no_extra_keys(
    sd: Callable[..., Path], sd_folder: Path, tmp_path: Path
) -> None:
    wrapped = load_file(sd())
    prefix = "cond_stage_model.transformer."
    old: dict[str, torch.Tensor | None] = {
        name.replace(f"{prefix}text_model.", prefix): weight
        for name, weight in wrapped.items()
        if name.startswith(prefix)
    }
    gone = {name: None for name in wrapped if name.startswith(prefix)}
    besides = {"model_ema.decay": torch.ones(1), "alphas_cumprod": torch.ones(9), "global_step": torch.tensor(3)}
    converted = convert(sd({**gone, **old, **besides}), tmp_path / "out", template=sd_folder)
    after = weights_of(converted.folder)
    assert all(torch.equal(weight, after[name]) for name, weight in weights_of(sd_folder).items())


def test_folder_that_is_there_is_not_written_over(sd: Callable[..., Path], sd_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(ModelUnusable, match="is there already"):
        convert(sd(), tmp_path / "out", template=sd_folder)


def header_of(kind: CheckpointKind, tensors: Mapping[str, torch.Tensor], **metadata: str) -> CheckpointHeader:
    infos = {name: TensorInfo(name, "F16", tuple(tensor.shape)) for name, tensor in tensors.items()}
    return CheckpointHeader(file=Path(f"{kind.folder.name}.safetensors"), tensors=infos, metadata=metadata)


@pytest.mark.parametrize(("number", "keys"), [(0, [686, 248, 196]), (1, [686, 248, 280]), (2, [1680, 248, 196, 389])])
def test_real_architectures_have_a_template_with_all_their_keys(number: int, keys: list[int], tmp_path: Path) -> None:
    """The counts are those of the published files; of OpenCLIP, twelve a layer, four more, and a projection."""
    kind = kinds()[number]
    empty = header_of(kind, {f"{UNET}input_blocks.0.0.weight": torch.empty(320, 4, 3, 3, device="meta")})
    family = lay_out(tmp_path / "laid", empty, kind, TrainedAs())
    networks = component_networks(tmp_path / "laid", family)
    components = {
        name: (
            {key: tensor for key, tensor in network.state_dict().items() if not key.endswith("position_ids")},
            json.loads((tmp_path / "laid" / name / "config.json").read_text()),
        )
        for name, network in networks.items()
    }
    header = header_of(kind, original_names(components, kind.folder.name))
    assert kind_of(header) == kind
    assert [len(one.keys) for one in map_keys(header, kind, networks)] == keys


def test_prediction_is_told_by_metadata_and_for_the_second_by_a_rule_of_thumb(tmp_path: Path) -> None:
    second = kinds()[1]
    first_layer, telling = f"{UNET}input_blocks.0.0.weight", second.velocity_told_by
    for scale, prediction in ((0.2, "v_prediction"), (0.01, "epsilon")):
        weights = {first_layer: torch.zeros(8, 4, 3, 3), telling: scale * torch.linspace(-1, 1, 64)}
        save_file(weights, tmp_path / "a.safetensors")
        header = replace(header_of(second, weights), file=tmp_path / "a.safetensors")
        assert trained_as(header, second).prediction == prediction
        assert trained_as(header, second, "epsilon").prediction == "epsilon"
    told = {"modelspec.prediction_type": "v"}
    assert trained_as(replace(header, metadata=told), second).prediction == "v_prediction"


def test_vocabulary_is_clips(tmp_path: Path) -> None:
    write_vocabulary(tmp_path)
    tokenizer = CLIPTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert len(tokenizer) == 49408
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
