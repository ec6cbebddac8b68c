"""Files of upscaled pictures; these functions run on a thread beside the steps."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inference.messages import Output, Task
from inference.picture_files import DecodedPicture
from inference.requests import UpscaleRequest

NAME = "upscaled.png"


def make_upscaled(task: Task, request: UpscaleRequest, source: DecodedPicture, pixels: NDArray[np.uint8]) -> Output:
    """Encode an upscaled picture.

    Args:
        task: the job.
        request: what was asked for.
        source: the picture that was enlarged; what it was generated from is kept.
        pixels: (height, width, 3), the result.

    Returns:
        A PNG with the source's parameters in the chunk of that name, and in `postprocessing`, as AUTOMATIC1111 does,
        how it was enlarged, with the job and picture that it comes from.
    """
    image = Image.fromarray(pixels)
    if source.grey:
        image = image.convert("L")
    if source.alpha is not None:
        image.putalpha(Image.fromarray(source.alpha).resize(image.size, Image.Resampling.LANCZOS))
    info = PngInfo()
    if source.parameters:
        info.add_text("parameters", source.parameters.replace("\0", ""))
    info.add_text(
        "postprocessing",
        f"Postprocess upscale by: {request.factor}, Postprocess upscaler: {request.model}, "
        f"Source job: {request.of_job_id}, Source picture: {request.of_picture}",
    )
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=info, compress_level=4)
    meta = {"width": image.width, "height": image.height}
    return Output(task.job_id, task.attempt, NAME, "image/png", stream.getvalue(), meta)
