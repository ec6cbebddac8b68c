"""What can be typed after `atelier models`."""

import argparse
from pathlib import Path
from typing import Any


def add_models_parser(commands: Any) -> None:
    """Add `models` and what it can do to the commands of `atelier`."""
    about = "show, add, fetch, check and remove models"
    models = commands.add_parser("models", help=about, description=f"{about.capitalize()}.")
    actions = models.add_subparsers(dest="action", required=True, title="actions")
    actions.add_parser("list", help="what the catalogue has, whether it fits, its licence, and when it was last used")
    _add_add(actions)
    pull = actions.add_parser("pull", help="download models of the hub, with a progress bar; goes on where it stopped")
    pull.add_argument("names", nargs="*", metavar="MODEL", help="of the catalogue; none: all that come from the hub")
    check = actions.add_parser("check", help="what is missing, what it takes of the device, under which licence")
    check.add_argument("names", nargs="*", metavar="MODEL", help="of the catalogue; none: all of them")
    remove = actions.add_parser("remove", help="remove a model from the catalogue")
    remove.add_argument("model", metavar="MODEL", help="its name in the catalogue")
    remove.add_argument("--files", action="store_true", help="delete its files as well, if Atelier put them there")
    _add_import(actions)


def _add_add(actions: Any) -> None:
    about = "add a model of the hub, pinned to its commit, or a folder to the catalogue"
    parser = actions.add_parser("add", help=about, description=f"{about.capitalize()}.")
    parser.add_argument("source", metavar="HUB-ID|FOLDER", help="owner/name on the hub, or a folder on this machine")
    parser.add_argument("--revision", default="", help="a branch, tag or commit; default: main, as it is now")
    parser.add_argument("--licence", default="", help="default: what its card says")
    _add_name(parser)


def _add_import(actions: Any) -> None:
    about = "convert a single-file checkpoint (.safetensors) into a folder, and add it to the catalogue"
    parser = actions.add_parser("import", help=about, description=f"{about.capitalize()}.")
    parser.add_argument("file", type=Path, help="the checkpoint: Stable Diffusion 1.x, 2.x or XL, as it was published")
    parser.add_argument("--licence", default="", help="its licence, as its page says")
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="where to write it; default: models/ in the data folder"
    )
    parser.add_argument(
        "--template",
        type=Path,
        metavar="FOLDER",
        help="a folder in diffusers' layout whose configurations and tokenizers to use, for unusual architectures",
    )
    parser.add_argument(
        "--prediction",
        choices=("epsilon", "v_prediction"),
        help="what its network predicts; default: what the file says",
    )
    _add_name(parser)


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="", help="what members will call it; default: made from the file or folder")
