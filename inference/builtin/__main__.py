"""`python -m inference.builtin STAGE...`: run stages of the recipe, or all of them, in order."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from inference.openmp import limit_spinning

limit_spinning()  # before torch is imported

import torch

from inference.builtin.contact import draw_contact_sheet
from inference.builtin.export import WEIGHTS
from inference.builtin.recipe import Recipe, RecipePlan, finer_plan, tiny_plan

STAGES: dict[str, Callable[[Recipe], None]] = {
    "reopen": Recipe.reopen,
    "fetch": Recipe.fetch,
    "render": Recipe.render,
    "encode": Recipe.encode,
    "sprites": Recipe.cut_out,
    "decoder": Recipe.train_decoder,
    "denoiser": Recipe.train_denoiser,
    "redraw": Recipe.redraw,
    "polish": Recipe.polish,
    "classifier": Recipe.train_classifier,
    "export": Recipe.write,
    "upscaler": Recipe.train_upscaler,
    "card": lambda recipe: draw_contact_sheet(WEIGHTS),
}


def main() -> None:
    """Run the stages that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m inference.builtin", description=__doc__)
    parser.add_argument("stages", nargs="+", choices=(*STAGES, "all"), metavar="STAGE", help=", ".join(STAGES))
    parser.add_argument("--folder", type=Path, default=Path(".cache/builtin"), help="where everything is kept")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="how many CPU threads to use")
    budgets = parser.add_mutually_exclusive_group()
    budgets.add_argument("--tiny", action="store_true", help="a plan of minutes, to see that everything runs")
    budgets.add_argument("--finer", action="store_true", help="a plan for training a reopened model further")
    chosen = parser.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    plan = tiny_plan() if chosen.tiny else finer_plan() if chosen.finer else RecipePlan()
    recipe = Recipe(chosen.folder, plan, chosen.device)
    from_nothing = [stage for stage in STAGES if stage != "reopen"]
    for stage in from_nothing if "all" in chosen.stages else chosen.stages:
        STAGES[stage](recipe)


if __name__ == "__main__":
    main()
