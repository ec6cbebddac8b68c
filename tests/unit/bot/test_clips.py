"""Clips: checked by their description, kept as long as they are needed, then thrown away."""

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from bot.features.mydata.retention import EPOCH, forget_old_clips
from bot.features.voice.transcripts import finish_clip
from bot.shared.errors import BadParameter
from bot.shared.files.clips import ClipRules, Clips, NothingToHear
from bot.shared.files.downloads import RemoteFile
from db.file_keys import clip_file
from db.files import FileStore
from db.queue.finding import job_of_interaction
from db.queue.job import Job, State
from inference.requests import TranscribeRequest, to_json
from tests.support.bot.jobs import NOON, make_job

RULES = ClipRules(seconds_max=60.0, bytes_max=1 << 20, kept=dt.timedelta(hours=24))
VOICE = RemoteFile(url="u", name="voice-message.ogg", size_bytes=9, content_type="audio/ogg", duration_s=3.0)


def snowflake(at: dt.datetime) -> int:
    """Return an id that the platform gives at that moment."""
    return int((at - EPOCH).total_seconds() * 1000) << 22


@dataclass
class Shop:
    """As many of the services as clips need."""

    clips: Clips
    files: FileStore
    db: "Shop" = field(init=False)
    known: dict[int, Job] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.db = self

    async def read(self, function: object, interaction_id: int) -> Job | None:
        assert function is job_of_interaction
        return self.known.get(interaction_id)

    async def keep(self, at: dt.datetime, **changes: Any) -> Job:
        """Keep a clip that was sent at a moment, with its job."""
        clip_id = snowflake(at)
        await self.files.put(clip_file(clip_id), b"sound")
        request = to_json(TranscribeRequest(audio=clip_file(clip_id), duration_s=3.0, model="hears"))
        self.known[clip_id] = make_job(kind="transcribe", request=request, interaction_id=clip_id, **changes)
        return self.known[clip_id]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    files = FileStore(str(tmp_path))
    return Shop(Clips(files, cast(Any, None), RULES), files)


@pytest.mark.parametrize(
    ("changes", "refusal", "words"),
    [
        ({"duration_s": 60.1}, BadParameter, "longer than 1 min"),
        ({"size_bytes": (1 << 20) + 1}, BadParameter, "larger than 1 MiB"),
        ({"name": "cat.png", "content_type": "image/png", "duration_s": None}, NothingToHear, "no voice message"),
        ({"name": "notes", "content_type": "", "duration_s": None}, NothingToHear, "no voice message"),
    ],
)
def test_clip_that_cannot_be_used_is_refused_by_its_description(
    shop: Shop, changes: dict[str, Any], refusal: type[Exception], words: str
) -> None:
    with pytest.raises(refusal, match=words):
        shop.clips.check(replace(VOICE, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"duration_s": None},
        {"name": "talk.MP3", "content_type": "", "duration_s": None},
        {"content_type": "video/mp4"},
    ],
)
def test_clip_that_may_have_sound_passes(shop: Shop, changes: dict[str, Any]) -> None:
    shop.clips.check(replace(VOICE, **changes))


async def test_old_clips_go_and_those_of_live_jobs_stay(shop: Shop) -> None:
    hour = dt.timedelta(hours=1)
    old = await shop.keep(NOON - 30 * hour, state=State.DONE, ended_at=NOON - 25 * hour)
    young = await shop.keep(NOON - 29 * hour, state=State.DONE, ended_at=NOON - 23 * hour)
    waiting = await shop.keep(NOON - 99 * hour)
    assert await forget_old_clips(cast(Any, shop), NOON) == 1
    kept = await shop.clips.kept_ids()
    assert sorted(kept) == sorted([young.interaction_id, waiting.interaction_id])
    assert old.interaction_id not in kept


async def test_clip_that_a_crash_left_without_a_job_goes_after_an_hour(shop: Shop) -> None:
    for minutes in (30, 90):
        await shop.files.put(clip_file(snowflake(NOON - dt.timedelta(minutes=minutes))), b"sound")
    await shop.files.put("uploads/01khq3v7w2m8x9c4b5n6z1t0rd/photo-0.png", b"somebody's photo")
    assert await forget_old_clips(cast(Any, shop), NOON) == 1
    assert len(await shop.files.list("uploads")) == 2


@pytest.mark.parametrize(("state", "left"), [(State.DONE, 1), (State.FAILED, 0), (State.CANCELLED, 0)])
async def test_clip_of_a_job_that_came_to_nothing_goes_at_once(shop: Shop, state: State, left: int) -> None:
    job = await shop.keep(NOON, state=state)
    await finish_clip(cast(Any, shop), job)
    assert len(await shop.clips.kept_ids()) == left
