"""CLIP's vocabulary, which all Stable Diffusion models read prompts with: made from its list of merges.

Source: `simple_tokenizer.py` of openai/CLIP (MIT licence), whose order of tokens this is.
"""

import json
import shutil
from pathlib import Path

MERGES = Path(__file__).parent / "templates" / "clip_merges.txt"
BEGIN, END = "<|startoftext|>", "<|endoftext|>"


def write_vocabulary(folder: Path) -> None:
    """Write `vocab.json` and `merges.txt` into a tokenizer's folder."""
    shutil.copyfile(MERGES, folder / "merges.txt")
    numbers = {token: number for number, token in enumerate(_tokens())}
    (folder / "vocab.json").write_text(json.dumps(numbers, ensure_ascii=False), encoding="utf-8")


def _tokens() -> list[str]:
    """Return all 49,408 tokens in their order: bytes, bytes that end a word, what merges make, begin and end."""
    letters = _letters()
    merges = MERGES.read_text(encoding="utf-8").splitlines()[1:]  # after the line with the version
    return [*letters, *(f"{letter}</w>" for letter in letters), *(line.replace(" ", "") for line in merges), BEGIN, END]


def _letters() -> list[str]:
    """Return a visible character for each of 256 bytes: those that are visible first, then stand-ins for the others."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [*map(chr, visible), *(chr(256 + number) for number in range(256 - len(visible)))]
