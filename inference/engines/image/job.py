"""A picture job on the engine: what it waits for, its lanes, and what of it was already reported."""

import math
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from inference.catalogue import ImageModel
from inference.checks import CHECK, PictureCheck
from inference.engines.image.adapters.weights import Adapter
from inference.engines.image.batches import Group
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.init_picture import SIDE_MIN_PX
from inference.engines.image.lane import Lane
from inference.engines.image.task_pictures import TaskPictures
from inference.errors import BadRequest
from inference.families import FAMILIES
from inference.loras import LoraModel
from inference.messages import Output, Progress, PromptNote, Task
from inference.prompt_parts import check_prompts
from inference.requests import ImageRequest, InitPicture

PICTURES_MAX = 16
SUBJECTS_MAX = 3
GUIDANCE_MAX = 50.0
WEIGHT_MAX = 4.0
MASK_BLUR_MAX_PX = 64


@dataclass(slots=True, kw_only=True, eq=False)
class ImageJob:
    """One task of kind 'image' from its admission to its last event."""

    task: Task
    request: ImageRequest
    spec: ImageModel
    loading: Future[LoadedModel]
    reading: Future[TaskPictures] | None = None  # of what was brought along
    loras: Mapping[str, LoraModel] = field(default_factory=dict)  # those that it uses, by name
    adapters: list[Future[Adapter]] | None = None  # of its subjects, then of its LoRAs; None until the model is here
    model: LoadedModel | None = None  # set with the lanes
    lanes: list[Lane] = field(default_factory=list)
    outputs: list[Future[Output]] = field(default_factory=list)
    checks: list[Future[PictureCheck]] = field(default_factory=list)  # of the same pictures; empty: there is no checker
    sent: int = 0  # outputs already reported
    preview: Future[bytes] | None = None  # being encoded
    previewed_s: float = 0.0  # by the engine's clock
    started_s: float = 0.0
    served: int = 0  # lane-steps, for fairness: counted from where the others stood
    notes: list[PromptNote] = field(default_factory=list)  # on how the prompt was understood

    @property
    def job_id(self) -> str:
        """The id of the task's job."""
        return self.task.job_id

    @property
    def total(self) -> int:
        """Forward passes of all pictures; known once there are lanes."""
        return sum(len(lane.timesteps) for lane in self.lanes)

    @property
    def done(self) -> int:
        """Forward passes behind us."""
        return sum(lane.position for lane in self.lanes)

    @property
    def unfinished(self) -> list[Lane]:
        """Lanes with steps to come, the one furthest behind first."""
        return sorted((lane for lane in self.lanes if not lane.done), key=lambda lane: lane.position)

    @property
    def has_preview(self) -> bool:
        """Whether anything of its pictures can be shown."""
        return any(lane.done or lane.clean is not None for lane in self.lanes)

    @property
    def group(self) -> Group:
        """What its lanes can share a pass with."""
        lane = self.lanes[0]
        size_px = lane.size_px if family_of(self.spec).one_size else None
        return (self.spec, size_px, lane.conditioning.reference_sizes)

    @property
    def waits_for(self) -> list[Future[Any]]:
        """What happens beside the steps."""
        preview = [self.preview] if self.preview is not None else []
        reading = [self.reading] if self.reading is not None else []
        loading = [] if self.lanes else [self.loading, *reading, *(self.adapters or ())]
        return [future for future in (*loading, *self.outputs[self.sent :], *preview) if not future.done()]

    def next_output(self, *, now: bool = False) -> Output | None:
        """Return the next picture to be reported, with what was found of it; None: there is none yet.

        Args:
            now: it is to be reported, with its check counted as failed where that is not done.
        """
        if self.sent == len(self.outputs) or not (now or self.outputs[self.sent].done()):
            return None
        check = self.checks[self.sent] if self.checks else None
        if check is not None and not (now or check.done()):
            return None
        output = self.outputs[self.sent].result()
        self.sent += 1
        flags = self.request.flags
        if check is None and not flags:
            return output
        found = PictureCheck() if check is None else check.result() if check.done() else PictureCheck(failed=True)
        return replace(output, meta={**output.meta, CHECK: found.also(flags).to_json()})

    def progress(self) -> Progress:
        """Return where it stands."""
        return Progress(self.job_id, self.task.attempt, self.done, self.total)


