"""`python -m bot.sandbox`: the sandbox by itself."""

import argparse
import asyncio
import contextlib
import logging
import signal
from pathlib import Path

from bot.sandbox.server import Sandbox


async def serve(host: str, port: int, state: Path | None) -> None:
    """Run until interrupted; with a folder for `state`, what happened is kept there."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no handlers here; Ctrl+C still ends the program
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Sandbox(host=host, port=port, state=state) as box:
        print(
            f"page     {box.url}/\nAPI      {box.url}/api/v10\ngateway  {box.gateway_url}\ntoken    {box.token}",
            flush=True,
        )
        await stop.wait()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description="A small Discord on this machine.")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind to (default: loopback only)")
    parser.add_argument("--port", type=int, default=8090, help="port; 0 picks a free one (default: 8090)")
    parser.add_argument("--state", type=Path, help="folder that keeps messages and files between runs")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    asyncio.run(serve(arguments.host, arguments.port, arguments.state))


if __name__ == "__main__":
    main()
