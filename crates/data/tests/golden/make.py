"""Makes the golden files of the CIFAR reader, with numpy alone, and of the image files.

    python make.py                    cifar10.bin, cifar100.bin and cifar.json: random records, and
                                      what they hold; and what image_files.py makes
    python make.py CIFAR10_DIRECTORY  cifar10_official.json: figures of the official files
"""

import json
import sys
from pathlib import Path

import image_files
import numpy as np

HERE = Path(__file__).parent
VERSIONS = {"python": sys.version.split()[0], "numpy": np.__version__}


def store(name, figures):
    with open(HERE / name, "w") as file:
        json.dump({"versions": VERSIONS, **figures}, file, separators=(",", ":"))
        file.write("\n")


def random_records(count):
    """Images are made pixel by pixel, then stored plane by plane."""
    rng = np.random.default_rng(20090408)
    images = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, 10, count, dtype=np.uint8)
    fine = rng.integers(0, 100, count, dtype=np.uint8)
    coarse = rng.integers(0, 20, count, dtype=np.uint8)
    planes = [np.concatenate([image[:, :, c].ravel() for c in range(3)]) for image in images]
    with open(HERE / "cifar10.bin", "wb") as file:
        for label, plane in zip(labels, planes):
            file.write(bytes([label]) + plane.tobytes())
    with open(HERE / "cifar100.bin", "wb") as file:
        for first, second, plane in zip(coarse, fine, planes):
            file.write(bytes([first, second]) + plane.tobytes())
    store(
        "cifar.json",
        {
            "images": images.ravel().tolist(),
            "labels": labels.tolist(),
            "fine_labels": fine.tolist(),
            "coarse_labels": coarse.tolist(),
        },
    )


def official_figures(directory):
    def figures(file):
        records = np.fromfile(directory / file, np.uint8).reshape(-1, 3073)
        planes = records[:, 1:].reshape(-1, 3, 1024).astype(np.float64)
        return {
            "count": len(records),
            "label_counts": np.bincount(records[:, 0], minlength=10).tolist(),
            "mean": planes.mean(axis=(0, 2)).tolist(),
            "std": planes.std(axis=(0, 2)).tolist(),
        }

    store(
        "cifar10_official.json",
        {
            "class_names": (directory / "batches.meta.txt").read_text().split(),
            "data_batch_1": figures("data_batch_1.bin"),
            "test_batch": figures("test_batch.bin"),
        },
    )


if len(sys.argv) > 1:
    official_figures(Path(sys.argv[1]))
else:
    random_records(2)
    image_files.write(HERE)
