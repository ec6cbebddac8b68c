"""The picture engine: everybody's lanes advance together, one forward pass a step."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

import torch

from inference.catalogue import Catalogue
from inference.engines.failures import failed, raise_if_device_is_lost
from inference.engines.image.adapters.cache import AdapterShelf
from inference.engines.image.batches import BatchLimit, Group, choose_lanes
from inference.engines.image.job import Drawing, check_request
from inference.engines.image.lane import Lane, make_lane
from inference.engines.image.models.loading import ModelCache
from inference.engines.image.models.model import LoadedModel
from inference.engines.image.passes import Passes
from inference.engines.image.postprocessing import Finisher
from inference.engines.image.prompts import is_cut, is_unknown
from inference.engines.memory import DeviceMeter
from inference.errors import BadRequest
from inference.messages import Finished, JobEvent, Note, Preview, Task
from inference.requests import ImageRequest

log = logging.getLogger(__name__)

PREVIEW_EVERY_S = 3.0
PREPARE_MAX_S = 0.2  # of one step spent on encoding newcomers' prompts
LANES_EACH = 4  # pictures that a job has unless its member says otherwise
IDLE_WAIT_S = 0.005  # a step that only waits for a load gives the other engines their turn soon


class DiffusionEngine:
    """Draws the pictures of many jobs at once; implements `Engine` for image requests.

    Each picture is a lane. A step advances the lanes of one group (a model and a latent size; groups take turns) by one
    pass, between which newcomers join and cancelled lanes leave. Loading and file encoding happen on threads beside it.
    """

    kind = "image"

    def __init__(
        self,
        catalogue: Catalogue,
        models: ModelCache,
        shelf: AdapterShelf,
        *,
        slots: int = 16,
        lanes_max: int | None = None,
        preview_every_s: float = PREVIEW_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build the engine around a device's models and adapters.

        Args:
            models: may be shared with the training engine of the same worker.
            slots: jobs aboard at once, at most.
            lanes_max: pictures in one pass; by the kind of device if not given.
        """
        self._catalogue = catalogue
        self._models = models
        self._shelf = shelf
        self._slots = slots
        self._lanes_max = lanes_max or (16 if models.device.type == "cuda" else 8)
        self._limit = BatchLimit(self._lanes_max)
        self._preview_every_s = preview_every_s
        self._clock = clock
        self._drawings: dict[str, Drawing] = {}
        self._passes: dict[str, Passes] = {}
        self._last_turn: dict[Group, int] = {}
        self._steps = 0
        self._events: list[JobEvent] = []
        self._finisher = Finisher()
        self._meter = DeviceMeter(models.device)

    # -- what the worker calls ----------------------------------------------------------------------------------------

    def free_slots(self) -> int:
        """Return how many more tasks could be admitted now.

        As many as fill a pass and no more: a job that would only share lanes with those before it makes all of them
        slower, and is better kept in line, where its place is fair.
        """
        aboard = sum(drawing.request.count for drawing in self._drawings.values())
        wanted = math.ceil(max(0, self._lanes_max - aboard) / LANES_EACH)
        return min(self._slots - len(self._drawings), wanted)

    def busy(self) -> bool:
        """Return whether anything is aboard; a step that can only wait for a load returns within milliseconds."""
        return bool(self._drawings or self._events)

    def admit(self, task: Task) -> None:
        """Take a task in and begin to load what it needs; what is wrong with it is reported by the next step."""
        request = task.request
        try:
            if not isinstance(request, ImageRequest):
                raise BadRequest("That is not a picture request.")
            spec = self._catalogue.image(request.model)
            check_request(request, spec)
        except BadRequest as error:
            self._events.append(failed(task, error))
            return
        if (earlier := self._drawings.get(task.job_id)) is not None:
            self._drop(earlier)  # an earlier attempt of the same job
        drawing = Drawing(task=task, request=request, spec=spec, loading=self._models.start(spec))
        self._drawings[task.job_id] = drawing

    def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Let a job go; with `keep` its finished pictures are delivered and it ends early."""
        drawing = self._drawings.get(job_id)
        if drawing is None:
            return
        if keep:
            for output in drawing.outputs[drawing.sent :]:
                self._events.append(output.result())
            self._events.append(self._finished(drawing))
        self._drop(drawing)

    def step(self) -> list[JobEvent]:
        """Advance one group of lanes by one pass, and return what happened anywhere."""
        self._prepare()
        worked = self._advance()
        decoded, lost = self._finisher.decode(self._drawings)
        for job_id, error in lost.items():
            self._fail(self._drawings[job_id], error)
        if not (worked or decoded):
            self._wait()
        self._collect()
        events, self._events = self._events, []
        return events

    def models(self) -> tuple[str, ...]:
        """Return the names of the models in memory."""
        return self._models.resident()

    def adapters(self) -> tuple[str, ...]:
        """Return the subject ids in memory."""
        return self._shelf.resident()

    def forget(self, subject_ids: Sequence[str]) -> None:
        """Drop the adapters of subjects that were deleted; what is being drawn with one keeps it to its end."""
        self._shelf.forget(subject_ids)
        for passes in self._passes.values():
            passes.forget()

    def memory_bytes(self) -> int:
        """Return what models and adapters take."""
        return self._models.size_bytes() + self._shelf.size_bytes()

    def close(self) -> None:
        """Let everything go; the model cache and the shelf belong to the caller."""
        for drawing in list(self._drawings.values()):
            self._drop(drawing)
        self._finisher.close()

    # -- newcomers ----------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Give lanes to the jobs whose model and adapters are here."""
        began_s = self._clock()
        for drawing in list(self._drawings.values()):
            if drawing.lanes or not drawing.loading.done():
                continue
            try:
                self._prepare_one(drawing, drawing.loading.result())
            except Exception as error:
                self._fail(drawing, error)
            if self._clock() - began_s > PREPARE_MAX_S:
                return

    def _prepare_one(self, drawing: Drawing, model: LoadedModel) -> None:
        request, inputs = drawing.request, drawing.task.inputs
        used = [use for use in request.subjects if use.weight != 0]
        if drawing.adapters is None:
            drawing.adapters = [
                self._shelf.start(model, use.subject_id, inputs.get(f"adapter:{use.subject_id}")) for use in used
            ]
        if not all(adapter.done() for adapter in drawing.adapters):
            return
        uses = [(adapter.result(), use.weight) for adapter, use in zip(drawing.adapters, used, strict=True)]
        mix = self._shelf.mix(model, uses)
        passes = self._passes.get(model.spec.name)
        if passes is None:
            passes = self._passes[model.spec.name] = Passes(model)
        embeddings = passes.encode(request.prompt, request.negative, guided=request.guidance > 1, mix=mix)
        if is_cut(model, request.prompt):
            drawing.notes.append(Note.CUT)
        if not used and is_unknown(model, request.prompt):  # a subject is known by any name
            drawing.notes.append(Note.UNKNOWN)
        drawing.model = model
        drawing.started_s = drawing.previewed_s = self._clock()
        others = [each.served for each in self._drawings.values() if each.lanes]
        drawing.served = min(others, default=0)
        name, job_id = drawing.spec.scheduler, drawing.job_id
        drawing.lanes = [
            make_lane(model, request, embeddings, mix, job_id=job_id, index=index, scheduler_name=name)
            for index in range(request.count)
        ]

    # -- one pass -----------------------------------------------------------------------------------------------------

    def _advance(self) -> bool:
        """Advance the group whose turn it is by one pass; return whether there was one."""
        waiting = {drawing.group: drawing.spec.name for drawing in self._drawings.values() if drawing.unfinished}
        if not waiting:
            return False
        group = min(waiting, key=lambda each: self._last_turn.get(each, -1))
        self._steps += 1
        self._last_turn[group] = self._steps
        members = {
            drawing.job_id: drawing
            for drawing in self._drawings.values()
            if drawing.unfinished and drawing.group == group
        }
        lanes = choose_lanes(
            {job_id: drawing.unfinished for job_id, drawing in members.items()},
            {job_id: drawing.served for job_id, drawing in members.items()},
            self._limit.allowed(group),
        )
        now_s = self._clock()
        due = {id_ for id_, drawing in members.items() if now_s - drawing.previewed_s >= self._preview_every_s}
        if not self._pass(group, lanes, frozenset(due)):
            return True
        for job_id in dict.fromkeys(lane.job_id for lane in lanes):
            drawing = members[job_id]
            drawing.served += sum(lane.job_id == job_id for lane in lanes)
            self._events.append(drawing.progress())
            if job_id in due and drawing.preview is None:
                self._finisher.start_preview(drawing)
                drawing.previewed_s = now_s
        self._finisher.add([lane for lane in lanes if lane.done])
        return True

    def _pass(self, group: Group, lanes: list[Lane], due: frozenset[str]) -> bool:
        """Run a pass; where it fails try fewer lanes next time, and give a single lane's job up."""
        measured = not self._meter.measures or self._limit.measured(group, len(lanes))
        if not measured:
            self._meter.begin()
        try:
            self._passes[group[0]].advance(lanes, glimpses=due)
        except Exception as error:
            if not isinstance(error, torch.OutOfMemoryError):
                raise_if_device_is_lost(error)
                log.exception("a pass with %d lanes of %s failed", len(lanes), group[0])
            self._meter.give_back()
            if not self._limit.note_failure(group, len(lanes)):
                self._fail(self._drawings[lanes[0].job_id], error)
            return False
        if not measured:
            used_bytes, free_bytes = self._meter.end()
            self._limit.note_pass(group, len(lanes), used_bytes=used_bytes, free_bytes=free_bytes)
        self._meter.fence()
        return True

    # -- what happened beside the steps -------------------------------------------------------------------------------

    def _collect(self) -> None:
        """Report previews, pictures and ends whose encoding is done."""
        for drawing in list(self._drawings.values()):
            if drawing.preview is not None and drawing.preview.done():
                self._events.append(Preview(drawing.job_id, drawing.task.attempt, drawing.preview.result()))
                drawing.preview = None
            while drawing.sent < len(drawing.outputs) and drawing.outputs[drawing.sent].done():
                self._events.append(drawing.outputs[drawing.sent].result())
                drawing.sent += 1
            if drawing.lanes and drawing.sent == len(drawing.lanes):
                self._events.append(self._finished(drawing))
                self._drop(drawing)

    def _wait(self) -> None:
        waits: list[Future[object]] = [each for drawing in self._drawings.values() for each in drawing.waits_for]  # type: ignore[misc]
        if waits and not self._events:
            wait(waits, timeout=IDLE_WAIT_S, return_when=FIRST_COMPLETED)

    def _finished(self, drawing: Drawing) -> Finished:
        summary = {
            "seconds": round(self._clock() - drawing.started_s, 3),
            "seeds": [lane.seed for lane in drawing.lanes],
            "model": drawing.spec.name,
            "notes": [str(note) for note in drawing.notes],
        }
        return Finished(drawing.job_id, drawing.task.attempt, drawing.done, drawing.total, summary)

    def _fail(self, drawing: Drawing, error: Exception) -> None:
        self._events.append(failed(drawing.task, error))
        self._drop(drawing)

    def _drop(self, drawing: Drawing) -> None:
        """Forget a job, and what only it needed."""
        del self._drawings[drawing.job_id]
        self._finisher.forget(drawing)
        if drawing.lanes and all(each.group != drawing.group for each in self._drawings.values() if each.lanes):
            self._limit.forget(drawing.group)
            self._last_turn.pop(drawing.group, None)
        name = drawing.spec.name
        if name in self._passes and all(each.spec.name != name for each in self._drawings.values()):
            self._passes.pop(name).close()
        self._models.release(name)
