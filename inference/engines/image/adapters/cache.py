"""Subjects' adapters and the catalogue's LoRAs in memory, kept by least recent use, counted in bytes."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any
from weakref import WeakValueDictionary

from inference.catalogue import ImageModel
from inference.engines.image.adapters.lora_files import read_lora
from inference.engines.image.adapters.reading import digest_of, read_adapter
from inference.engines.image.adapters.weights import Adapter, AdapterSet, combine
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.threads import single_core_threads
from inference.loras import LoraModel

_LORA = "lora:"  # in front of what the catalogue calls one; no subject's id begins so

log = logging.getLogger(__name__)


class AdapterCache:
    """The adapters of one device, by model and subject or LoRA; the least recently used go first if bytes are too many.

    Reading and checking happens on a thread. A lane keeps what it uses, so that nothing it needs is ever taken away:
    `limit_bytes` counts what is kept for the next.
    """

    def __init__(self, *, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[tuple[ImageModel, str], Adapter] = OrderedDict()
        self._sets: WeakValueDictionary[Any, AdapterSet] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._thread = single_core_threads(1, "load-adapter")

    def load(self, model: LoadedModel, subject_id: str, content: bytes | None) -> Future[Adapter]:
        """Begin to read an adapter, or take the one that is here.

        Args:
            model: the base model, loaded.
            subject_id: whose adapter it is.
            content: the file; None where the sender knows that it is here already.

        Returns:
            A future that fails with AdapterRejected, or with LookupError if it is not here although it should be.
        """
        return self._thread.submit(self._take, model, subject_id, content)

    def load_lora(self, model: LoadedModel, lora: LoraModel) -> Future[Adapter]:
        """Begin to read a LoRA of the catalogue, or take the one that is here; it fails with AdapterRejected."""
        return self._thread.submit(self._take_lora, model, lora)

    def combined(self, model: LoadedModel, uses: Sequence[tuple[Adapter, float]]) -> AdapterSet:
        """Return adapters with their weights as one set: the same object for the same set, so that passes see it."""
        key = (model.spec, *((adapter.digest, weight) for adapter, weight in uses))
        combined = self._sets.get(key)
        if combined is None:
            combined = self._sets[key] = combine([(adapter.components, weight) for adapter, weight in uses])
        return combined

    def resident(self) -> tuple[str, ...]:
        """Return the subject ids in memory, the most recently used last."""
        with self._lock:
            return tuple(name for _, name in self._kept if not name.startswith(_LORA))

    def size_bytes(self) -> int:
        """Return the bytes of all adapters kept."""
        with self._lock:
            return sum(adapter.size_bytes for adapter in self._kept.values())

    def forget(self, subject_ids: Sequence[str]) -> None:
        """Drop the adapters of subjects that were deleted."""
        with self._lock:
            for key in [key for key in self._kept if key[1] in subject_ids]:
                del self._kept[key]

    def close(self) -> None:
        """Stop the thread and drop everything."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._kept.clear()

    def _take(self, model: LoadedModel, subject_id: str, content: bytes | None) -> Adapter:
        key = (model.spec, subject_id)
        digest = None if content is None else digest_of(content)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and digest in (None, kept.digest):
                self._kept.move_to_end(key)
                return kept
        if content is None:
            raise LookupError(f"the adapter of subject {subject_id} did not come with the job")
        return self._keep(key, read_adapter(content, model))

    def _take_lora(self, model: LoadedModel, lora: LoraModel) -> Adapter:
        key = (model.spec, f"{_LORA}{lora.name}:{lora.sha256}")
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        return self._keep(key, read_lora(lora, model))

    def _keep(self, key: tuple[ImageModel, str], adapter: Adapter) -> Adapter:
        with self._lock:
            self._kept[key] = adapter
            self._kept.move_to_end(key)
            while sum(each.size_bytes for each in self._kept.values()) > self._limit_bytes and len(self._kept) > 1:
                gone, _ = self._kept.popitem(last=False)
                log.info("dropped the adapter %s to make room", gone[1])
        return adapter
