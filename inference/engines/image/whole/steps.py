"""One call of a pipeline, which stands still between two of its steps."""

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Between = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]  # diffusers' `callback_on_step_end`


class _Cancelled(BaseException):
    """Thrown into a pipeline between two of its steps; no handler of errors in it takes it for one."""


class PipelineSteps:
    """Runs a call on a thread of its own, which only ever computes while `advance` waits for it.

    Pipelines cannot be left and entered again, and a thread can. On a CPU it computes on one core: see
    `inference.engines.threads`.
    """

    def __init__(self, call: Callable[[Between], Tensor], *, cores: int | None = None) -> None:
        """Start nothing yet.

        Args:
            call: draws a picture, and calls what it is given after each of its steps.
            cores: that it computes on; None: as many as torch takes.
        """
        self._call = call
        self._cores = cores
        self._turn, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._cancelled = False
        self._picture: Tensor | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="pipeline", daemon=True)
        self._thread.start()

    def advance(self) -> Tensor | None:
        """Compute one more step; return the picture once it is there.

        Raises:
            Exception: what the pipeline raised.
        """
        self._turn.release()
        self._done.acquire()
        if self._error is not None:
            raise self._error
        return self._picture

    def cancel(self) -> None:
        """Leave the call where it stands, and wait until it is gone."""
        self._cancelled = True
        self._turn.release()
        self._thread.join()

    def _run(self) -> None:
        self._turn.acquire()
        try:
            if self._cores is not None:
                torch.set_num_threads(self._cores)
            if not self._cancelled:
                self._picture = self._call(self._between)
        except _Cancelled:
            pass
        except BaseException as error:
            self._error = error
        self._done.release()

    def _between(self, _pipeline: Any, _step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        self._done.release()
        self._turn.acquire()
        if self._cancelled:
            raise _Cancelled
        return tensors
