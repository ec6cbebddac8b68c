"""A dispatcher in a process of its own: `python -m inference.dispatcher`, beside any number of others."""

import asyncio
import signal
import sys

from pydantic import ValidationError
from pydantic_settings import CliApp

from common import logs
from db.engine import Database
from db.files import FileStore
from db.queue.job_store import JobStore
from inference.catalogue import read_catalogue
from inference.dispatcher.dispatcher import Dispatcher, Intervals
from inference.live_catalogue import LiveCatalogue, watch_catalogue
from inference.pool.devices import find_devices
from inference.pool.local import LocalPool, Timeouts
from inference.setting_values import wrong_values
from inference.settings import InferenceSettings


async def run(settings: InferenceSettings) -> None:
    """Compute until SIGTERM or SIGINT; then let jobs end for a while and give the rest back."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    live = LiveCatalogue(read_catalogue(settings.catalogue_file))
    configs = [settings.worker_config(device) for device in await find_devices(settings.devices)]
    async with Database.from_url(settings.database, lease_s=settings.lease_s) as database:
        await database.migrate()
        jobs, files = JobStore(database), FileStore(settings.files)
        async with (
            LocalPool(configs, timeouts=Timeouts(hang_s=settings.hang_timeout_s)) as pool,
            Dispatcher(
                jobs=jobs,
                files=files,
                pool=pool,
                intervals=Intervals(lease_s=settings.lease_s),
                check_rules=settings.check_rules,
            ),
            watch_catalogue(live, lambda: settings.catalogue_file, pool.use_catalogue),
        ):
            await stop.wait()


def main(arguments: list[str] | None = None) -> None:
    """Read the settings and run."""
    try:
        settings = CliApp.run(InferenceSettings, sys.argv[1:] if arguments is None else arguments)
    except ValidationError as error:
        sys.exit("\n".join(wrong_values(error, InferenceSettings).values()))
    logs.set_up(settings.log_level, ())
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
