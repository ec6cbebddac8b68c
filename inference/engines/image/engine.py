"""The picture engine: everybody's lanes advance together, one forward pass a step."""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, wait

from inference.catalogue import Catalogue
from inference.engines.checker.checkers import PictureCheckers
from inference.engines.failures import failed
from inference.engines.image.adapters.cache import AdapterCache
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.job import ImageJob, check_request
from inference.engines.image.models.loading import ModelCache
from inference.engines.image.pass_runner import PassRunner
from inference.engines.image.postprocessing import Postprocessor
from inference.engines.image.prompts import names_nothing_known, notes_on, words_read
from inference.engines.image.redrawing import Redrawer, is_to_be_redrawn
from inference.engines.image.task_pictures import NO_PICTURES, read_task_pictures
from inference.engines.threads import single_core_threads
from inference.errors import BadRequest
from inference.loras import check_loras
from inference.messages import Finished, JobEvent, Preview, PromptNote, Task
from inference.requests import ImageRequest

PREVIEW_EVERY_S = 3.0
PREPARE_MAX_S = 0.2  # of one step spent on encoding newcomers' prompts
LANES_A_JOB = 4  # pictures that a job has unless its member says otherwise
IDLE_WAIT_S = 0.005  # a step that only waits for a load gives the other engines their turn soon


