"""`atelier loras`: one function an action; what goes wrong is one sentence."""

import argparse
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.loras.adding import add_lora
from bot.loras.listing import list_loras, remove_lora
from bot.settings import Settings
from inference.errors import InferenceError

Action = Callable[[argparse.Namespace, Settings], int]
ACTIONS: Mapping[str, Action] = MappingProxyType({"add": add_lora, "list": list_loras, "remove": remove_lora})


def change_loras(chosen: argparse.Namespace, settings: Settings) -> int:
    """Do what was chosen, and return the command's exit status."""
    try:
        return ACTIONS[chosen.action](chosen, settings)
    except (InferenceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
