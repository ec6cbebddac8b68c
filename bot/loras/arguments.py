"""What can be typed after `atelier loras`."""

import argparse
from pathlib import Path
from typing import Any


def add_loras_parser(commands: Any) -> None:
    """Add `loras` and what it can do to the commands of `atelier`."""
    about = "add, list and remove LoRAs, which members call styles"
    loras = commands.add_parser("loras", help=about, description=f"{about.capitalize()}.")
    actions = loras.add_subparsers(dest="action", required=True, title="actions")
    actions.add_parser("list", help="show the LoRAs of the catalogue")
    _add_add(actions)
    remove = actions.add_parser("remove", help="take a LoRA out of the catalogue")
    remove.add_argument("name", help="as members type it")
    remove.add_argument("--files", action="store_true", help="delete its file and picture, if `add` made them")


def _add_add(actions: Any) -> None:
    about = (
        "convert a LoRA (.safetensors) of kohya's, LyCORIS', diffusers' or peft's making, and add it to the catalogue"
    )
    parser: argparse.ArgumentParser = actions.add_parser("add", help=about, description=f"{about.capitalize()}.")
    parser.add_argument("file", type=Path, help="the LoRA, as it was published")
    parser.add_argument("--base", default="", help="the model of the catalogue it is for; default: the first it fits")
    parser.add_argument("--name", default="", help="what members will type; default: made from the file's name")
    parser.add_argument("--title", default="", help="what members will see; default: what the file says")
    parser.add_argument("--words", default="", help="trigger words, put into prompts; default: what the file says")
    parser.add_argument("--strength", type=float, default=1.0, help="its weight where a member says none; default: 1")
    parser.add_argument("--licence", default="", help="its licence, as its page says")
    parser.add_argument("--licence-url", default="", help="where that can be read")
    parser.add_argument("--note", default="", help="a line for members")
    parser.add_argument("--picture", type=Path, help="an example: a PNG, JPEG or WebP, kept as a small WebP")
