"""Whisper's decoder with a lane for each window: every lane stands at its own token, and one pass advances them all.

whisper's own cache holds one batch whose rows all stand at the same token, so nobody could join or leave. Here keys and
values live in fixed rows; the lanes in use are always the first ones, so that a pass reads them without copying.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from whisper.model import ModelDimensions, MultiHeadAttention, Whisper

CrossAttention = tuple[Tensor, Tensor]  # keys and values of a window's sound, for all layers


class LayeredEncoder:
    """The encoder on windows of any even number of frames (whisper's own wants 3000), layer by layer."""

    def __init__(self, model: Whisper, mel: Tensor) -> None:
        """Begin; mel: (windows, n_mels, frames)."""
        self._encoder = model.encoder
        x = F.gelu(self._encoder.conv2(F.gelu(self._encoder.conv1(mel)))).permute(0, 2, 1)
        self._x = (x + self._encoder.positional_embedding[: x.shape[1]]).to(x.dtype)
        self._layers_done = 0

    def advance(self) -> Tensor | None:
        """Go through one more layer; return (windows, frames / 2, state) after the last, None before."""
        blocks = self._encoder.blocks
        self._x = blocks[self._layers_done](self._x)
        self._layers_done += 1
        if self._layers_done < len(blocks):
            return None
        encoded: Tensor = self._encoder.ln_post(self._x)
        return encoded


def _split(x: Tensor, attention: MultiHeadAttention) -> Tensor:
    """(lanes, tokens, state) → (lanes, tokens, heads, state / heads)."""
    return x.view(*x.shape[:2], attention.n_head, -1)


def _heads(x: Tensor, attention: MultiHeadAttention) -> Tensor:
    """(lanes, tokens, state) → (lanes, heads, tokens, state / heads)."""
    return _split(x, attention).transpose(1, 2)


def lane_bytes(dims: ModelDimensions, dtype: torch.dtype) -> int:
    """Return what one lane of a model takes: keys and values of all layers, of the sound and of the tokens."""
    values = 2 * dims.n_text_layer * dims.n_text_state * (dims.n_text_ctx + dims.n_audio_ctx)
    return int(values) * dtype.itemsize


class LaneDecoder:
    """Whisper's decoder with keys and values for each lane: of the sound (cross-attention) and of its tokens."""

    def __init__(self, model: Whisper, count: int, dtype: torch.dtype) -> None:
        dims, device = model.dims, model.device
        head = dims.n_text_state // dims.n_text_head
        rows = (dims.n_text_layer, count, dims.n_text_head)
        self._model = model
        # zeros and not empty: what is not written yet is masked out, but NaN times zero would stay NaN
        self._self_cache = [torch.zeros(*rows, dims.n_text_ctx, head, dtype=dtype, device=device) for _ in range(2)]
        self._cross_cache = [torch.zeros(*rows, dims.n_audio_ctx, head, dtype=dtype, device=device) for _ in range(2)]
        self._frames = [0] * count  # encoder frames of a lane's sound

    def cross_attention(self, features: Tensor) -> CrossAttention:
        """Return keys and values for (frames, state), each (layers, heads, frames, state / heads)."""
        attentions = [block.cross_attn for block in self._model.decoder.blocks]
        keys = [_heads(attention.key(features[None]), attention)[0] for attention in attentions]
        values = [_heads(attention.value(features[None]), attention)[0] for attention in attentions]
        return torch.stack(keys), torch.stack(values)

    def set_sound(self, lane: int, cross: CrossAttention) -> None:
        """Give a lane the sound that it decodes."""
        self._frames[lane] = cross[0].shape[2]
        for memory, part in zip(self._cross_cache, cross, strict=True):
            memory[:, lane, :, : part.shape[2]] = part

    def move(self, source: int, target: int) -> None:
        """Move a lane into another's place."""
        for memory in (*self._self_cache, *self._cross_cache):
            memory[:, target] = memory[:, source]
        self._frames[target] = self._frames[source]

    def forward(self, lanes: slice, tokens: Tensor, starts: Sequence[int]) -> Tensor:
        """Read tokens into neighbouring lanes.

        Args:
            lanes: which ones.
            tokens: (lanes, count), the next tokens of each lane.
            starts: how many tokens each lane holds already.

        Returns:
            The decoder's last states, (lanes, count, state); `logits` turns them into scores.
        """
        decoder, count = self._model.decoder, tokens.shape[1]
        device = tokens.device
        positions = torch.tensor(starts, device=device)[:, None] + torch.arange(count, device=device)
        tokens_max = max(starts) + count
        self_mask = torch.arange(tokens_max, device=device) <= positions[:, None, :, None]
        frames = self._frames[lanes]
        cross_mask = None
        if min(frames) != max(frames):
            limits = torch.tensor(frames, device=device)[:, None, None, None]
            cross_mask = torch.arange(max(frames), device=device) < limits
        x = decoder.token_embedding(tokens) + decoder.positional_embedding[positions]
        x = x.to(self._self_cache[0].dtype)
        for layer, block in enumerate(decoder.blocks):
            keys, values = (memory[layer, lanes] for memory in self._self_cache)
            x = x + _self_attention(block.attn, block.attn_ln(x), keys, values, positions, self_mask)
            keys, values = (memory[layer, lanes, :, : max(frames)] for memory in self._cross_cache)
            x = x + _cross_attention(block.cross_attn, block.cross_attn_ln(x), keys, values, cross_mask)
            x = x + block.mlp(block.mlp_ln(x))
        states: Tensor = decoder.ln(x)
        return states

    def logits(self, states: Tensor) -> Tensor:
        """Return the scores of all tokens for states (…, state), in float32."""
        table: Tensor = self._model.decoder.token_embedding.weight
        return (states @ table.to(states.dtype).T).float()


def _self_attention(
    attention: MultiHeadAttention, x: Tensor, keys: Tensor, values: Tensor, positions: Tensor, mask: Tensor
) -> Tensor:
    rows = torch.arange(len(x), device=x.device)[:, None]
    keys.transpose(1, 2)[rows, positions] = _split(attention.key(x), attention)
    values.transpose(1, 2)[rows, positions] = _split(attention.value(x), attention)
    query, length = _heads(attention.query(x), attention), mask.shape[-1]
    mixed = F.scaled_dot_product_attention(query, keys[:, :, :length], values[:, :, :length], attn_mask=mask)
    mixed_in: Tensor = attention.out(mixed.transpose(1, 2).flatten(2))
    return mixed_in


def _cross_attention(
    attention: MultiHeadAttention, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None
) -> Tensor:
    query = _heads(attention.query(x), attention)
    mixed = F.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
    mixed_in: Tensor = attention.out(mixed.transpose(1, 2).flatten(2))
    return mixed_in
