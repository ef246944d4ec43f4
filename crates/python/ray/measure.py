"""The figures of docs/scaling.md: bytes and time of each state, and how far whitening generalises.

Needs no cluster, but for the last table. One thread, as a task of Ray's with one core has it.
"""

import os

os.environ["RAYON_NUM_THREADS"] = "1"

import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import ray
from conftest import Set
from PIL import Image

import mizumashi.ray
from mizumashi import Covariance, Moments, Whitening


JPEG = {".jpg", ".jpeg"}


def pictures(samples, side, rng):
    """Random walks in both directions, so that neighbours resemble each other: ``uint8``."""
    noise = rng.normal(0, 1, (samples, side, side, 3)).astype(np.float32)
    noise += rng.normal(0, 1, (samples, side, side, 1)).astype(np.float32)
    walks = noise.cumsum(1).cumsum(2)
    walks -= walks.mean((1, 2), keepdims=True)
    walks *= 60 / walks.std((1, 2), keepdims=True)
    return np.clip(128 + walks, 0, 255).astype(np.uint8)


def best(work, rounds=3):
    """The least time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def states(rng):
    print("state | images | values d | in memory | as bytes | images/s, one thread")
    for name, kind, samples, side in [
        ("Moments", Moments, 50_000, 32),
        ("Moments", Moments, 2_000, 224),
        ("Covariance, channels", lambda: Covariance("channels"), 50_000, 32),
        ("Covariance, channels", lambda: Covariance("channels"), 2_000, 224),
        ("Covariance, patches of 5x5", Covariance, 200_000, 5),
        ("Covariance, pixels", Covariance, 20_000, 32),
        ("Covariance, pixels", Covariance, 2_000, 64),
    ]:
        images = np.concatenate([pictures(2_000, side, rng)] * (samples // 2_000))
        state = kind()

        def work():
            nonlocal state
            state = kind()
            state.update(images)

        seconds = best(work)
        values = len(state.mean)
        print(
            f"{name} | {side}x{side}x3 | {values} | {state.nbytes:,} | {len(state.to_bytes()):,} | "
            f"{len(images) / seconds:,.0f}"
        )
        sent = state.to_bytes()
        merge = best(lambda: type(state).from_bytes(sent).merge(state))
        print(f"  read and merged in {merge * 1e3:.2f} ms")


def decoding(folder):
    files = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in JPEG)[:156]
    if not files:
        print(f"there are no JPEG files in {folder}")
        return
    data = [file.read_bytes() for file in files]

    def work():
        for one in data:
            np.asarray(Image.open(io.BytesIO(one)).convert("RGB").resize((224, 224)))

    seconds = best(work)
    size = sum(map(len, data)) / len(data)
    rate = len(data) / seconds
    print(f"decoded by PIL and resized to 224x224: {rate:,.0f}/s, {size:,.0f} bytes each")


def generalisation(rng):
    """How far from the identity the covariance of pictures not fitted is, after ZCA of pixels."""
    print("values d | pictures n / d | distance of the covariance of held-out pictures from identity")
    for side in (4, 8, 12):
        values = 3 * side * side
        held_out = pictures(12 * values, side, rng)
        for ratio in (1, 2, 4, 16, 64):
            covariance = Covariance()
            covariance.update(pictures(ratio * values, side, rng))
            whitening = Whitening.from_covariance(covariance, epsilon=1.0)
            white = whitening.apply(held_out).reshape(len(held_out), -1)
            # By the mean variance, and against what as many samples of white noise give.
            found = np.cov(white.T)
            found /= np.trace(found) / values
            noise = np.cov(rng.normal(size=white.shape).T)
            distance = np.linalg.norm(found - np.eye(values)) / np.sqrt(values)
            floor = np.linalg.norm(noise - np.eye(values)) / np.sqrt(values)
            print(f"{values} | {ratio} | {distance:.2f} (white noise {floor:.2f})")


def cluster(rng):
    """A fit as a whole, on this machine: Ray's own work beside that of the states."""
    images = np.concatenate([pictures(2_000, 32, rng)] * 25)
    ray.init(num_cpus=2, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    with tempfile.TemporaryDirectory() as folder:
        data = Set(images, np.zeros(len(images), np.int64), Path(folder))
        for name, state in [("Moments", Moments()), ("Covariance, pixels", Covariance())]:
            seconds = best(lambda: mizumashi.ray.gather(data.read(1), state), 2)
            print(f"{name}: 50,000 of 32x32 in 11 Parquet files by Ray, 2 cores: {seconds:.1f} s")
    ray.shutdown()


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    states(rng)
    generalisation(rng)
    for folder in sys.argv[1:]:
        decoding(folder)
    cluster(rng)
