"""Weights of upscalers: safetensors alone, those of the catalogue, and one sentence for what cannot be loaded."""

import hashlib
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inference.engines.upscale.loading import check_weights, load_upscaler, locate_weights
from inference.engines.upscale.networks import KEPT, UpscaleNetworks
from inference.errors import ModelUnusable
from tests.support.engines.upscaling import compact_network, noise, upscaler_spec, whole, write_compact

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")


class Singing:
    """Makes a file where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return (Path.touch, (self.file,))


def loaded(file: Path, **changes: object) -> object:
    return load_upscaler(upscaler_spec(file, **changes), CPU, nullcontext())


def test_loaded_network_is_the_one_that_was_saved(tmp_path: Path) -> None:
    network = load_upscaler(
        upscaler_spec(write_compact(tmp_path / "w.safetensors", scale=4), scale=4), CPU, nullcontext()
    )
    pixels = noise(20, 13)
    made = network(torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None])
    expected = whole(compact_network(scale=4), pixels)
    assert np.abs((made[0].permute(1, 2, 0).clamp(0, 1).numpy() * 255).round() - expected).max() <= 1
    assert network.size_bytes == sum(one.numel() * 4 for one in compact_network(scale=4).state_dict().values())


def test_half_precision_weights_are_loaded_too(tmp_path: Path) -> None:
    state = {name: one.half() for name, one in compact_network().state_dict().items()}
    save_file(state, tmp_path / "w.safetensors")
    assert load_upscaler(upscaler_spec(tmp_path / "w.safetensors"), CPU, nullcontext()).dtype is torch.float32


def _other(file: Path) -> None:
    save_file({"conv_first.weight": torch.zeros(4, 3, 3, 3)}, file)


def _grey(file: Path) -> None:
    state = compact_network().state_dict()
    save_file(state | {"body.0.weight": state["body.0.weight"][:, :1].clone()}, file)


def _more(file: Path) -> None:
    save_file(compact_network().state_dict() | {"extra": torch.zeros(1)}, file)


def _cut(file: Path) -> None:
    write_compact(file)
    file.write_bytes(file.read_bytes()[:-10])


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (_other, "pip install 'atelier-bot\\[upscale\\]'"),
        (_grey, "pip install 'atelier-bot\\[upscale\\]'"),
        (_more, "pip install 'atelier-bot\\[upscale\\]'"),
        (_cut, "cut off or padded"),
        (lambda file: file.write_bytes(b"PK\x03\x04" + bytes(100)), "not a safetensors file"),
        (lambda file: file.write_bytes(b""), "not a safetensors file"),
    ],
    ids=["other architecture", "grey", "more layers", "cut", "zip", "empty"],
)
@pytest.mark.skipif(find_spec("spandrel") is not None, reason="what is said without spandrel")
def test_file_that_cannot_be_loaded_is_said_in_a_sentence(
    tmp_path: Path, write: Callable[[Path], object], sentence: str
) -> None:
    write(file := tmp_path / "w.safetensors")
    with pytest.raises(ModelUnusable, match=sentence):
        check_weights(upscaler_spec(file), file)
    with pytest.raises(ModelUnusable, match=sentence):
        loaded(file)


@pytest.mark.parametrize("name", ["w.pth", "w.pt", "w.ckpt", "w.safetensors"])
def test_pickle_is_never_opened(tmp_path: Path, name: str) -> None:
    canary = tmp_path / "canary"
    (tmp_path / name).write_bytes(pickle.dumps(Singing(canary)))
    with pytest.raises(ModelUnusable, match="not a safetensors file"):
        loaded(tmp_path / name)
    assert not canary.exists()


def test_another_file_than_the_catalogues_is_refused(tmp_path: Path) -> None:
    file = write_compact(tmp_path / "w.safetensors")
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    assert loaded(file, sha256=right)
    with pytest.raises(ModelUnusable, match="SHA-256 differs"):
        loaded(file, sha256="0" * 64)


def test_scale_of_the_catalogue_has_to_be_the_networks(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="enlarges 4 times, not 2: write scale = 4"):
        loaded(write_compact(tmp_path / "w.safetensors", scale=4), scale=2)


def test_folder_has_the_file_that_is_named_or_the_only_one(tmp_path: Path) -> None:
    first = write_compact(tmp_path / "a.safetensors")
    assert locate_weights(upscaler_spec(tmp_path)) == first
    second = write_compact(tmp_path / "b.safetensors")
    assert locate_weights(upscaler_spec(tmp_path, file="b.safetensors")) == second
    with pytest.raises(ModelUnusable, match="has several; name one in file"):
        locate_weights(upscaler_spec(tmp_path))
    with pytest.raises(ModelUnusable, match=r"has no c\.safetensors"):
        locate_weights(upscaler_spec(tmp_path, file="c.safetensors"))
    with pytest.raises(ModelUnusable, match="are missing"):
        locate_weights(upscaler_spec(tmp_path / "gone"))


def test_networks_are_loaded_once_and_the_oldest_goes(tmp_path: Path) -> None:
    networks = UpscaleNetworks("cpu")
    specs = [upscaler_spec(write_compact(tmp_path / f"{n}.safetensors"), name=f"up{n}") for n in range(KEPT + 1)]
    first = networks.load(specs[0]).result()
    assert networks.load(specs[0]).result() is first
    for spec in specs:
        networks.load(spec).result()
    assert networks.resident() == tuple(spec.name for spec in specs[1:])
    assert networks.size_bytes() == KEPT * first.size_bytes
    networks.close()


def test_network_that_could_not_be_loaded_is_tried_again(tmp_path: Path) -> None:
    networks, file = UpscaleNetworks("cpu"), tmp_path / "w.safetensors"
    with pytest.raises(ModelUnusable, match="missing"):
        networks.load(upscaler_spec(file)).result()
    write_compact(file)
    assert networks.load(upscaler_spec(file)).result().scale == 2
    networks.close()


def test_spandrel_reads_the_same_file_and_makes_the_same_picture(tmp_path: Path) -> None:
    spandrel = pytest.importorskip("spandrel", reason="spandrel is an extra: pip install 'atelier-bot[upscale]'")
    file = write_compact(tmp_path / "w.safetensors", width=16, depth=4, scale=4)
    theirs = spandrel.ModelLoader(device="cpu").load_from_file(file)
    pixels = torch.from_numpy(noise(31, 22).astype(np.float32) / 255).permute(2, 0, 1)[None]
    ours = load_upscaler(upscaler_spec(file, scale=4), CPU, nullcontext())
    assert (theirs.architecture.id, theirs.scale) == ("Compact", 4)
    assert torch.allclose(theirs(pixels), ours(pixels).clamp(0, 1), atol=1e-6)


def test_other_architectures_are_read_by_spandrel(tmp_path: Path) -> None:
    pytest.importorskip("spandrel", reason="spandrel is an extra: pip install 'atelier-bot[upscale]'")
    from spandrel.architectures.ESRGAN import ESRGAN

    torch.manual_seed(0)
    save_file(ESRGAN(num_filters=8, num_blocks=2, scale=4).state_dict(), file := tmp_path / "w.safetensors")
    network = load_upscaler(upscaler_spec(file, scale=4), CPU, nullcontext())
    assert network(torch.rand(1, 3, 1, 7)).shape == (1, 3, 4, 28)
    with pytest.raises(ModelUnusable, match="write scale = 4"):
        loaded(file, scale=2)
    save_file({"nothing.weight": torch.zeros(3)}, file)
    with pytest.raises(ModelUnusable, match="spandrel does not know"):
        loaded(file)


def test_doctors_look_says_what_is_good_and_what_is_not(tmp_path: Path) -> None:
    write_compact(tmp_path / "good.safetensors")
    _other(tmp_path / "other.safetensors")
    terms = 'title = "T"\nlicence = "MIT"\nscale = 2\n'
    lines = [
        f'[[upscaler]]\nname = "{name}"\nsource = "{tmp_path}/{name}.safetensors"\n{terms}'
        for name in ("good", "other", "gone")
    ]
    image = (ROOT / "inference/models.toml").read_text("utf-8").split("# What makes")[0]
    (catalogue := tmp_path / "models.toml").write_text(image + "\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "inference.engines.check", str(catalogue), "cpu"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = {one["name"]: one for one in map(json.loads, done.stdout.splitlines()) if one["what"] == "upscaler"}
    assert {name: one["good"] for name, one in found.items()} == {"good": True, "other": False, "gone": False}
    assert "MiB of safetensors" in found["good"]["text"]
    assert "Run: pip install 'atelier-bot[upscale]'" in found["other"]["text"]
    assert "missing" in found["gone"]["text"]
