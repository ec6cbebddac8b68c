"""Models in memory: loaded from checked folders on a thread of their own, kept by least recent use, counted in bytes.

Both the picture engine and the training engine of a worker share one `ModelCache`: `acquire` to load beside the steps,
`release` when nothing of theirs uses the model any more, `get` to wait for it.
"""

import gc
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import torch

from inference.catalogue import ImageModel
from inference.engines.failures import is_out_of_memory
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.compiling import compile_blocks
from inference.engines.image.models.folders import CheckedFolder, check_folder
from inference.engines.image.models.forecast import forecast
from inference.engines.image.models.model import load_model
from inference.engines.image.models.plan import LowMemory, MemoryPlan, make_plan
from inference.engines.libraries import quiet_libraries
from inference.engines.memory import free_bytes
from inference.engines.threads import single_core_threads
from inference.errors import ModelUnusable
from inference.families import FAMILIES
from inference.hub import fetch

log = logging.getLogger(__name__)

WIDEST = 2  # times its files a model can be: in float32, of files in half precision
WORKING_MAX_BYTES = 8 << 30  # that passes and decoding take beside it, of the largest models

Fetch = Callable[
    [ImageModel], tuple[Path, Path]
]  # spec of a hub model → (folder, the cache root its links stay within)


def fetch_from_hub(spec: ImageModel) -> tuple[Path, Path]:
    """Download what a pinned hub model needs, JSON and safetensors only, into the local hub cache.

    Returns:
        The snapshot's folder, and the cache folder that its links lead into.

    Raises:
        ModelUnusable: it cannot be had.
    """
    folder = fetch(spec)
    return folder, folder.parents[1]


def locate(spec: ImageModel, *, fetch: Fetch = fetch_from_hub) -> CheckedFolder:
    """Find and check the folder of a catalogue entry's model, downloading it where it is a hub id.

    Raises:
        ModelUnusable: the folder is missing, unsafe or not of the family.
    """
    folder = spec.folder
    path, root = (folder, folder) if folder is not None else fetch(spec)
    if not path.is_dir():
        raise ModelUnusable(f"The folder of the model '{spec.name}' is missing: {path}")
    return check_folder(path, spec.family, root=root)


@dataclass(slots=True)
class _CachedModel:
    spec: ImageModel
    future: Future[LoadedModel]
    users: int = 0


