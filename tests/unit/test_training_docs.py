"""docs/training.md names every field of a catalogue's entry that says how subjects are taught, with its default."""

import re
from pathlib import Path

from inference.catalogue import ImageModel

TEXT = (Path(__file__).parents[2] / "docs/training.md").read_text("utf-8")


def test_every_training_field_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| (`train\w+`(?:, `train\w+`)*) \| (\S+) \|", TEXT, re.MULTILINE)
    documented = {name: default.strip('`"') for names, default in rows for name in re.findall(r"`(\w+)`", names)}
    fields = {name: field.default for name, field in ImageModel.model_fields.items() if name.startswith("train")}
    assert documented.keys() == fields.keys()
    for name, default in fields.items():
        said = documented[name]
        assert said.lower() == str(default).lower() or float(said) == default, name
