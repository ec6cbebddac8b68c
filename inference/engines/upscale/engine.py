"""The upscaling engine: jobs take turns, one tile a step."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, wait

import torch

from inference.catalogue import Catalogue
from inference.engines.checker.check_queue import CheckQueue
from inference.engines.checker.checkers import PictureCheckers
from inference.engines.failures import failed, raise_if_device_is_lost
from inference.engines.upscale.job import UpscaleJob
from inference.engines.upscale.networks import UpscaleNetworks
from inference.engines.upscale.pictures import SourcePictures
from inference.engines.upscale.tile_sizes import TileSize, tile_size_for
from inference.errors import BadRequest
from inference.messages import JobEvent, Task
from inference.requests import Kind, UpscaleRequest

IDLE_WAIT_S = 0.005  # a step that only waits for a load gives the other engines their turn soon


class UpscaleEngine:
    """Enlarges pictures of earlier jobs; implements `Engine` for upscaling.

    A step enlarges one tile of the job whose turn it is. Decoding, loading and encoding happen on threads beside it.
    """

    kind = str(Kind.UPSCALE)

    def __init__(
        self,
        catalogue: Catalogue,
        networks: UpscaleNetworks,
        *,
        result_px_max: int,
        slots: int = 2,
        checkers: PictureCheckers | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build the engine around a device's networks.

        Args:
            catalogue: the upscalers there are.
            networks: those in memory.
            result_px_max: pixels of the largest result.
            slots: jobs at once; each holds its picture and its result.
            checkers: what results are shown to.
            clock: monotonic seconds.
        """
        self._catalogue, self._networks, self._clock = catalogue, networks, clock
        self._result_px_max, self._slots = result_px_max, slots
        self._pictures = SourcePictures(pixels_max=result_px_max)
        self._tiles: dict[str, TileSize] = {}
        self._checks = CheckQueue(checkers) if checkers is not None and checkers.specs else None
        self._jobs: dict[str, UpscaleJob] = {}  # in the order of their turns
        self._events: list[JobEvent] = []

    def free_slots(self) -> int:
        """Return how many more tasks could be admitted now."""
        return self._slots - len(self._jobs)

    def busy(self) -> bool:
        """Return whether there is any job; a step that can only wait for a load returns within milliseconds."""
        return bool(self._jobs or self._events)

    def admit(self, task: Task) -> None:
        """Take a task in and begin to decode and load; what is wrong with it is reported by the next step."""
        request = task.request
        try:
            if not isinstance(request, UpscaleRequest):
                raise BadRequest("That is not a request to upscale a picture.")
            spec = self._catalogue.upscaler(request.model)
            self._check(request, spec.scale)
        except BadRequest as error:
            self._events.append(failed(task, error))
            return
        tile = self._tiles.setdefault(spec.name, tile_size_for(self._networks.device.type, spec.tile_px))
        self._jobs[task.job_id] = UpscaleJob(
            task=task,
            request=request,
            spec=spec,
            tile=tile,
            decoding=self._pictures.decode(task.inputs.get("picture", b"")),
            loading=self._networks.load(spec),
            started_s=self._clock(),
        )

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Make what is admitted from now on with these upscalers."""
        self._catalogue = catalogue

    def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Let a job go between two tiles; half a picture is worth nothing, so `keep` changes nothing."""
        self._drop(job_id)

    def step(self) -> list[JobEvent]:
        """Enlarge one tile of the job whose turn it is, and return what happened to all."""
        checked = self._checks is not None and self._checks.step()
        job = next((job for job in self._jobs.values() if job.ready), None)
        if job is not None:
            self._jobs[job.task.job_id] = self._jobs.pop(job.task.job_id)  # the others go first next time
            self._attempt(job)
        elif not checked:
            self._wait()
        self._collect()
        events, self._events = self._events, []
        return events

    def models(self) -> tuple[str, ...]:
        """Return the names of the networks in memory."""
        return self._networks.resident()

    def memory_bytes(self) -> int:
        """Return what the networks take."""
        return self._networks.size_bytes()

    def close(self) -> None:
        """Let everything go; the networks belong to the caller."""
        self._jobs.clear()
        if self._checks is not None:
            self._checks.close()
        self._pictures.close()

    def _check(self, request: UpscaleRequest, scale: int) -> None:
        width_px, height_px = request.result_px
        if request.scale != scale:
            raise BadRequest("This upscaler has changed since then. Please press *Upscale* again.")
        if request.rounds < 1 or not 0 < width_px * height_px <= self._result_px_max:
            limit = f"{self._result_px_max / 2**20:g}"
            raise BadRequest(f"That would be {width_px}×{height_px} px; the limit here is {limit} megapixels.")

    def _attempt(self, job: UpscaleJob) -> None:
        try:
            self._enlarge(job)
        except Exception as error:
            raise_if_device_is_lost(error)
            self._fail(job, error)

    def _enlarge(self, job: UpscaleJob) -> None:
        """Enlarge the next tile of a job.

        Raises:
            FloatingPointError: it came out as numbers that are not finite, in full precision too.
            OutOfMemoryError: not even the smallest tile fits.
            Exception: the picture cannot be decoded, the network not loaded.
        """
        network, current, began_s = job.loading.result(), job.current_round(), self._clock()
        try:
            enlarged = network(current.window())
        except torch.OutOfMemoryError:
            self._networks.give_back_memory()
            if current.tile_px <= job.tile.px and not job.tile.halve():  # larger: another job has halved it already
                raise
            job.begin_round_again()
            return
        if not torch.isfinite(enlarged).all():
            if network.widen():
                return  # the same tile again
            raise FloatingPointError("The picture came out as numbers that are not finite.")
        last = job.put(enlarged)
        self._events.append(job.progress())
        if last:
            job.encoding = self._pictures.encode(job)
            if self._checks is not None:
                job.checking = self._checks.add(job.current_round().pixels)
        elif current.tile_px == job.tile.px and job.tile.note(self._clock() - began_s):
            job.begin_round_again()

    def _collect(self) -> None:
        """Report the jobs whose file is there, and checked."""
        for job in [job for job in self._jobs.values() if job.complete]:
            try:
                self._events += [job.output(), job.finished(self._clock())]
                del self._jobs[job.task.job_id]
            except Exception as error:
                self._fail(job, error)

    def _wait(self) -> None:
        waits = [one for job in self._jobs.values() for one in job.waits_for]
        waits += [] if self._checks is None else self._checks.waits_for
        if waits and not self._events:
            wait(waits, timeout=IDLE_WAIT_S, return_when=FIRST_COMPLETED)

    def _fail(self, job: UpscaleJob, error: Exception) -> None:
        self._events.append(failed(job.task, error))
        self._drop(job.task.job_id)

    def _drop(self, job_id: str) -> None:
        job = self._jobs.pop(job_id, None)
        if job is not None and job.checking is not None and self._checks is not None:
            self._checks.forget(job.checking)
