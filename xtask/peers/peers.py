"""Runs the peers on request: one JSON object per line in, one per line out.

    {"do": "prepare", "case": ..., "peer": ..., "params": {...}, "output": path}
        -> {"items", "settings", "shape"}; writes what the peer makes of the first samples to
           `path` as float32, so that the caller can compare it before anything is timed
    {"do": "time", "loops": n}   -> {"seconds"} that n runs of the prepared work took
    {"do": "memory"}             -> {"bytes"} by which one run raised the peak resident memory
    {"do": "release"}            -> {}
    {"do": "about", "packages"}  -> {"python", "versions", "pools"}

Anything that goes wrong is answered with {"error"}. The number of threads is the one argument; the
caller has put it into OMP_NUM_THREADS and its like as well, before this process began.
"""

import gc
import importlib
import json
import os
import sys
import time
import traceback

from cases import EXTRAS, MODULES, Work, memory


def main():
    threads = int(sys.argv[1])
    # Libraries print to standard output now and then; keep the protocol on a copy of its own.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    server = Server(threads)
    for line in sys.stdin:
        try:
            answer = server.answer(json.loads(line))
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}".split("\n")[0]}
        answers.write(json.dumps(answer) + "\n")


class Server:
    """Holds the work that was prepared last."""

    def __init__(self, threads):
        self.threads = threads
        self.work: Work | None = None

    def answer(self, request):
        return getattr(self, "do_" + request.pop("do"))(**request)

    def do_prepare(self, case, peer, params, output):
        self.do_release()
        module = importlib.import_module(f"cases.{EXTRAS.get(peer, MODULES[case])}")
        self.work = module.PEERS[case, peer](params, self.threads)
        result = self.work.result.astype("float32", order="C", copy=False)
        result.tofile(output)
        gc.collect()
        gc.freeze()
        return {
            "items": self.work.items,
            "settings": self.work.settings,
            "shape": list(result.shape),
        }

    def do_time(self, loops):
        run = self.work.run
        start = time.perf_counter()
        for _ in range(loops):
            run()
        return {"seconds": time.perf_counter() - start}

    def do_memory(self):
        return {"bytes": memory.growth(self.work.run)}

    def do_release(self):
        if self.work is not None:
            self.work.close()
            self.work = None
            gc.unfreeze()
            gc.collect()
        return {}

    def do_about(self, packages):
        from importlib.metadata import version
        from threadpoolctl import threadpool_info

        pools = {f"{pool['user_api']} {pool['num_threads']}" for pool in threadpool_info()}
        return {
            "python": sys.version.split()[0],
            "versions": {package: version(package) for package in packages},
            "pools": sorted(pools),
        }


if __name__ == "__main__":
    main()
