"""What can be wrong with a request or with computing it.

InferenceError
├── BadRequest          the member can mend it; the message says how
│   ├── UnknownModel
│   └── UnknownStyle
├── ModelUnusable       the operator must mend the catalogue or the folder
└── AdapterRejected     a LoRA's weights do not fit the base model, or are not safe to load
"""

from common.errors import AtelierError


class InferenceError(AtelierError):
    """Something went wrong while computing."""

    message = "Something went wrong while this was running."


class BadRequest(InferenceError):
    """The member can mend it; the message says how."""

    message = "This request can't be run. Please check its options."


class UnknownModel(BadRequest):
    """The catalogue has no model of that name."""

    message = "There is no `model` with that name here. `/models` lists them all."


class UnknownStyle(BadRequest):
    """The catalogue has no LoRA of that name."""

    message = "There is no `style` with that name here. `/styles` shows them all."


class ModelUnusable(InferenceError):
    """The operator must mend the catalogue or the folder."""

    message = "The model can't be loaded."


class AdapterRejected(InferenceError):
    """A LoRA's weights do not fit the base model, or are not safe to load."""

    message = "The subject's LoRA does not fit this model."
