"""What checkers find of finished pictures, and what becomes of those that they flag. Light, and pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

CHECK = "check"  # what a picture's entry in its job's outcome says under this name: a `PictureCheck` as JSON
WITHHELD = "withheld"  # and under this one: that its credits went back, and nobody but operators sees it


class FlaggedAction(StrEnum):
    """What is done with a flagged picture."""

    NOTHING = "nothing"  # it is shown as any other
    SPOILER = "spoiler"  # it is shown covered, until somebody presses it
    WITHHOLD = "withhold"  # it is not shown, and costs nothing


class PlaceKind(StrEnum):
    """Where a picture is shown, as far as that matters for what may be shown there."""

    PLAIN = "plain"
    AGE_RESTRICTED = "age-restricted"
    DIRECT = "direct message"


def place_kind(guild_id: int | None, *, age_restricted: bool) -> PlaceKind:
    """Return what kind of place a channel is; `guild_id` None: a direct message."""
    if guild_id is None:
        return PlaceKind.DIRECT
    return PlaceKind.AGE_RESTRICTED if age_restricted else PlaceKind.PLAIN


@dataclass(frozen=True, slots=True)
class PictureCheck:
    """What the checkers say of one picture."""

    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # by checker and label
    flags: tuple[str, ...] = ()  # the labels whose score is above their threshold
    failed: bool = False  # a checker could not be loaded, or failed: what is in the picture is not known

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned."""
        return cls(value["scores"], tuple(value["flags"]), value["failed"])

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {"scores": self.scores, "flags": list(self.flags), "failed": self.failed}

    def also(self, flags: tuple[str, ...]) -> "PictureCheck":
        """Return it with further flags: those of the picture that this one was made from."""
        return PictureCheck(self.scores, tuple(dict.fromkeys((*self.flags, *flags))), self.failed)


def check_of(meta: Mapping[str, Any]) -> PictureCheck | None:
    """Return what was found of a picture by its entry in its job's outcome; None: there was no checker."""
    found = meta.get(CHECK)
    return None if found is None else PictureCheck.from_json(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRules:
    """What operators decided about flagged pictures, by the kind of place."""

    plain: FlaggedAction = FlaggedAction.WITHHOLD
    age_restricted: FlaggedAction = FlaggedAction.NOTHING
    direct: FlaggedAction = FlaggedAction.WITHHOLD
    unchecked: FlaggedAction = (
        FlaggedAction.WITHHOLD
    )  # of pictures whose check failed, where flagged ones are not shown

    def of_flagged(self, place: PlaceKind) -> FlaggedAction:
        """Return what is done with a flagged picture in a place."""
        by_place = {
            PlaceKind.PLAIN: self.plain,
            PlaceKind.AGE_RESTRICTED: self.age_restricted,
            PlaceKind.DIRECT: self.direct,
        }
        return by_place[place]

    def action(self, check: PictureCheck | None, place: PlaceKind) -> FlaggedAction:
        """Return what is done with a picture in a place, by what was found of it."""
        of_flagged = self.of_flagged(place)
        if check is None or of_flagged is FlaggedAction.NOTHING:
            return FlaggedAction.NOTHING
        if check.flags:
            return of_flagged
        return self.unchecked if check.failed else FlaggedAction.NOTHING

    def withhold(self, files: Mapping[str, Mapping[str, Any]], place: PlaceKind) -> dict[str, dict[str, Any]]:
        """Return what an outcome says of a job's files, with those pictures marked that are withheld in a place."""
        marked = {name: dict(meta) for name, meta in files.items()}
        for meta in marked.values():
            if self.action(check_of(meta), place) is FlaggedAction.WITHHOLD:
                meta[WITHHELD] = True
        return marked


def withheld_names(files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of those of a job's pictures that are withheld, by what its outcome says of its files."""
    return sorted(name for name, meta in files.items() if meta.get(WITHHELD))
