"""What can be wrong with a request or with computing it.

InferenceError
├── BadRequest          the member can mend it; the message says how
│   └── UnknownModel
├── ModelUnusable       the operator must mend the catalogue or the folder
└── AdapterRejected     a subject's weights do not fit the base model, or are not safe to load
"""


class InferenceError(Exception):
    """Something went wrong while computing."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class BadRequest(InferenceError):
    """That request cannot be drawn."""


class UnknownModel(BadRequest):
    """There is no model of that name here; `/models` lists them."""


class ModelUnusable(InferenceError):
    """The model could not be loaded."""


class AdapterRejected(InferenceError):
    """The adapter does not fit the model it was made for."""
