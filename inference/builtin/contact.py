"""The contact sheet of the model card: sixty prompts, one seed each, drawn by the exported model as it is shipped."""

from __future__ import annotations

from pathlib import Path

from inference.builtin.export import open_exported
from inference.builtin.pictures import save_sheet
from inference.builtin.recipe import draw

SHEET = Path(__file__).parent / "contact_sheet.png"
COLUMNS = 10
PROMPTS = (
    "a red heart", "a cat", "a dog", "a penguin", "a frog", "an owl", "an elephant", "a fish", "a butterfly",
    "a turtle", "an apple", "a banana", "a strawberry", "a pizza", "a hamburger", "an ice cream", "a donut",
    "a cake", "coffee", "bread", "a car", "a bus", "a rocket", "an airplane", "a bicycle", "a train", "a house",
    "a castle", "a balloon", "a gift", "a tree", "a cactus", "a rose", "a mushroom", "the sun", "the moon",
    "a star", "a rainbow", "a snowman", "an umbrella", "a blue cat", "a green car", "a purple apple",
    "a pink elephant", "a yellow rocket", "a black star", "a white rose", "an orange fish", "a brown bear",
    "a red robot", "a flat house", "a glossy heart", "a 3d donut", "a 3d blue dragon", "a flat yellow crown",
    "two hearts", "three stars", "two red apples", "a cute ghost with a hat", "a unicorn in space",
)  # fmt: skip


def draw_contact_sheet(weights: Path, target: Path = SHEET) -> None:
    """Draw every prompt once, with its place in the list as its seed."""
    drawn = draw(open_exported(weights), list(PROMPTS))
    save_sheet(drawn, target, COLUMNS, list(PROMPTS))
