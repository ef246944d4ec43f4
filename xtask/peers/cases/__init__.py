"""The peers' side of each case: a module per family (`MODULES`, `EXTRAS`), a function per peer.

Each module has a table `PEERS` from (case, peer) to a function of the request's parameters and the
number of threads, which returns a `Work`. Only the module that is asked for is imported.
"""

import time
from dataclasses import dataclass
from typing import Callable

import numpy as np

MODULES = {
    "flow": "flow",
    "flow-memory": "flow",
    "standardize": "standardize",
    "files": "files",
    "warp": "warp",
    "stats": "figures",
    "gram": "gram",
    "zca-fit": "zca",
    "zca-apply": "zca",
    "batchnorm-forward": "batch_norm",
    "batchnorm-inference": "batch_norm",
    "batchnorm-forward-backward": "batch_norm",
}
"""Where the peers of a case are."""

EXTRAS = {"tf.data + Keras": "flow_extras", "DALI": "flow_extras"}
"""Where peers are that live in an environment of their own."""


@dataclass
class Work:
    """A piece of work, ready to be timed."""

    run: Callable[[], object]
    """Does it once."""
    result: np.ndarray
    """What it makes of the first samples, for comparison."""
    settings: str = ""
    """How the peer was set up, where there was a choice."""
    items: int = 1
    """How many units of the case one run does."""
    close: Callable[[], object] = lambda: None
    """Ends threads and processes of its own."""


def mapped(file):
    """The array in a raw file of the caller, without reading it; writes stay in this process."""
    array = np.memmap(file["path"], dtype=file["dtype"], mode="c", shape=tuple(file["shape"]))
    return array.view(np.ndarray)


def fastest(ways):
    """The quickest of several callables by name: one run each to warm up, the better of two."""
    if len(ways) == 1:
        return next(iter(ways.items()))

    def seconds(run):
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    return min(ways.items(), key=lambda way: min([seconds(way[1]) for _ in range(3)][1:]))
