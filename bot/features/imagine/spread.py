"""What was typed, as one or several pictures' options: choices in braces, and `--repeat`. Pure."""

from dataclasses import replace

from bot.features.imagine.options import ImagineOptions, with_trailing
from bot.features.imagine.permutations import expand
from bot.features.imagine.prompt import parse_whole
from bot.features.imagine.sizes import ratio_of
from bot.shared.errors import BadParameter

JOBS_MAX = 40  # of one prompt
FROM_A_PICTURE = "Only one prompt can begin from an `image`. Please leave out the braces, or `--repeat`."
SAME_SEED = "With `--seed`, `--repeat` would draw the same pictures again. Please keep one."


def spread(options: ImagineOptions) -> list[ImagineOptions]:
    """Return the options of each job that a prompt stands for, with their trailing parameters read.

    Raises:
        BadParameter: as `with_trailing` and `expand`; or there would be too many jobs.
    """
    spread: list[ImagineOptions] = []
    for prompt in expand(options.prompt, JOBS_MAX):
        one = _shaped(with_trailing(replace(options, prompt=prompt)))
        times = parse_whole("repeat", one.repeat, 1, JOBS_MAX, 1)
        if times > 1 and one.seed is not None:
            raise BadParameter(SAME_SEED)
        spread += [replace(one, repeat=None)] * times
    if len(spread) > JOBS_MAX:
        raise BadParameter(f"That makes {len(spread)} jobs, and the limit is {JOBS_MAX}. Please ask for fewer.")
    if len(spread) > 1 and options.image is not None:
        raise BadParameter(FROM_A_PICTURE)
    return spread


def _shaped(options: ImagineOptions) -> ImagineOptions:
    """Return options with the ratio of a picture whose layout is kept, where they have none."""
    if options.aspect is not None or options.image is None or not options.keeps_layout:
        return options
    size_px = options.image.size_px
    return replace(options, aspect=ratio_of(*size_px)) if size_px is not None else options
