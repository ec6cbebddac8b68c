"""What a worker computes with: one engine for each kind of job, sharing a device's models.

CTranslate2 is imported here because it has to come before torch. It brings an OpenMP of its own, but once torch is
there, uses torch's; their teams of threads then count as one crowd, and pictures on a CPU take twice as long from the
first clip on (see `inference/engines/threads.py`).
"""

from pathlib import Path

import ctranslate2  # noqa: F401
import torch

from inference.audio import AudioLimits
from inference.catalogue import DEFAULT_FILE, Catalogue, read_catalogue
from inference.engines import EngineBuilders
from inference.engines.checker.checkers import PictureCheckers
from inference.engines.image.adapters.cache import AdapterCache
from inference.engines.image.engine import ImageEngine
from inference.engines.image.models.loading import ModelCache
from inference.engines.image.models.plan import LowMemory
from inference.engines.speech.engine import SpeechEngine
from inference.engines.speech.models import SpeechModels
from inference.engines.training.engine import TrainingEngine
from inference.engines.upscale.engine import UpscaleEngine
from inference.engines.upscale.networks import UpscaleNetworks
from inference.requests import Kind

CPU_MODEL_BYTES = 8 << 30
GPU_MODEL_SHARE = 0.6  # of a card's memory; the rest is for what is computed with them
ADAPTER_SHARE = 0.1  # of the models' memory


def build(
    device: str,
    *,
    catalogue: str | Catalogue = "",
    lanes: int = 0,
    model_memory_gb: float = 0.0,
    low_memory: str = "auto",
    compiled: bool = False,
    cache_dir: str = "",
    clip_max_s: float = 1800.0,
    clip_max_mb: int = 64,
    upscaled_max_mp: int = 16,
) -> EngineBuilders:
    """Return what builds the engines of a device; an engine that failed is built again, with the same models.

    Args:
        device: 'cpu' or 'cuda:N'.
        catalogue: the models, or a models.toml; empty: the one that is shipped.
        lanes: pictures in one pass; 0: by the kind of device.
        model_memory_gb: what models may keep; 0: a share of what the device has.
        low_memory: 'on' or 'off': whether weights come and go; 'auto': where a model does not fit otherwise.
        compiled: whether torch compiles models' repeated blocks.
        cache_dir: where class pictures of trainings are kept; empty: nowhere.
        clip_max_s: how long a clip may be.
        clip_max_mb: how large its file may be, in MiB.
        upscaled_max_mp: how large an upscaled picture may be, in megapixels.
    """
    known = catalogue if isinstance(catalogue, Catalogue) else read_catalogue(Path(catalogue or DEFAULT_FILE))
    limit_bytes = int(model_memory_gb * 2**30) or _model_bytes(device)
    models = ModelCache(device, limit_bytes=limit_bytes, low_memory=LowMemory(low_memory), compiled=compiled)
    speech = SpeechModels(known.speech, device, building=models.building)
    clips = AudioLimits(seconds=clip_max_s, file_bytes=clip_max_mb << 20)
    adapter_cache = AdapterCache(limit_bytes=int(limit_bytes * ADAPTER_SHARE))
    networks = UpscaleNetworks(device, building=models.building)
    checkers = PictureCheckers(known.checkers, device, building=models.building)
    class_pictures = Path(cache_dir) / "class-pictures" if cache_dir else None
    return {
        str(Kind.IMAGE): lambda: ImageEngine(known, models, adapter_cache, lanes_max=lanes or None, checkers=checkers),
        str(Kind.TRAIN): lambda: TrainingEngine(known, models, cache_dir=class_pictures),
        str(Kind.TRANSCRIBE): lambda: SpeechEngine(speech, limits=clips),
        str(Kind.UPSCALE): lambda: UpscaleEngine(
            known, networks, result_px_max=upscaled_max_mp << 20, checkers=checkers
        ),
    }


def _model_bytes(device: str) -> int:
    if device == "cpu":
        return CPU_MODEL_BYTES
    return int(torch.cuda.get_device_properties(device).total_memory * GPU_MODEL_SHARE)
