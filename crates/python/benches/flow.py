"""Images per second of Keras' flow and of ours, from Python, taking turns in one process.

    python crates/python/benches/flow.py [--rounds 7] [--threads 2] [--cifar DIR]

Keras (keras-preprocessing, one thread by nature) and we serve the same images, recipe and batch
size; a round times each once, and what counts is the median of the rounds' ratios. Without a folder
of CIFAR-10's binary version (``--cifar``, or the environment variable ``MIZUMASHI_CIFAR10``) the
images are noise of the same shape.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

TUTORIAL = dict(
    featurewise_center=True,
    featurewise_std_normalization=True,
    rotation_range=20,
    width_shift_range=0.2,
    height_shift_range=0.2,
    horizontal_flip=True,
)
RECIPES = {
    "tutorial": TUTORIAL,
    "with shear and zoom": dict(TUTORIAL, shear_range=10.0, zoom_range=0.2),
}


def main():
    options = arguments()
    # Read by the thread pool when it starts.
    os.environ["RAYON_NUM_THREADS"] = str(options.threads)
    import keras_preprocessing.image
    import numpy as np

    import mizumashi
    import mizumashi.keras.image

    images, labels = cifar10(np, options.cifar)
    modules = {"drop-in": mizumashi.keras.image, "native": mizumashi}
    print(f"{len(images)} images, batch {options.batch}, {options.threads} threads")
    for recipe, settings in RECIPES.items():
        for dtype in ("uint8", "float32"):
            x = images.astype(dtype)
            theirs = batches(keras_preprocessing.image, settings, x, labels, options.batch)
            for name, module in modules.items():
                ours = batches(module, settings, x, labels, options.batch)
                rates = [
                    (rate(theirs, options.batch, options.seconds), rate(ours, options.batch, options.seconds))
                    for _ in range(options.rounds)
                ]
                report(f"{name}, {recipe}, {dtype}", rates)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.7, help="that each is timed in a round")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cifar", type=Path, default=os.environ.get("MIZUMASHI_CIFAR10"))
    return parser.parse_args()


def cifar10(np, folder):
    """Training images of CIFAR-10 and their classes as one-hot rows."""
    if folder is None:
        images = np.random.default_rng(0).integers(0, 256, (10_000, 32, 32, 3), dtype=np.uint8)
        classes = np.arange(len(images)) % 10
    else:
        rows = np.fromfile(Path(folder) / "data_batch_1.bin", dtype=np.uint8).reshape(-1, 3073)
        images = np.ascontiguousarray(rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        classes = rows[:, 0]
    return images, np.eye(10, dtype="float32")[classes]


def batches(module, settings, x, y, batch_size):
    generator = module.ImageDataGenerator(**settings)
    generator.fit(x)
    return generator.flow(x, y, batch_size=batch_size)


def rate(flow, batch_size, seconds):
    """Images per second; the first batches do not count."""
    for _ in range(3):
        next(flow)
    samples, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        samples += len(next(flow)[0])
    return samples / passed


def report(case, rates):
    ratios = sorted(ours / theirs for theirs, ours in rates)
    theirs, ours = (statistics.median(column) for column in zip(*rates))
    print(
        f"{case}: {ours:,.0f} images/s, Keras {theirs:,.0f}: "
        f"{statistics.median(ratios):.0f}x ({ratios[0]:.0f} to {ratios[-1]:.0f})",
        flush=True,
    )


if __name__ == "__main__":
    main()
