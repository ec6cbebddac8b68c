"""The engine of trainings: one at a time on a device, a short piece of work a step."""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError

from inference.catalogue import Catalogue
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from inference.engines.training.run import TrainingRun
from inference.errors import ModelUnusable, UnknownModel
from inference.messages import Failed, FailureKind, Finished, JobEvent, Task
from inference.requests import Kind, TrainRequest

log = logging.getLogger(__name__)

LOADING_WAIT_S = 0.005  # short, as others want their turn; not zero, as an idle worker should not spin


@dataclass(slots=True)
class _ActiveTraining:
    """The training that runs."""

    task: Task
    loading: Future[LoadedModel]
    run: TrainingRun | None = None
    pieces: Iterator[list[JobEvent]] | None = None
    stop_early: bool = False


class TrainingEngine:
    """Trains one subject at a time; implements `Engine` for trainings."""

    kind = str(Kind.TRAIN)

    def __init__(self, catalogue: Catalogue, models: ModelCache, *, cache_dir: Path | None = None) -> None:
        """Build the engine around a device's models.

        Args:
            catalogue: the models there are.
            models: those in memory, shared with the image engine.
            cache_dir: where class pictures are kept; None: nowhere.
        """
        self._catalogue, self._models, self._cache_dir = catalogue, models, cache_dir
        self._active: _ActiveTraining | None = None
        self._refused: list[JobEvent] = []

    def free_slots(self) -> int:
        """Return 1 while nothing is being trained."""
        return 0 if self._active else 1

    def busy(self) -> bool:
        """Return whether there is a training; while its model is being loaded, a step is a short wait."""
        return bool(self._refused) or self._active is not None

    def admit(self, task: Task) -> None:
        """Take a training in and begin to load its model."""
        if self._active is not None:
            self._refuse(task, FailureKind.INTERNAL, "the training slot is taken", retry=True)
            return
        assert isinstance(task.request, TrainRequest)
        try:
            spec = self._catalogue.image(task.request.model)
        except UnknownModel as error:
            self._refuse(task, FailureKind.MODEL, str(error))
            return
        self._active = _ActiveTraining(task, self._models.acquire(spec))

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Make what is admitted from now on with these models."""
        self._catalogue = catalogue

    def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Drop the training, or let it end early with what it has learnt."""
        active = self._active
        if active is None or active.task.job_id != job_id:
            return
        if keep:
            active.stop_early = True
            if active.run:
                active.run.stop_early = True
        else:
            self._release()

    def step(self) -> list[JobEvent]:
        """Do one short piece of the training."""
        events, self._refused = self._refused, []
        active = self._active
        if active is None or not wait([active.loading], LOADING_WAIT_S).done:
            return events
        try:
            events += self._advance(active)
        except ModelUnusable as error:
            events.append(self._failed(active.task, FailureKind.MODEL, str(error)))
        except FloatingPointError as error:
            events.append(self._failed(active.task, FailureKind.NOT_FINITE, str(error)))
        except torch.OutOfMemoryError as error:
            events.append(self._failed(active.task, FailureKind.OUT_OF_MEMORY, str(error)))
        except (OSError, KeyError, SafetensorError) as error:
            log.warning("training %s cannot use what it was given", active.task.job_id, exc_info=True)
            events.append(
                self._failed(
                    active.task,
                    FailureKind.BAD_INPUT,
                    f"A photo could not be read ({error}). Please train again with other photos.",
                )
            )
        if events and isinstance(events[-1], Finished | Failed):
            self._release()
        return events

    def _advance(self, active: _ActiveTraining) -> list[JobEvent]:
        if active.pieces is None:
            base = active.loading.result()
            if base.parking is not None:  # layers are copied and changed, and gradients need them after they computed
                base.parking.hold()
            active.run = TrainingRun(active.task, base, building=self._models.building, cache_dir=self._cache_dir)
            active.run.stop_early = active.stop_early
            active.pieces = active.run.run()
        return next(active.pieces)

    def _release(self) -> None:
        if self._active:
            assert isinstance(self._active.task.request, TrainRequest)
            if self._active.pieces is not None and (parking := self._active.loading.result().parking) is not None:
                parking.let_go()
            self._models.release(self._active.task.request.model)
            self._active = None

    def _refuse(self, task: Task, failure: FailureKind, message: str, *, retry: bool = False) -> None:
        self._refused.append(self._failed(task, failure, message, retry=retry))

    @staticmethod
    def _failed(task: Task, failure: FailureKind, message: str, *, retry: bool = False) -> Failed:
        return Failed(task.job_id, task.attempt, failure, message, retry)
