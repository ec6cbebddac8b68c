"""When each token was spoken: dynamic time warping over the decoder's cross-attention, after `whisper.timing`."""

from collections.abc import Generator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from whisper.model import Whisper, disable_sdpa
from whisper.timing import median_filter
from whisper.tokenizer import Tokenizer

from inference.engines.speech.backends.backend import Alignment

_MEDIAN_STEPS = 7  # 0.14 s; whisper's


def align(
    model: Whisper, features: Tensor, tokenizer: Tokenizer, text_tokens: Sequence[int], frames: int
) -> Generator[None, None, Alignment]:
    """Find when the text tokens of a window were spoken.

    Args:
        model: the network, whose alignment heads are read.
        features: the encoded window, (frames / 2, state).
        tokenizer: of the window's language and task.
        text_tokens: the window's tokens without timestamps.
        frames: how many of the window's frames belong to the clip.

    Yields:
        After each slice of the work.

    Returns:
        The alignment.
    """
    start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    tokens = torch.tensor([[*start, *text_tokens, tokenizer.eot]], device=features.device)
    states, weights = yield from _read(model, tokens, features[None])
    logits = (states[len(start) - 1 : -2] @ model.decoder.token_embedding.weight.to(states.dtype).T).float()
    token_odds = logits[:, : tokenizer.eot].softmax(-1)
    probabilities = token_odds.gather(1, torch.tensor(text_tokens, device=token_odds.device)[:, None])[:, 0].tolist()
    yield
    heads = torch.stack([weights[layer][head] for layer, head in model.alignment_heads.indices().T])
    heads = heads[:, :, : frames // 2].softmax(-1)
    std, mean = torch.std_mean(heads, dim=-2, keepdim=True, unbiased=False)
    smooth = []
    for head in (heads - mean) / std:
        smooth.append(median_filter(head[None], _MEDIAN_STEPS)[0])
        yield
    matrix = torch.stack(smooth).mean(0)[len(tokenizer.sot_sequence) : -1]
    token_steps, frame_steps = cheapest_path(-matrix.double().cpu().numpy())
    return Alignment(token_steps, frame_steps, tuple(probabilities))


def _read(model: Whisper, tokens: Tensor, features: Tensor) -> Generator[None, None, tuple[Tensor, list[Tensor]]]:
    """Run the decoder block by block, and return its states and each block's cross-attention weights (unscaled)."""
    decoder = model.decoder
    x = (decoder.token_embedding(tokens) + decoder.positional_embedding[: tokens.shape[1]]).to(features.dtype)
    weights: list[Tensor] = []
    for block in decoder.blocks:
        hook = block.cross_attn.register_forward_hook(lambda _, __, out: weights.append(out[1][0]))
        try:
            with disable_sdpa():  # which would not tell
                x = block(x, features, mask=decoder.mask)
        finally:
            hook.remove()
        yield
    return decoder.ln(x)[0], weights


def cheapest_path(cost: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Warp time: find the cheapest monotonic path through a matrix, row by column.

    whisper compiles this with numba, which takes seconds at the first call; here each anti-diagonal is one numpy step.

    Returns:
        The rows and the columns of the path's cells.
    """
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    for diagonal in range(2, rows + columns + 1):
        i = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        j = diagonal - i
        before = np.minimum(np.minimum(total[i - 1, j - 1], total[i - 1, j]), total[i, j - 1])
        total[i, j] = cost[i - 1, j - 1] + before
    return _walk_back(total)


def _walk_back(total: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    i, j = total.shape[0] - 1, total.shape[1] - 1
    path = []
    while i > 0 and j > 0:
        path.append((i - 1, j - 1))
        diagonal, up, left = total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]
        if diagonal < up and diagonal < left:
            i, j = i - 1, j - 1
        elif up < diagonal and up < left:
            i -= 1
        else:
            j -= 1
    steps = np.array(path[::-1], dtype=np.int64)
    return steps[:, 0], steps[:, 1]