def check_request(request: ImageRequest, spec: ImageModel) -> None:
    """Refuse what the engine cannot or should not generate, whoever let it through.

    Raises:
        BadRequest: with a sentence for the member.
    """
    sides = (request.width_px, request.height_px)
    if any(side < 8 or side > spec.side_max_px or side % spec.grid_px for side in sides):
        raise BadRequest(
            f"In `aspect`, sides must be multiples of {spec.grid_px} px, and at most {spec.side_max_px} px."
        )
    if not 1 <= request.steps <= spec.steps_max:
        raise BadRequest(f"`steps` must be from 1 to {spec.steps_max} for this model.")
    if not 1 <= request.count <= PICTURES_MAX:
        raise BadRequest(f"`count` must be from 1 to {PICTURES_MAX}.")
    if not 0 <= request.guidance <= GUIDANCE_MAX:  # false for NaN, too
        raise BadRequest(f"`guidance` must be from 0 to {GUIDANCE_MAX:g}.")
    if not 0 <= request.seed < 2**63:
        raise BadRequest("`seed` must be a whole number from 0.")
    check_prompts(request, spec)
    if request.init is not None:
        _check_init(request, request.init, spec)
    known = FAMILIES[spec.family].references_max
    if request.references and not known:
        raise BadRequest(f"{spec.title} can't edit an `image` by words. Please choose another `model`.")
    if len(request.references) > known:
        raise BadRequest(f"{spec.title} can be shown at most {known} pictures. Please leave some out.")
    varied = request.variation
    if varied is not None and not (0 <= varied.strength <= 1 and 0 <= varied.seed < 2**63):
        raise BadRequest("A variation's strength must be from 0 to 1, and its seed a whole number from 0.")
    if FAMILIES[spec.family].alone and request.subjects:
        raise BadRequest(f"{spec.title} can't show subjects. Please leave out `subject`, or choose another `model`.")
    if FAMILIES[spec.family].alone and varied is not None:
        raise BadRequest(f"{spec.title} can't draw variations. Please choose another `model`.")
    if len(request.subjects) > SUBJECTS_MAX:
        raise BadRequest(f"One picture can have at most {SUBJECTS_MAX} subjects. Please leave some out of `subject`.")
    if any(not math.isfinite(use.weight) or abs(use.weight) > WEIGHT_MAX for use in request.subjects):
        raise BadRequest(f"A weight in `subject` must be from {-WEIGHT_MAX:g} to {WEIGHT_MAX:g}.")


def _check_init(request: ImageRequest, init: InitPicture, spec: ImageModel) -> None:
    if not 0 < init.strength <= 1:  # false for NaN, too
        raise BadRequest("`strength` must be more than 0, and at most 1: at 0, your picture would come back unchanged.")
    if not FAMILIES[spec.family].from_pictures:
        raise BadRequest(f"{spec.title} can't begin from an `image`. Please choose another `model`.")
    left, top, right, bottom = init.margins_px
    inner_px = request.width_px - left - right, request.height_px - top - bottom
    if min(init.margins_px) < 0 or min(inner_px) < SIDE_MIN_PX:
        raise BadRequest(f"The canvas must leave at least {SIDE_MIN_PX} px of the picture's sides.")
    if not 0 <= init.mask_blur_px <= MASK_BLUR_MAX_PX:
        raise BadRequest(f"The mask can be blurred by 0 to {MASK_BLUR_MAX_PX} px.")
