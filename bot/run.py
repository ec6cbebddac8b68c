"""Everything that Atelier is made of, built once, in one `async with`, and taken down in reverse."""

import datetime as dt
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import aiohttp
from pydantic import Field, TypeAdapter

from bot.client import Atelier
from bot.desk.painting import PaintSettings, serve_painting
from bot.desk.server import AdminAddresses, AdminSettings, serve_admin
from bot.features.imagine.order import ImagineOrderRequest
from bot.features.train.training import TrainingOrderRequest
from bot.features.upscale.order import UpscaleOrderRequest
from bot.features.vary.order import VaryOrderRequest
from bot.features.voice.transcribe import ClipOrderRequest, RepeatedClipOrderRequest
from bot.platform import point_at
from bot.settings import Settings
from bot.shared.files.clips import ClipRules, Clips
from bot.shared.files.downloads import Downloads
from bot.shared.files.init_pictures import InitPictures
from bot.shared.files.photos import Photos
from bot.shared.paint_links import PaintLinks
from bot.shared.services import RetentionPeriods, Services
from bot.shared.tiers import Rules, Tier, Tiers, read_tiers
from bot.start.lease_owner import succeed
from db.bot_lock import hold_bot_lock
from db.credits.former_members import hash_key_from
from db.engine import Database
from db.files import FileStore
from db.moderation.moderation import Moderation
from db.queue.job_store import JobStore
from inference.catalogue import Catalogue, read_catalogue
from inference.dispatcher import Dispatcher, Intervals, new_owner
from inference.live_catalogue import LiveCatalogue, watch_catalogue
from inference.pool.devices import find_devices
from inference.pool.local import LocalPool, Timeouts
from inference.worker_config import WorkerConfig

log = logging.getLogger(__name__)

# Everything that a member may be asked back about; kept ones are told apart by `what`.
AnyOrderRequest = Annotated[
    ImagineOrderRequest
    | ClipOrderRequest
    | RepeatedClipOrderRequest
    | TrainingOrderRequest
    | UpscaleOrderRequest
    | VaryOrderRequest,
    Field(discriminator="what"),
]


@dataclass(frozen=True, slots=True)
class Connection:
    """Which Discord to talk to, and as whom."""

    token: str
    api_url: str = ""  # empty: the real one


async def run(settings: Settings, connection: Connection) -> None:
    """Run until cancelled.

    Raises:
        ModelUnusable: the catalogue cannot be used.
        DatabaseInUse, TablesTooNew: the database is another bot's, or a newer version's.
        discord.LoginFailure, discord.PrivilegedIntentsRequired: Discord refuses the token or the intents.
    """
    if connection.api_url:
        point_at(connection.api_url)
    catalogue = read_catalogue(settings.catalogue_file)
    async with (
        open_services(
            settings, catalogue, api_url=connection.api_url, hash_key=hash_key_from(connection.token)
        ) as services,
        Atelier(services, data_dir=settings.data_dir, hears_channels=settings.auto_transcription) as client,
    ):
        await client.run_for_ever(connection.token)


def read_files(settings: Settings) -> None:
    """Read the files that the settings name, so that a mistake in one is told before anything starts.

    Raises:
        ModelUnusable: the catalogue cannot be used.
        TiersUnusable: the tiers cannot be used.
    """
    read_catalogue(settings.catalogue_file)
    _rules(settings)


