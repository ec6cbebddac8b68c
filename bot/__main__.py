"""The `atelier` command: `atelier run` (the default) and `atelier doctor`."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import webbrowser
from collections.abc import Sequence

import discord
from pydantic import ValidationError

from bot import logs
from bot.run import Connection, run
from bot.settings import Settings
from inference.errors import InferenceError

STOPPED = 130  # the shell's way to say 'ended by Ctrl-C'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    command = _parse(arguments).command
    try:
        settings = Settings()
    except ValidationError as error:
        return _complain("\n".join(f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()))
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    desk_token = settings.desk_token.get_secret_value() if settings.desk_token else ""
    logs.set_up(settings.log_level, [token, desk_token], as_json=settings.log_format == "json")
    try:
        if command == "doctor":
            from bot.doctor import report  # only here: the doctor imports much that a run does not need

            return asyncio.run(report(settings))
        asyncio.run(_run(settings, token))
    except KeyboardInterrupt:
        return STOPPED
    except (discord.LoginFailure, discord.PrivilegedIntentsRequired, InferenceError, OSError, ValueError) as error:
        return _complain(f"{error}\nRun `atelier doctor` to find out what is wrong.")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="atelier", description="Pictures and transcripts on Discord, on your own GPU."
    )
    parser.add_argument(
        "command",
        nargs="?",
        choices=("run", "doctor"),
        default="run",
        help="run (default): start the bot; without DISCORD_TOKEN, on a local Discord. doctor: check the setup.",
    )
    return parser.parse_args(arguments)


def _complain(text: str) -> int:
    print(f"Atelier can't start.\n{text}", file=sys.stderr)
    return 1


async def _run(settings: Settings, token: str) -> None:
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
