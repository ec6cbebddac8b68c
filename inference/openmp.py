"""How OpenMP's threads wait for each other: briefly awake and then asleep, so that a busy neighbour costs little."""

import os
from collections.abc import MutableMapping

SPINS = 2000  # some ten microseconds: long enough for the next small product, too short to miss a core that is gone


def limit_spinning(environment: MutableMapping[str, str] = os.environ) -> None:
    """Have OpenMP's threads sleep soon while they wait. Does nothing in a process that has imported torch already.

    By default GNU's spin 300,000 times. Where another program has put one thread off its core, all the others spin
    until it is back: beside two busy programs four pictures took 18 to 26 s on two cores, instead of 2. Not spinning
    at all makes every small product on a quiet machine wait for a wake-up, and costs a single picture a third of its
    speed; docs/performance.md has the figures. Whoever runs the process may choose otherwise: variables that are set
    already stay.
    """
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    environment.setdefault("GOMP_SPINCOUNT", str(SPINS))