@asynccontextmanager
async def open_services(
    settings: Settings, catalogue: Catalogue, *, api_url: str = "", hash_key: bytes | None = None
) -> AsyncIterator[Services]:
    """Open the stores and start computing; yield what the bot needs of it.

    Args:
        settings: the operator's.
        catalogue: the models that members can choose.
        api_url: where a stand-in for the platform answers; empty: the real one.
        hash_key: by which members who left are known again (`db.credits.former_members`); None: until the end.
    """
    rules, links, live = _rules(settings), PaintLinks(), LiveCatalogue(catalogue)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with Database.from_url(settings.database, hash_key=hash_key, lease_s=settings.lease_s) as database:
        await database.migrate()
        jobs, files = JobStore(database), FileStore(settings.files)
        async with (
            hold_bot_lock(database.url, settings.lease_s),
            LocalPool(await _plans(settings), timeouts=Timeouts(hang_s=settings.hang_timeout_s)) as pool,
            _dispatcher(settings, jobs, files, pool),
            aiohttp.ClientSession() as session,
            watch_catalogue(live, lambda: settings.catalogue_file, pool.use_catalogue),
            serve_admin(_admin_settings(settings), database, pool.loads, live) as admin,
            serve_painting(_paint_settings(settings, api_url), links),
        ):
            _announce(admin)
            downloads = Downloads(session, api_url)
            photos = Photos(downloads)
            yield Services(
                db=database,
                jobs=jobs,
                downloads=downloads,
                clips=Clips(files, downloads, _clip_rules(settings)),
                photos=photos,
                init_pictures=InitPictures(files, photos),
                files=files,
                live_catalogue=live,
                upscaled_px_max=settings.upscaled_max_mp << 20,
                check_rules=settings.check_rules,
                order_requests=TypeAdapter(AnyOrderRequest),
                moderation=Moderation(database, homes=settings.home_guilds),
                rules=rules,
                periods=_periods(settings),
                paint_links=links,
            )


def _dispatcher(settings: Settings, jobs: JobStore, files: FileStore, pool: LocalPool) -> Dispatcher:
    """Return a dispatcher that goes on at once with what the bot before was at, if that was killed."""
    owner = new_owner()
    return Dispatcher(
        jobs=jobs,
        files=files,
        pool=pool,
        intervals=Intervals(lease_s=settings.lease_s),
        owner=owner,
        predecessor=succeed(settings.data_dir, owner),
        check_rules=settings.check_rules,
    )


def _clip_rules(settings: Settings) -> ClipRules:
    return ClipRules(
        seconds_max=settings.clip_max_s,
        bytes_max=settings.clip_max_mb << 20,
        kept=dt.timedelta(hours=settings.clips_kept_h),
    )


def _announce(admin: AdminAddresses) -> None:
    """Print the addresses of the operator's page and the metrics; not in the log, for they have the token."""
    if admin.page_url:
        print(f"The operator's page: {admin.page_url}", flush=True)
    if admin.metrics_url and admin.token_is_new:
        print(f"Metrics: {admin.metrics_url} with the bearer token {admin.token}", flush=True)


def _admin_settings(settings: Settings) -> AdminSettings:
    return AdminSettings(
        host=settings.desk_host,
        page_port=settings.desk_port,
        metrics_port=settings.metrics_port,
        token=settings.desk_token.get_secret_value() if settings.desk_token else "",
    )


def _paint_settings(settings: Settings, api_url: str) -> PaintSettings:
    """Return where members paint: at the operator's address; beside a local Discord on any port of this machine."""
    if settings.web_url:
        return PaintSettings(host=settings.web_host, port=settings.web_port, url=settings.web_url)
    return PaintSettings(port=0 if api_url else None)


def _periods(settings: Settings) -> RetentionPeriods:
    def days(number: float) -> dt.timedelta | None:
        return dt.timedelta(days=number) if number else None

    return RetentionPeriods(results=days(settings.results_kept_days), transcripts=days(settings.transcripts_kept_days))


def _rules(settings: Settings) -> Rules:
    """Read the tiers, or make the one that the settings describe."""
    everybody = Tier(
        name="everybody",
        daily_credits=settings.daily_credits,
        cap_credits=settings.credits_cap,
        max_queued=settings.max_queued,
        max_running=settings.max_running,
        training_slots=settings.max_running,
        relaxed=settings.relaxed,
    )
    tiers = read_tiers(settings.tiers) if settings.tiers else Tiers(tier=(everybody,), timezone=settings.timezone)
    return Rules(tiers=tiers, asks_above=settings.asks_above, gifts=settings.gifts)


async def _plans(settings: Settings) -> list[WorkerConfig]:
    devices = await find_devices(settings.devices)
    log.info("computing on %s", ", ".join(devices))
    return [settings.worker_config(device) for device in devices]
