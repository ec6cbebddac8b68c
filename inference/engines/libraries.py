"""The libraries that models are loaded with."""

import diffusers
import transformers


def quiet_libraries() -> None:
    """Keep progress bars and advice to developers out of a worker's log; errors still come as exceptions."""
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
