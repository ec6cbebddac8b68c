"""What a conversion gives up: the network, in Python and below it, and everything secret in its environment."""

import subprocess
import sys

from inference.pool.environment import offline_environment

CODE = """
import ctypes, errno, json, socket
from inference.engines.single_files.offline import give_up_network
missing = give_up_network()
refused = []
for call in (lambda: socket.create_connection(("127.0.0.1", 9)), lambda: socket.getaddrinfo("localhost", 80)):
    try:
        call()
    except PermissionError:
        refused.append(True)
libc = ctypes.CDLL(None, use_errno=True)
below = libc.socket(2, 1, 0) < 0 and ctypes.get_errno() == errno.EPERM
print(json.dumps([missing, len(refused), below]), open(__file__ if "__file__" in dir() else "/dev/null") is not None)
"""


def test_process_that_gave_up_the_network_gets_no_socket() -> None:
    ended = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    if "no filter" in ended.stdout:
        assert ", 2, false]" in ended.stdout
    else:
        assert ended.stdout == '["", 2, true] True\n'


def test_environment_without_a_network_has_no_token_no_proxy_and_no_hub() -> None:
    ours = {"HF_TOKEN": "secret", "HF_ENDPOINT": "http://x", "https_proxy": "http://p", "PATH": "/bin", "TORCH_X": "1"}
    assert offline_environment(ours) == {"PATH": "/bin", "TORCH_X": "1", "HF_HUB_OFFLINE": "1"}
