"""What a button under what was found is about, as it stands on the button."""

from dataclasses import dataclass

from db.moderation.targets import Target, TargetKind


@dataclass(frozen=True, slots=True)
class Shown:
    """What a button is about: what was looked for, from which of its jobs on they are shown, and one job of them."""

    target: Target
    first: int = 0
    job_id: str = ""  # empty: all of them

    @property
    def key(self) -> str:
        """What stands on the button."""
        return "-".join([self.target.kind, self.target.id, str(self.first), *([self.job_id] if self.job_id else [])])

    @classmethod
    def from_key(cls, key: str) -> "Shown":
        """Read what stands on a button."""
        kind, id, first, *job_id = key.split("-")
        return cls(Target(TargetKind(kind), id), int(first), *job_id)

    @property
    def meant(self) -> Target:
        """What is removed by the button."""
        return Target(TargetKind.JOB, self.job_id) if self.job_id else self.target
