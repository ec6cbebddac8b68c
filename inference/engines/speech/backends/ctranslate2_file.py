"""Read a CTranslate2 model file with numpy alone, and give its tensors the names that openai-whisper uses.

The file (binary version 6): a header, then variables of name, shape, type and bytes, then aliases. Nothing in it is
ever executed. Fused query-key-value matrices are split; Whisper's keys have no bias, so the fused key bias must be
zero.
"""

import mmap
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.errors import ModelUnusable

Array = npt.NDArray[Any]
_BINARY_VERSION = 6
_DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
_PLAIN = {
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "encoder/layer_norm": "encoder.ln_post",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/layer_norm": "decoder.ln",
}


class _Reader:
    """A cursor over the file's bytes; numbers are little-endian."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def number(self, code: str) -> int:
        (value,) = struct.unpack_from("<" + code, self._data, self._at)
        self._at += struct.calcsize(code)
        return int(value)

    def text(self) -> str:
        return self.raw(self.number("H")).rstrip(b"\0").decode()

    def raw(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        if len(piece) != size:
            raise ValueError("it ends too early")
        self._at += size
        return piece

    def skip(self, size: int) -> None:
        if self._at + size > len(self._data):
            raise ValueError("it ends too early")
        self._at += size


def read_variables(file: Path) -> dict[str, Array]:
    """Read all variables of a CTranslate2 model file.

    Returns:
        Arrays by name, as stored (scalars have shape ()).

    Raises:
        ModelUnusable: the file is not a CTranslate2 Whisper model of a known version.
    """
    reader = _Reader(file.read_bytes())
    try:
        _read_head(reader, file)
        return dict(_read_variable(reader) for _ in range(reader.number("I")))
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise ModelUnusable(f"{file.name} is not a readable CTranslate2 file: {error}") from error


def check_length(file: Path) -> int:
    """Go through a CTranslate2 model file without reading its weights, and return its size in bytes.

    Raises:
        ModelUnusable: it is another kind of file, or is cut off.
    """
    try:
        with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            reader = _Reader(content)
            _read_head(reader, file)
            for _ in range(reader.number("I")):
                reader.text()
                reader.skip(4 * reader.number("B") + 1)  # shape and type
                reader.skip(reader.number("I"))
            for _ in range(reader.number("I")):  # aliases
                reader.text(), reader.text()
            return len(content)
    except (struct.error, UnicodeDecodeError, ValueError) as error:  # mmap refuses an empty file
        raise ModelUnusable(f"{file.name} in {file.parent.name} is cut off, or something else.") from error


def _read_head(reader: _Reader, file: Path) -> None:
    version, spec = reader.number("I"), reader.text()
    if version != _BINARY_VERSION or spec != "WhisperSpec":
        raise ModelUnusable(f"{file.name} is {spec!r}, version {version}; a WhisperSpec of version 6 is needed.")
    reader.number("I")  # the specification's own revision


def _read_variable(reader: _Reader) -> tuple[str, Array]:
    name = reader.text()
    shape = [reader.number("I") for _ in range(reader.number("B"))]
    dtype = _DTYPES[reader.number("B")]
    return name, np.frombuffer(reader.raw(reader.number("I")), dtype=dtype).reshape(shape)


def to_whisper(variables: dict[str, Array]) -> tuple[dict[str, Array], dict[str, int]]:
    """Rename and split a CTranslate2 Whisper model's variables.

    Returns:
        openai-whisper's state dict as float16 arrays, and its dimensions (`whisper.model.ModelDimensions`' fields).

    Raises:
        ModelUnusable: a key bias is not zero, or the weights are quantised.
    """
    state: dict[str, Array] = {}
    for name, value in variables.items():
        if value.ndim == 0:
            continue
        if value.dtype not in (np.float16, np.float32):
            raise ModelUnusable("Only unquantised CTranslate2 weights can be converted.")
        state.update(_rename(name, value))
    return {name: np.ascontiguousarray(value, dtype=np.float16) for name, value in state.items()}, _dims(variables)


def _rename(name: str, value: Array) -> dict[str, Array]:
    """Map one variable to one or, where it was fused, several of whisper's."""
    if name in _PLAIN:
        return {_PLAIN[name]: value}
    stem, _, leaf = name.rpartition("/")
    leaf = {"gamma": "weight", "beta": "bias"}.get(leaf, leaf)
    if stem in _PLAIN:
        return {f"{_PLAIN[stem]}.{leaf}": value}
    side, _, rest = stem.partition("/")
    if not rest.startswith("layer_"):
        return {f"{side}.{rest}.{leaf}": value}  # the encoder's convolutions
    layer, _, part = rest.partition("/")
    block = f"{side}.blocks.{layer.removeprefix('layer_')}"
    if part.startswith("ffn/"):
        kind = {"ffn/layer_norm": "mlp_ln", "ffn/linear_0": "mlp.0", "ffn/linear_1": "mlp.2"}[part]
        return {f"{block}.{kind}.{leaf}": value}
    attention, _, linear = part.partition("/")
    return _attention(f"{block}.{'attn' if attention == 'self_attention' else 'cross_attn'}", linear, leaf, value)


def _attention(stem: str, linear: str, leaf: str, value: Array) -> dict[str, Array]:
    if linear == "layer_norm":
        return {f"{stem}_ln.{leaf}": value}
    fused = {
        ("attn", "linear_0"): ("query", "key", "value"),
        ("attn", "linear_1"): ("out",),
        ("cross_attn", "linear_0"): ("query",),
        ("cross_attn", "linear_1"): ("key", "value"),
        ("cross_attn", "linear_2"): ("out",),
    }[(stem.rpartition(".")[2], linear)]
    pieces = dict(zip(fused, np.split(value, len(fused)), strict=True))
    if leaf == "bias" and (key_bias := pieces.pop("key", None)) is not None and np.any(key_bias):
        raise ModelUnusable("This model has a key bias, which Whisper does not have.")
    return {f"{stem}.{kind}.{leaf}": piece for kind, piece in pieces.items()}


def _dims(variables: dict[str, Array]) -> dict[str, int]:
    def layers(side: str) -> int:
        return len({name.split("/")[1] for name in variables if re.match(rf"{side}/layer_\d", name)})

    n_audio_ctx, n_audio_state = variables["encoder/position_encodings/encodings"].shape
    n_text_ctx, n_text_state = variables["decoder/position_encodings/encodings"].shape
    return {
        "n_mels": variables["encoder/conv1/weight"].shape[1],
        "n_audio_ctx": n_audio_ctx,
        "n_audio_state": n_audio_state,
        "n_audio_head": int(variables["encoder/num_heads"]),
        "n_audio_layer": layers("encoder"),
        "n_vocab": variables["decoder/embeddings/weight"].shape[0],
        "n_text_ctx": n_text_ctx,
        "n_text_state": n_text_state,
        "n_text_head": int(variables["decoder/num_heads"]),
        "n_text_layer": layers("decoder"),
    }
