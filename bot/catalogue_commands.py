"""`atelier models` and `atelier loras`: one function an action; what goes wrong is one sentence."""

import argparse
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.loras.adding import add_lora
from bot.loras.listing import list_loras, remove_lora
from bot.models.adding import add_model
from bot.models.checking import check_models
from bot.models.importing import import_file
from bot.models.listing import list_models
from bot.models.pulling import pull_models
from bot.models.removing import remove_model
from bot.settings import Settings
from inference.errors import InferenceError

Action = Callable[[argparse.Namespace, Settings], int]
ACTIONS: Mapping[str, Mapping[str, Action]] = MappingProxyType(
    {
        "models": {
            "list": list_models,
            "add": add_model,
            "pull": pull_models,
            "check": check_models,
            "remove": remove_model,
            "import": import_file,
        },
        "loras": {"add": add_lora, "list": list_loras, "remove": remove_lora},
    }
)


def run_catalogue_command(chosen: argparse.Namespace, settings: Settings) -> int:
    """Do what was chosen, and return the command's exit status."""
    try:
        return ACTIONS[chosen.command][chosen.action](chosen, settings)
    except (InferenceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
