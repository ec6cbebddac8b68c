"""A family of picture models is one file, beside its row of traits."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from inference.catalogue import ImageModel
from inference.engines.image.families.registry import families
from inference.families import FAMILIES, SCHEDULERS
from tests.support.tiny_models import make_spec

ROOT = Path(__file__).parents[3]
THEIR_OWN = (ROOT / "inference/engines/image/families", ROOT / "inference/families.py")


def test_every_family_has_a_row_of_traits_and_a_file() -> None:
    assert families().keys() == FAMILIES.keys()


def test_what_is_fetched_of_a_family_is_what_it_loads() -> None:
    loaded = {name: {part.name for part in family.parts} for name, family in families().items()}
    assert {name: set(traits.components) for name, traits in FAMILIES.items()} == loaded


def test_no_other_file_names_a_family_or_its_pipeline() -> None:
    quoted = [rf"[\"']{name}[\"']" for name in families()]
    classes = [rf"\b{pipeline}\b" for family in families().values() for pipeline in family.pipelines]
    names = re.compile("|".join([*quoted, *classes]))
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "db").rglob("*.py"), *(ROOT / "inference").rglob("*.py")]
    others = [file for file in sources if not file.is_relative_to(THEIR_OWN[0]) and file != THEIR_OWN[1]]
    found = {file.relative_to(ROOT).as_posix() for file in others if names.search(file.read_text())}
    found.remove("bot/features/voice/languages.py")  # 'sd' is Sindhi there
    # the recipe of the built-in model makes one of one family, and opens it with its pipeline
    found = {file for file in found if not file.startswith("inference/builtin/")}
    assert len(others) > 200
    assert found == set()


def entry(**fields: Any) -> ImageModel:
    return make_spec(Path("./somewhere"), **fields)


@pytest.mark.parametrize("family", FAMILIES)
def test_entry_that_says_nothing_is_as_its_family_has_it(family: str) -> None:
    spec, traits = entry(family=family), FAMILIES[family]
    assert (spec.grid_px, spec.scheduler, spec.trainable) == (
        traits.grid_px,
        traits.schedulers[0],
        traits.trainable,
    )


@pytest.mark.parametrize("name", SCHEDULERS)
def test_entry_may_name_any_scheduler_of_its_family(name: str) -> None:
    assert entry(family="sd", scheduler=name).scheduler == name


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"family": "sdx"}, r"one of .*Did you mean sdxl\?"),
        ({"family": "sd", "scheduler": "euler-b"}, "scheduler is 'euler-b': models of this family have auto, dpm"),
        ({"family": "sd", "grid_px": 12}, "multiple of 8"),
        ({"family": "z-image", "grid_px": 8}, "multiple of 16"),
        ({"family": "z-image", "trainable": True}, "cannot be trained"),
    ],
)
def test_entry_that_asks_for_what_its_family_has_not_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        entry(**fields)
