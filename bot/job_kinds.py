"""Which kinds of job there are: what each feature adds to the life that all jobs share."""

from bot.features.imagine.buttons import ImagineButton
from bot.features.imagine.job_card import image_job
from bot.features.train.job_card import TRAIN_JOB
from bot.features.upscale.buttons import upscale_row
from bot.features.upscale.job_card import UPSCALE_JOB
from bot.features.upscale.order import upscalable
from bot.features.voice.job_card import transcribe_job
from bot.shared.cards.job_kind import JobKinds
from inference.requests import Kind

JOB_KINDS: JobKinds = {
    Kind.IMAGE: image_job(upscalable=upscalable, upscale_row=upscale_row),
    Kind.TRAIN: TRAIN_JOB,
    Kind.TRANSCRIBE: transcribe_job(imagine_button=ImagineButton),
    Kind.UPSCALE: UPSCALE_JOB,
}
