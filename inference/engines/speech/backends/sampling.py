"""Which token comes next in each lane: whisper's rules for blanks, symbols and timestamps, for all lanes at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from whisper.tokenizer import Tokenizer

from inference.engines.speech.backends.backend import INITIAL_TIMESTAMP_MAX, suppressed_tokens


@dataclass(slots=True)
class LaneState:
    """The tokens of one lane since its prompt, and how they are picked."""

    temperature: float = 0.0
    seed: int = 0
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0  # of all of them together
    _generator: torch.Generator | None = None

    def generator(self, device: torch.device) -> torch.Generator:
        """Return the lane's own random numbers, which do not depend on its neighbours."""
        if self._generator is None:
            self._generator = torch.Generator(device).manual_seed(self.seed)
        return self._generator


class TokenSampler:
    """Picks tokens: the likeliest, or above temperature 0 at random by their probabilities."""

    def __init__(self, tokenizer: Tokenizer, device: torch.device, never: Sequence[int] = ()) -> None:
        self._eot, self._times = tokenizer.eot, tokenizer.timestamp_begin
        self._never = torch.tensor([*suppressed_tokens(tokenizer), tokenizer.no_timestamps, *never], device=device)
        self._blank = torch.tensor([*tokenizer.encode(" "), tokenizer.eot], device=device)

    def sample(self, logits: Tensor, lanes: Sequence[LaneState]) -> list[int]:
        """Append the next token to each lane.

        Args:
            logits: (lanes, vocabulary), float32; overwritten.
            lanes: their states, in the rows' order.

        Returns:
            The tokens.
        """
        self._rule_out(logits, lanes)
        chosen = logits.argmax(-1)
        for row, lane in enumerate(lanes):
            if lane.temperature > 0:
                odds = (logits[row] / lane.temperature).softmax(-1)
                chosen[row] = torch.multinomial(odds, 1, generator=lane.generator(logits.device))[0]
        scores = logits.gather(1, chosen[:, None])[:, 0] - logits.logsumexp(-1)
        tokens: list[int] = chosen.tolist()
        for lane, token, score in zip(lanes, tokens, scores.tolist(), strict=True):
            lane.tokens.append(token)
            lane.logprob += score
        return tokens

    def _rule_out(self, logits: Tensor, lanes: Sequence[LaneState]) -> None:
        """Set the scores of tokens that may not come next to minus infinity (whisper.decoding's three filters)."""
        logits[:, self._never] = -torch.inf
        fresh = self._rows([not lane.tokens for lane in lanes], logits)
        if fresh is not None:
            logits[:, self._blank] = logits[:, self._blank].masked_fill(fresh, -torch.inf)
        ranges = [self._timestamps(lane.tokens) for lane in lanes]
        low, high = (torch.tensor(side, device=logits.device)[:, None] for side in zip(*ranges, strict=True))
        times = logits[:, self._times :]
        index = torch.arange(times.shape[1], device=logits.device)
        times.masked_fill_((index < low) | (index > high), -torch.inf)
        if fresh is not None:  # a window starts with a timestamp
            logits[:, : self._times].masked_fill_(fresh, -torch.inf)
        paired = self._rows([self._awaits_pair(lane.tokens) for lane in lanes], logits)
        if paired is not None:
            logits[:, : self._eot].masked_fill_(paired, -torch.inf)
        # where timestamps together are likelier than any one word, a timestamp comes
        likelier = times.logsumexp(-1) > logits[:, : self._times].max(-1).values
        logits[:, : self._times].masked_fill_(likelier[:, None], -torch.inf)

    def _rows(self, which: Sequence[bool], logits: Tensor) -> Tensor | None:
        return torch.tensor(which, device=logits.device)[:, None] if any(which) else None

    def _awaits_pair(self, tokens: Sequence[int]) -> bool:
        """Return whether one timestamp stands alone: a second one, or the end, has to follow."""
        return len(tokens) >= 2 and tokens[-1] >= self._times > tokens[-2]

    def _timestamps(self, tokens: Sequence[int]) -> tuple[int, int]:
        """Return the first and last timestamp (in units of 0.02 s) that may come next."""
        if not tokens:
            return 0, INITIAL_TIMESTAMP_MAX
        if tokens[-1] >= self._times and not self._awaits_pair(tokens):
            return 1, 0  # two timestamps in a row: text has to follow
        last = next((token for token in reversed(tokens) if token >= self._times), None)
        if last is None:
            return 0, 1 << 30
        return last - self._times + (not self._awaits_pair(tokens)), 1 << 30