class ModelCache:
    """The models of one device: loaded once, shared by its engines, dropped by least recent use.

    `limit_bytes` is what may stay loaded; a model that somebody uses is never dropped, so that one model larger than
    the limit still works. `building` is held while a network is being built: building one elsewhere in the process
    (peft's layers, say) needs it too, because the libraries patch `torch.nn.Module` meanwhile.
    """

    def __init__(
        self,
        device: str | torch.device,
        *,
        limit_bytes: int,
        dtype: torch.dtype | None = None,
        fetch: Fetch = fetch_from_hub,
        low_memory: LowMemory = LowMemory.AUTO,
        compiled: bool = False,
    ) -> None:
        """Start with nothing loaded.

        Args:
            device: where models are put.
            limit_bytes: what may stay loaded.
            dtype: of networks; by the kind of device and the family if not given.
            fetch: downloads a hub model; tests bring their own.
            low_memory: whether weights come and go; where it is on, no more than `limit_bytes` stay.
            compiled: whether torch compiles the repeated blocks of networks that are whole on the device.
        """
        quiet_libraries()
        self.device = torch.device(device)
        self.building = threading.Lock()
        self._dtype = dtype
        self._fetch = fetch
        self._low_memory = low_memory
        self._compiled = compiled
        self._limit_bytes = limit_bytes
        self._entries: OrderedDict[str, _CachedModel] = OrderedDict()
        self._lock = threading.Lock()
        self._thread = single_core_threads(1, "load-model")

    def acquire(self, spec: ImageModel) -> Future[LoadedModel]:
        """Use a model: begin to load it unless it is here. Each call needs a `release` of the same name later."""
        with self._lock:
            entry = self._entries.get(spec.name)
            failed = entry is not None and entry.future.done() and entry.future.exception() is not None
            if entry is None or failed or entry.spec != spec:  # who uses what a name meant before keeps that
                entry = _CachedModel(spec, self._thread.submit(self._load, spec), entry.users if entry else 0)
                self._entries[spec.name] = entry
            entry.users += 1
            self._entries.move_to_end(spec.name)
            return entry.future

    def get(self, spec: ImageModel) -> LoadedModel:
        """Use a model and wait until it is loaded; `release` it later.

        Raises:
            ModelUnusable: it cannot be loaded; nothing is to be released then.
        """
        future = self.acquire(spec)
        try:
            return future.result()
        except Exception:
            self.release(spec.name)
            raise

    def release(self, name: str) -> None:
        """Say that one user of a model is done with it; it stays loaded while there is room."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                return
            entry.users = max(0, entry.users - 1)
        self._make_room(0)

    def resident(self) -> tuple[str, ...]:
        """Return the names of the models in memory, the most recently used last."""
        with self._lock:
            return tuple(name for name, entry in self._entries.items() if _is_loaded(entry))

    def size_bytes(self) -> int:
        """Return the bytes of all models in memory."""
        with self._lock:
            return sum(entry.future.result().size_bytes for entry in self._entries.values() if _is_loaded(entry))

    def close(self) -> None:
        """Drop everything; a load that is under way is waited for."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._entries.clear()

    def _load(self, spec: ImageModel) -> LoadedModel:
        model = self._read(spec)
        return compile_blocks(model) if self._compiled else model

    def _read(self, spec: ImageModel) -> LoadedModel:
        folder = locate(spec, fetch=self._fetch)
        with self.building:
            plan = self._plan(spec, folder)
            self._make_room(self._limit_bytes if plan.low else folder.weight_bytes)
            try:
                return load_model(spec, folder, self.device, self._dtype, plan=plan)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._make_room(self._limit_bytes)  # drops everything that nobody uses
                return load_model(spec, folder, self.device, self._dtype, plan=plan)

    def _plan(self, spec: ImageModel, folder: CheckedFolder) -> MemoryPlan:
        """Decide how a model is kept; what is foretold of it is only asked where there may be too little room."""
        if FAMILIES[spec.family].alone:
            return MemoryPlan()
        available_bytes = free_bytes(self.device) + self._unused_bytes()
        if self._low_memory is LowMemory.ON:
            available_bytes = min(available_bytes, self._limit_bytes)
        elif WIDEST * folder.weight_bytes + WORKING_MAX_BYTES <= available_bytes:
            return MemoryPlan()
        plan = make_plan(forecast(spec, folder, self.device, self._dtype), available_bytes, self._low_memory)
        if plan.low:
            log.info("the model %s is kept in low memory: its weights come and go", spec.name)
        return plan

    def _unused_bytes(self) -> int:
        """Return the bytes of the models that would make room."""
        with self._lock:
            unused = [entry.future for entry in self._entries.values() if _is_loaded(entry) and not entry.users]
            return sum(future.result().size_bytes for future in unused)

    def _make_room(self, wanted_bytes: int) -> None:
        """Drop unused models, the least recently used first, until `wanted_bytes` more fit the limit."""
        with self._lock:
            sizes = {
                name: entry.future.result().size_bytes for name, entry in self._entries.items() if _is_loaded(entry)
            }
            total, dropped = sum(sizes.values()), False
            for name, size_bytes in sizes.items():
                if total + wanted_bytes <= self._limit_bytes:
                    break
                if self._entries[name].users == 0:
                    del self._entries[name]
                    total, dropped = total - size_bytes, True
                    log.info("dropped the model %s to make room", name)
        if dropped:
            gc.collect()
            if self.device.type == "cuda":
                torch.cuda.empty_cache()


def _is_loaded(entry: _CachedModel) -> bool:
    return entry.future.done() and not entry.future.cancelled() and entry.future.exception() is None
