"""Which devices there are."""

from pathlib import Path

import pytest

from inference.pool.devices import UnknownDevice, find_devices, parse_devices


def test_parse_devices_several() -> None:
    assert parse_devices("cuda:1, cpu") == ("cuda:1", "cpu")


@pytest.mark.parametrize("setting", ["", "gpu", "cuda", "cuda:0,cuda:0", "cuda:-1", "auto,cpu"])
def test_parse_devices_nonsense(setting: str) -> None:
    with pytest.raises(UnknownDevice):
        parse_devices(setting)


async def test_find_devices_auto_without_a_gpu_node(tmp_path: Path) -> None:
    (tmp_path / "nvidiactl").touch()  # the driver's, there without a card too
    assert await find_devices("auto", dev=tmp_path) == ("cpu",)


async def test_find_devices_as_set() -> None:
    assert await find_devices("cuda:3") == ("cuda:3",)
