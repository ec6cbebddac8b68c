"""Pictures in and out beside the steps: decoded in a locked-down process, encoded on a thread."""

import weakref
from concurrent.futures import Future, ThreadPoolExecutor

from inference.engines.threads import single_core_threads
from inference.engines.upscale.job import UpscaleJob
from inference.engines.upscale.outputs import make_upscaled
from inference.messages import Output
from inference.picture_files import DecodedPicture, PictureDecoder


class SourcePictures:
    """Decodes and encodes one picture at a time, in a thread of its own."""

    def __init__(self, *, pixels_max: int) -> None:
        self._thread = single_core_threads(1, "upscale-files")
        self._decoder = PictureDecoder(pixels_max=pixels_max)
        self._finalizer = weakref.finalize(self, _close, self._thread, self._decoder)

    def decode(self, file: bytes) -> "Future[DecodedPicture]":
        """Begin to decode a file; the result raises `PictureRejected`."""
        return self._thread.submit(self._decoder.decode, file)

    def encode(self, job: UpscaleJob) -> "Future[Output]":
        """Begin to encode a job's result."""
        picture, pixels = job.decoding.result(), job.current_round().pixels
        return self._thread.submit(make_upscaled, job.task, job.request, picture, pixels)

    def close(self) -> None:
        """End the thread and the process that decodes."""
        self._finalizer()


def _close(thread: ThreadPoolExecutor, decoder: PictureDecoder) -> None:
    thread.shutdown(wait=False, cancel_futures=True)
    decoder.close()
