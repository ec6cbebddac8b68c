"""Many windows decoded together give what whisper gives one by one. On a tiny random model: no weights needed."""

import numpy as np
import pytest
import torch
import whisper
from whisper.model import Whisper

from inference.engines.speech.backends.backend import DecodedWindow, Mel, SpeechBackend, Window, tokenizer_for
from inference.engines.speech.backends.lanes import LaneDecoder, LayeredEncoder, lane_bytes
from inference.engines.speech.backends.whisper_backend import WhisperBackend
from inference.engines.speech.models import CPU
from tests.support.tiny_whisper import DIMS, tiny_whisper


@pytest.fixture(scope="module")
def model() -> Whisper:
    return tiny_whisper()


def noise(seed: int, frames: int = 3000) -> Mel:
    return np.random.default_rng(seed).standard_normal((DIMS.n_mels, frames), dtype=np.float32)


def window(key: str, seed: int, frames: int = 3000, prompt: tuple[int, ...] = (), attempt: int = 0) -> Window:
    return Window(key=key, mel=noise(seed, frames), language=None, prompt=prompt, attempt=attempt, seed=seed)


def drain(backend: SpeechBackend, *windows: Window) -> dict[str, DecodedWindow]:
    backend.begin(windows)
    done: dict[str, DecodedWindow] = {}
    while backend.busy():
        for decoded in backend.advance():
            done[decoded.key] = decoded
            backend.release(decoded.key)
    return done


def backend_of(model: Whisper, lanes: int = 8) -> WhisperBackend:
    return WhisperBackend(model, lanes=lanes, tokens_per_step=CPU.tokens)


def reference(model: Whisper, wanted: Window) -> whisper.DecodingResult:
    options = whisper.DecodingOptions(fp16=False, prompt=list(wanted.prompt) or None)
    return whisper.decode(model, torch.from_numpy(wanted.mel), options)


def test_a_batch_says_what_whisper_says_one_by_one(model: Whisper) -> None:
    windows = [window(f"clip-{seed}", seed, prompt=tuple(range(100, 100 + 6 * seed))) for seed in range(4)]
    heard = drain(backend_of(model), *windows)
    for each in windows:
        expected = reference(model, each)
        assert list(heard[each.key].tokens) == expected.tokens
        assert heard[each.key].mean_logprob == pytest.approx(expected.avg_logprob, abs=1e-4)
        assert heard[each.key].no_speech == pytest.approx(expected.no_speech_prob, abs=1e-5)
        assert heard[each.key].language == expected.language


def test_newcomers_and_leavers_change_nobodys_words(model: Whisper) -> None:
    alone = {seed: drain(backend_of(model), window("k", seed))["k"].tokens for seed in range(3)}
    backend = backend_of(model, lanes=3)
    backend.begin([window("0", 0), window("leaver", 7)])
    backend.advance()
    backend.begin([window("1", 1)])
    backend.advance()
    backend.release("leaver")
    backend.begin([window("2", 2)])
    done = {decoded.key: decoded.tokens for _ in range(120) for decoded in backend.advance()}
    assert done == {str(seed): tokens for seed, tokens in alone.items()}


def test_windows_of_different_lengths_go_together(model: Whisper) -> None:
    alone = drain(backend_of(model), window("short", 3, frames=1000))["short"]
    together = drain(backend_of(model), window("short", 3, frames=1000), window("long", 4))
    assert together["short"].tokens == alone.tokens


def test_dice_do_not_depend_on_the_neighbours(model: Whisper) -> None:
    alone = drain(backend_of(model), window("k", 5, attempt=4))["k"]
    together = drain(backend_of(model), window("other", 6, attempt=5), window("k", 5, attempt=4))
    assert together["k"].tokens == alone.tokens
    assert together["k"].tokens != drain(backend_of(model), window("k", 5))["k"].tokens


def test_a_window_can_be_decoded_again_without_encoding_it_again(model: Whisper) -> None:
    backend = backend_of(model)
    backend.begin([window("k", 8)])
    first = next(decoded for _ in range(100) for decoded in backend.advance())
    backend.retry("k", 0, 0)
    second = next(decoded for _ in range(100) for decoded in backend.advance())
    assert second == first
    backend.release("k")
    assert backend.free() == 8


def test_a_released_window_gives_its_lane_back(model: Whisper) -> None:
    backend = backend_of(model, lanes=2)
    backend.begin([window("a", 1), window("b", 2)])
    backend.advance()
    assert backend.free() == 0
    backend.release("a")
    backend.release("never begun")
    assert backend.free() == 1


def test_reading_token_by_token_equals_reading_at_once(model: Whisper) -> None:
    tokens = torch.randint(0, 50_000, (2, 6), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        encoding = LayeredEncoder(model, torch.from_numpy(np.stack([noise(1), noise(2)])))
        while (features := encoding.advance()) is None:
            pass
        expected = model.decoder(tokens, features)
        lanes = LaneDecoder(model, 2, torch.float32)
        for lane in range(2):
            lanes.set_sound(lane, lanes.cross_attention(features[lane]))
        lanes.forward(slice(0, 2), tokens[:, :3], [0, 0])
        steps = [lanes.forward(slice(0, 2), tokens[:, at : at + 1], [at, at]) for at in range(3, 6)]
        found = lanes.logits(torch.cat(steps, dim=1))
    torch.testing.assert_close(found, expected[:, 3:], rtol=1e-4, atol=1e-4)


def test_fewer_lanes_are_made_where_memory_is_short(model: Whisper) -> None:
    each = lane_bytes(model.dims, torch.float32)
    assert WhisperBackend(model, lanes=8, tokens_per_step=1, lanes_bytes=3 * each + 1).free() == 3
    assert WhisperBackend(model, lanes=8, tokens_per_step=1, lanes_bytes=0).free() == 1


def test_an_english_only_model_detects_nothing() -> None:
    english = tiny_whisper(whisper.model.ModelDimensions(**{**vars(DIMS), "n_vocab": 51864}))
    heard = drain(backend_of(english), window("k", 1))["k"]
    assert (heard.language, heard.language_probability) == ("en", 1.0)


def test_a_step_holds_one_layer_of_the_encoder_or_of_an_alignment() -> None:
    deep = tiny_whisper(whisper.model.ModelDimensions(**{**vars(DIMS), "n_audio_layer": 3}))
    deep.register_buffer("alignment_heads", torch.ones(2, 2, dtype=torch.bool).to_sparse(), persistent=False)
    layers = 0

    def count(*_: object) -> None:
        nonlocal layers
        layers += 1

    for block in (*deep.encoder.blocks, *deep.decoder.blocks):  # lanes go round the decoder's
        block.register_forward_hook(count)
    backend = WhisperBackend(deep, lanes=2, tokens_per_step=1, step_frames=3000, step_s=0.0)
    backend.begin([window("a", 1), window("b", 2, frames=1000)])
    timed = {}
    total = 0
    while backend.busy():
        layers = 0
        for decoded in backend.advance():
            if decoded.alignment:
                timed[decoded.key] = decoded.alignment
                backend.release(decoded.key)
            else:
                backend.align(decoded.key, tokenizer_for(backend, "en"), [1000, 1001, 1002], 1000)
        assert layers <= 1
        total += layers
    assert total == 2 * 3 + 2 * 2  # windows of two lengths, then two alignments
    assert set(timed) == {"a", "b"}
    assert backend.free() == 2
