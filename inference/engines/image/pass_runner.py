"""Passes over everybody's lanes on one device: whose turn it is, how many lanes fit, and what a failure means."""

import logging
from collections.abc import Hashable, Sequence

import torch

from inference.catalogue import ImageModel
from inference.engines.failures import is_out_of_memory, raise_if_device_is_lost
from inference.engines.image.batches import BatchLimit, Group, choose_lanes
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.job import ImageJob
from inference.engines.image.lane import Lane
from inference.engines.image.passes import BatchedDenoiser
from inference.engines.image.whole.denoiser import WholeDenoiser
from inference.engines.memory import DeviceMeter
from inference.families import FAMILIES

log = logging.getLogger(__name__)


class PassRunner:
    """Choose the lanes of each pass and run it; groups (a model, and mostly a size) take turns."""

    def __init__(self, device: torch.device, lanes_max: int) -> None:
        """Run passes of at most `lanes_max` lanes on a device."""
        self._limit = BatchLimit(lanes_max)
        self._meter = DeviceMeter(device)
        self._denoisers: dict[Hashable, BatchedDenoiser | WholeDenoiser] = {}
        self._last_turn: dict[Group, int] = {}
        self._turns = 0

    def denoiser(self, model: LoadedModel) -> BatchedDenoiser | WholeDenoiser:
        """Return the denoiser of a model, which all its lanes share."""
        if model.spec not in self._denoisers:
            alone = FAMILIES[model.spec.family].alone
            self._denoisers[model.spec] = WholeDenoiser(model) if alone else BatchedDenoiser(model)
        return self._denoisers[model.spec]

    def choose(self, jobs: Sequence[ImageJob]) -> tuple[Group, list[Lane]]:
        """Return the group whose turn it is, and as many lanes of it as fit, for jobs with unfinished lanes."""
        group = min(dict.fromkeys(job.group for job in jobs), key=lambda each: self._last_turn.get(each, -1))
        self._turns += 1
        self._last_turn[group] = self._turns
        members = [job for job in jobs if job.group == group]
        denoiser = self._denoisers[group[0]]
        if isinstance(denoiser, WholeDenoiser):
            return group, denoiser.choose([lane for job in members for lane in job.unfinished])
        lanes = choose_lanes(
            {job.job_id: job.unfinished for job in members},
            {job.job_id: job.served for job in members},
            self._limit.allowed(group),
        )
        return group, lanes

    def run(self, group: Group, lanes: Sequence[Lane], *, previews: frozenset[str]) -> tuple[bool, Exception | None]:
        """Advance lanes by one step; where that fails, fewer are allowed the next time.

        Args:
            group: of the lanes.
            lanes: as `choose` returned them.
            previews: the ids of jobs whose lanes note a preview.

        Returns:
            Whether they advanced, and the error that fewer lanes would not mend.
        """
        measured = not self._meter.measures or self._limit.measured(group, len(lanes))
        if not measured:
            self._meter.begin()
        try:
            self._denoisers[group[0]].advance(lanes, previews=previews)
        except Exception as error:
            if not is_out_of_memory(error):
                raise_if_device_is_lost(error)
                name = self._denoisers[group[0]].model.spec.name
                log.exception("a pass with %d lanes of %s failed", len(lanes), name)
            self._meter.give_back()
            return False, None if self._limit.note_failure(group, len(lanes)) else error
        if not measured:
            used_bytes, free_bytes = self._meter.end()
            self._limit.note_pass(group, len(lanes), used_bytes=used_bytes, free_bytes=free_bytes)
        self._meter.fence()
        return True, None

    def forget_group(self, group: Group) -> None:
        """Start afresh for a group that has no lanes left."""
        self._limit.forget(group)
        self._last_turn.pop(group, None)

    def forget_job(self, job: ImageJob) -> None:
        """Stop what of a job is under way."""
        denoiser = self._denoisers.get(job.spec)
        if isinstance(denoiser, WholeDenoiser):
            denoiser.leave(job.job_id)

    def forget_model(self, spec: ImageModel) -> None:
        """Let a model's denoiser go."""
        if spec in self._denoisers:
            self._denoisers.pop(spec).close()

    def forget_adapters(self) -> None:
        """Drop what denoisers remember of adapters; what is under way keeps its own."""
        for denoiser in self._denoisers.values():
            denoiser.forget()
