"""The `atelier` command: `atelier run` (the default), `atelier doctor`, `atelier models` and `atelier loras`."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import webbrowser
from collections.abc import Sequence

import discord
from sqlalchemy.exc import SQLAlchemyError

from bot.loras.arguments import add_loras_parser
from bot.models.arguments import add_models_parser
from bot.platform import quieten
from bot.run import Connection, read_files, run
from bot.settings import Settings, SettingsUnusable, read_settings, read_settings_anyway
from bot.start.data_folder import hold_data
from bot.start.event_loop import new_event_loop
from bot.start.ports import check_ports, ports_of
from bot.start.refused import StartRefused
from bot.start.setting_names import unknown_names
from common import logs
from db.errors import DatabaseInUse, StoreError, TablesTooNew
from inference.errors import InferenceError

log = logging.getLogger(__name__)

STOPPED = 130  # the shell's way to say 'ended by Ctrl-C'
ASK_DOCTOR = "Run `atelier doctor` to find out what is wrong."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    chosen = _parse(arguments)
    if chosen.command == "doctor":
        return _examine()
    if chosen.command in ("models", "loras"):
        return _change_catalogue(chosen)
    try:
        settings = read_settings()
    except SettingsUnusable as error:
        return _complain(str(error))
    _set_up_logs(settings)
    for unknown in unknown_names():
        log.warning("%s", unknown)
    try:
        read_files(settings)
        with hold_data(settings):
            _refuse_taken_ports(settings)
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(_run(settings))
    except KeyboardInterrupt:
        return STOPPED
    except (StartRefused, DatabaseInUse, TablesTooNew) as error:
        return _complain(str(error))
    except (SQLAlchemyError, StoreError) as error:
        reason = str(error).partition("\n")[0]
        return _complain(f"The database can't be used: {reason}\n{ASK_DOCTOR}")
    except (discord.LoginFailure, discord.PrivilegedIntentsRequired, InferenceError, OSError, ValueError) as error:
        return _complain(f"{error}\n{ASK_DOCTOR}")
    return 0


def _examine() -> int:
    from bot.doctor.report import report  # only here: the doctor imports much that a run does not need

    settings, wrong = read_settings_anyway()
    _set_up_logs(settings)
    return asyncio.run(report(settings, wrong))


def _change_catalogue(chosen: argparse.Namespace) -> int:
    from bot.catalogue_commands import run_catalogue_command  # only here: a run needs none of it

    try:
        settings = read_settings()
    except SettingsUnusable as error:
        print(error, file=sys.stderr)
        return 1
    return run_catalogue_command(chosen, settings)


def _set_up_logs(settings: Settings) -> None:
    secrets = [secret.get_secret_value() for secret in (settings.discord_token, settings.desk_token) if secret]
    logs.set_up(settings.log_level, secrets, as_json=settings.log_format == "json")
    quieten(settings.log_level)


def _refuse_taken_ports(settings: Settings) -> None:
    if wrong := check_ports(ports_of(settings)):
        raise StartRefused("\n".join(map(str, wrong)), "")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="atelier", description="Pictures and transcripts on Discord, on your own GPU."
    )
    commands = parser.add_subparsers(dest="command", title="commands")
    commands.add_parser("run", help="start the bot (the default); without DISCORD_TOKEN, on a local Discord")
    commands.add_parser("doctor", help="check the setup")
    add_models_parser(commands)
    add_loras_parser(commands)
    return parser.parse_args(arguments)


def _complain(text: str) -> int:
    print(f"Atelier can't start.\n{text}", file=sys.stderr)
    return 1


async def _run(settings: Settings) -> None:
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        if token:
            await run(settings, Connection(token, settings.discord_api_url))
        elif settings.discord_api_url:
            raise ValueError("DISCORD_API_URL is set, but DISCORD_TOKEN is missing. Set both, or neither.")
        else:
            await _run_locally(settings)
    except asyncio.CancelledError:
        if task.cancelling() > 1:  # told twice: do not insist on an orderly end
            raise


async def _run_locally(settings: Settings) -> None:
    """Start a small Discord of our own beside the bot, and show where it is."""
    from bot.sandbox.server import Sandbox  # only here: with a token it is never needed

    state = settings.data_dir / "sandbox"  # what was said is there again after a restart, and its buttons work
    async with Sandbox(host=settings.sandbox_host, port=settings.sandbox_port, state=state) as box:
        # discord.py measures a heartbeat's way from another thread; over loopback it gets that wrong and warns
        logging.getLogger("discord.gateway").setLevel(logging.ERROR)
        print(f"\nAtelier is ready: open {box.url}\n", flush=True)
        if settings.open_browser and _has_display():
            await asyncio.to_thread(webbrowser.open, box.url)
        if not settings.home_guilds:  # all servers there are at home
            settings = settings.model_copy(update={"home_guilds": frozenset(map(int, box.container.world.guilds))})
        await run(settings, Connection(box.token, box.url))


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