class ImageEngine:
    """Generates the pictures of many jobs at once; implements `Engine` for image requests.

    Each picture is a lane. A step advances the lanes of one group (a model, and a size where the family needs one;
    groups take turns) by one pass, between which newcomers join and cancelled lanes leave. Loading and file encoding
    happen on threads beside it.
    """

    kind = "image"

    def __init__(
        self,
        catalogue: Catalogue,
        models: ModelCache,
        adapter_cache: AdapterCache,
        *,
        slots: int = 16,
        lanes_max: int | None = None,
        checkers: PictureCheckers | None = None,
        preview_every_s: float = PREVIEW_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build the engine around a device's models and adapters.

        Args:
            catalogue: the models there are.
            models: those in memory; may be shared with the training engine of the same worker.
            adapter_cache: the subjects' adapters in memory.
            slots: jobs at once, at most.
            lanes_max: pictures in one pass; by the kind of device if not given.
            checkers: what finished pictures are shown to.
            preview_every_s: between two previews of a job.
            clock: monotonic seconds.
        """
        self._catalogue = catalogue
        self._models = models
        self._adapter_cache = adapter_cache
        self._slots = slots
        self._lanes_max = lanes_max or (16 if models.device.type == "cuda" else 8)
        self._passes = PassRunner(models.device, self._lanes_max)
        self._preview_every_s = preview_every_s
        self._clock = clock
        self._jobs: dict[str, ImageJob] = {}
        self._events: list[JobEvent] = []
        self._checkers = checkers
        self._postprocessor = Postprocessor(checkers)
        self._redrawer = Redrawer()
        self._reader = single_core_threads(1, "read-picture")

    # -- what the worker calls ----------------------------------------------------------------------------------------

    def free_slots(self) -> int:
        """Return how many more tasks could be admitted now.

        As many as fill a pass and no more: a job that would only share lanes with those before it makes all of them
        slower, and is better kept in the queue, where its place is fair.
        """
        taken = sum(job.request.count for job in self._jobs.values())
        wanted = math.ceil(max(0, self._lanes_max - taken) / LANES_A_JOB)
        return min(self._slots - len(self._jobs), wanted)

    def busy(self) -> bool:
        """Return whether there is any job; a step that can only wait for a load returns within milliseconds."""
        return bool(self._jobs or self._events)

    def admit(self, task: Task) -> None:
        """Take a task in and begin to load what it needs; what is wrong with it is reported by the next step."""
        request = task.request
        try:
            if not isinstance(request, ImageRequest):
                raise BadRequest("That is not a request for pictures.")
            spec = self._catalogue.image(request.model)
            check_request(request, spec)
            loras = {use.name: self._catalogue.lora(use.name) for use in request.loras}
            check_loras(request.loras, spec, loras)
        except BadRequest as error:
            self._events.append(failed(task, error))
            return
        if (earlier := self._jobs.get(task.job_id)) is not None:
            self._drop(earlier)  # an earlier attempt of the same job
        job = ImageJob(task=task, request=request, spec=spec, loras=loras, loading=self._models.acquire(spec))
        if request.brought:
            job.reading = self._reader.submit(read_task_pictures, task.inputs, request)
        self._jobs[task.job_id] = job

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Make what is admitted from now on with these models."""
        self._catalogue = catalogue

    def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Let a job go; with `keep` its finished pictures are delivered and it ends early."""
        job = self._jobs.get(job_id)
        if job is None:
            return
        if keep:
            while (output := job.next_output(now=True)) is not None:
                self._events.append(output)
            self._events.append(self._finished(job))
        self._drop(job)

    def step(self) -> list[JobEvent]:
        """Advance one group of lanes by one pass, and return what happened anywhere."""
        self._prepare()
        worked = self._advance()
        redrawing, redrawn = self._redrawer.step()
        self._postprocessor.add([redrawn] if redrawn is not None else [])
        decoded, lost = self._postprocessor.decode(self._jobs)
        for job_id, error in lost.items():
            self._fail(self._jobs[job_id], error)
        checked = self._postprocessor.check()
        if not (worked or redrawing or decoded or checked):
            self._wait()
        self._collect()
        events, self._events = self._events, []
        return events

    def models(self) -> tuple[str, ...]:
        """Return the names of the models in memory."""
        return self._models.resident()

    def adapters(self) -> tuple[str, ...]:
        """Return the subject ids in memory."""
        return self._adapter_cache.resident()

    def forget(self, subject_ids: Sequence[str]) -> None:
        """Drop the adapters of subjects that were deleted; what is being generated with one keeps it to its end."""
        self._adapter_cache.forget(subject_ids)
        self._passes.forget_adapters()

    def memory_bytes(self) -> int:
        """Return what models, adapters and checkers take."""
        checkers_bytes = 0 if self._checkers is None else self._checkers.size_bytes()
        return self._models.size_bytes() + self._adapter_cache.size_bytes() + checkers_bytes

    def close(self) -> None:
        """Let everything go; the model cache and the adapter_cache belong to the caller."""
        for job in list(self._jobs.values()):
            self._drop(job)
        self._postprocessor.close()
        self._reader.shutdown(wait=True, cancel_futures=True)

    # -- newcomers ----------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Give lanes to the jobs whose model and adapters are here."""
        began_s = self._clock()
        for job in list(self._jobs.values()):
            if job.lanes or not job.loading.done() or not (job.reading is None or job.reading.done()):
                continue
            try:
                self._prepare_one(job, job.loading.result())
            except Exception as error:
                self._fail(job, error)
            if self._clock() - began_s > PREPARE_MAX_S:
                return

    def _prepare_one(self, job: ImageJob, model: LoadedModel) -> None:
        request, inputs = job.request, job.task.inputs
        pictures = NO_PICTURES if job.reading is None else job.reading.result()
        used = [use for use in request.subjects if use.weight != 0]
        styles = [use for use in request.loras if use.weight != 0]
        if job.adapters is None:
            job.adapters = [
                self._adapter_cache.load(model, use.subject_id, inputs.get(f"adapter:{use.subject_id}")) for use in used
            ] + [self._adapter_cache.load_lora(model, job.loras[use.name]) for use in styles]
        if not all(adapter.done() for adapter in job.adapters):
            return
        weights = [use.weight for use in used] + [use.weight for use in styles]
        uses = [(adapter.result(), weight) for adapter, weight in zip(job.adapters, weights, strict=True)]
        adapters = self._adapter_cache.combined(model, uses)
        lanes = self._passes.denoiser(model).start(
            request, adapters, job_id=job.job_id, scheduler_name=job.spec.scheduler, pictures=pictures
        )
        if family_of(job.spec).is_cut(model, words_read(request.prompt, job.spec)):
            job.notes.append(PromptNote.CUT)
        # A subject is known by any name, and without a prompt nothing was asked for by one.
        if request.prompt and not used and names_nothing_known(model, request.prompt):
            job.notes.append(PromptNote.UNKNOWN)
        job.notes += notes_on(request, job.spec)
        job.model = model
        job.started_s = job.previewed_s = self._clock()
        others = [each.served for each in self._jobs.values() if each.lanes]
        job.served = min(others, default=0)
        job.lanes = lanes

    # -- one pass -----------------------------------------------------------------------------------------------------

    def _advance(self) -> bool:
        """Advance the group whose turn it is by one pass; return whether there was one."""
        waiting = [job for job in self._jobs.values() if job.unfinished]
        if not waiting:
            return False
        group, lanes = self._passes.choose(waiting)
        now_s = self._clock()
        jobs = [self._jobs[job_id] for job_id in dict.fromkeys(lane.job_id for lane in lanes)]
        due = {job.job_id for job in jobs if now_s - job.previewed_s >= self._preview_every_s}
        advanced, error = self._passes.run(group, lanes, previews=frozenset(due))
        if error is not None:  # there was one lane, and not even that fits or works
            self._fail(jobs[0], error)
        if not advanced:
            return True
        for job in jobs:
            job.served += sum(lane.job_id == job.job_id for lane in lanes)
            self._events.append(job.progress())
            if job.job_id in due and job.preview is None and job.has_preview:
                self._postprocessor.start_preview(job)
                job.previewed_s = now_s
        for lane in (lane for lane in lanes if lane.done):
            if is_to_be_redrawn(self._jobs[lane.job_id], lane):
                self._redrawer.add(self._jobs[lane.job_id], lane)
            else:
                self._postprocessor.add([lane])
        return True

    # -- what happened beside the steps -------------------------------------------------------------------------------

    def _collect(self) -> None:
        """Report previews, pictures and ends whose encoding is done."""
        for job in list(self._jobs.values()):
            if job.preview is not None and job.preview.done():
                self._events.append(Preview(job.job_id, job.task.attempt, job.preview.result()))
                job.preview = None
            while (output := job.next_output()) is not None:
                self._events.append(output)
            if job.lanes and job.sent == len(job.lanes):
                self._events.append(self._finished(job))
                self._drop(job)

    def _wait(self) -> None:
        waits = [each for job in self._jobs.values() for each in job.waits_for] + self._postprocessor.waits_for
        if waits and not self._events:
            wait(waits, timeout=IDLE_WAIT_S, return_when=FIRST_COMPLETED)

    def _finished(self, job: ImageJob) -> Finished:
        summary = {
            "seconds": round(self._clock() - job.started_s, 3),
            "seeds": [lane.seed for lane in job.lanes],
            "model": job.spec.name,
            "notes": [str(note) for note in job.notes],
        }
        return Finished(job.job_id, job.task.attempt, job.done, job.total, summary)

    def _fail(self, job: ImageJob, error: Exception) -> None:
        self._events.append(failed(job.task, error))
        self._drop(job)

    def _drop(self, job: ImageJob) -> None:
        """Forget a job, and what only it needed."""
        del self._jobs[job.job_id]
        self._passes.forget_job(job)
        self._redrawer.forget(job)
        self._postprocessor.forget(job)
        if job.lanes and all(each.group != job.group for each in self._jobs.values() if each.lanes):
            self._passes.forget_group(job.group)
        if all(each.spec != job.spec for each in self._jobs.values()):
            self._passes.forget_model(job.spec)
        self._models.release(job.spec.name)
