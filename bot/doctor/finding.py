"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a check ended."""

    GOOD = "ok"
    NOTE = "note"  # works, but worth knowing
    BAD = "PROBLEM"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it: one line."""

    mark: Mark
    what: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        text = self.text
        if self.remedy and not text.endswith((".", "?", "!")):
            text += "."
        said = " ".join(f"{self.what}: {text} {self.remedy}".split())  # whatever broke its lines elsewhere
        return f"{self.mark:>7}  {said}"
