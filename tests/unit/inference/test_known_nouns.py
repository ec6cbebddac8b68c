"""What a small model says that it was trained on."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from inference.builtin.captions import known_words
from inference.builtin.nouns import tail, vocabulary
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.folders import check_folder
from inference.engines.image.prompts import names_nothing_known
from inference.errors import ModelUnusable
from tests.support.tiny_models import TINY_SD, make_folder


def model(*nouns: str) -> LoadedModel:
    return cast(LoadedModel, SimpleNamespace(nouns=frozenset(nouns)))


BUILTIN = model(*known_words((*vocabulary(), *tail())))


@pytest.mark.parametrize(
    "prompt",
    ["a cat", "two red HEARTS!", "three mice, flat", "a hot dog", "my t-shirt", "a slice of pizza", "🙂 cat's"],
)
def test_prompt_that_names_something_trained_on_is_known(prompt: str) -> None:
    assert not names_nothing_known(BUILTIN, prompt)


@pytest.mark.parametrize("prompt", ["a lighthouse", "", "my friend Bob", "red", "catalogue", "🦈"])
def test_prompt_that_names_nothing_trained_on_is_unknown(prompt: str) -> None:
    assert names_nothing_known(BUILTIN, prompt)


def test_model_that_does_not_say_what_it_was_trained_on_knows_everything() -> None:
    assert not names_nothing_known(model(), "a lighthouse")


@pytest.mark.parametrize("content", ["[]", "{}", '{"nouns": "cat"}', '{"nouns": [1]}', "{"])
def test_folder_with_malformed_nouns_is_refused(tmp_path: Path, content: Any) -> None:
    folder = make_folder(TINY_SD, tmp_path / "model")
    (folder / "nouns.json").write_text(content)
    with pytest.raises(ModelUnusable, match="nouns"):
        check_folder(folder, "sd")


def test_folder_may_say_nothing_or_name_its_nouns(tmp_path: Path) -> None:
    folder = make_folder(TINY_SD, tmp_path / "model")
    assert check_folder(folder, "sd").nouns == frozenset()
    (folder / "nouns.json").write_text(json.dumps({"nouns": ["cat", "hot dog"]}))
    assert check_folder(folder, "sd").nouns == {"cat", "hot dog"}
