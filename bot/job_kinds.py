"""Which kinds of job there are: what each feature adds to the life that all jobs share."""

from bot.features.favourites.button import FavouriteButton
from bot.features.imagine.buttons import ImagineButton
from bot.features.imagine.edit.remix import RemixButton
from bot.features.imagine.job_card import image_job
from bot.features.train.job_card import TRAIN_JOB
from bot.features.upscale.buttons import UPSCALES
from bot.features.upscale.job_card import upscale_job
from bot.features.vary.buttons import VARIES
from bot.features.voice.job_card import transcribe_job
from bot.shared.cards.job_kind import JobKinds
from inference.requests import Kind

JOB_KINDS: JobKinds = {
    Kind.IMAGE: image_job(offers=(UPSCALES, VARIES), beside=(RemixButton, FavouriteButton)),
    Kind.TRAIN: TRAIN_JOB,
    Kind.TRANSCRIBE: transcribe_job(imagine_button=ImagineButton),
    Kind.UPSCALE: upscale_job(offers=(VARIES,), beside=(RemixButton, FavouriteButton)),
}
