"""Writes the golden figures beside this file: python make.py (needs requirements.txt).

The inputs are drawn from a linear congruential generator that the Rust tests repeat, so the files
hold the figures alone.
"""

import json
import pathlib
import platform

import numpy as np

HERE = pathlib.Path(__file__).parent
VERSIONS = {"python": platform.python_version(), "numpy": np.__version__}


def draw(seed, *shape):
    """32-bit integers, x <- 1664525 x + 1013904223 from `seed`, in C order."""
    values, x = [], seed
    for _ in range(int(np.prod(shape))):
        x = (1664525 * x + 1013904223) % 2**32
        values.append(x)
    return np.array(values, dtype=np.uint32).reshape(shape)


def bytes_(seed, *shape):
    return (draw(seed, *shape) >> 24).astype(np.uint8)


def reals(seed, centre, *shape):
    """f32 from centre - 1 to centre + 1."""
    unit = (draw(seed, *shape) >> 8).astype(np.float32) * np.float32(2.0**-23)
    return np.float32(centre) + (unit - np.float32(1))


def summaries(batch):
    axes = {"whole": (0, 1, 2, 3), "channel": (0, 1, 2), "pixel": 0, "sample": (1, 2, 3)}
    values = batch.astype(np.float64)
    return {
        grouping: {
            "mean": values.mean(axis).ravel().tolist(),
            "variance": values.var(axis).ravel().tolist(),
            "sample_variance": values.var(axis, ddof=1).ravel().tolist(),
            "std": values.std(axis).ravel().tolist(),
            "min": values.min(axis).ravel().tolist(),
            "max": values.max(axis).ravel().tolist(),
        }
        for grouping, axis in axes.items()
    }


def write(name, figures):
    text = json.dumps({"versions": VERSIONS, **figures}, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text + "\n")


QS = [0.9, 0.0, 0.25, 0.5, 1.0, 0.001, 0.5, *np.linspace(0.01, 0.99, 60).tolist()]

u8 = bytes_(1, 7, 5, 4, 3)
f32 = reals(2, 10_000, 7, 5, 4, 3)
write("statistics", {"u8": summaries(u8), "f32": summaries(f32)})

small = reals(3, 0, 999)
# Here numpy's two ways to interpolate, below and above the middle, round differently.
spread = np.array([11, -7e10, 0.3, 1e12, -0.1, 2e30, 1e-20, 5e5, -3e30], dtype=np.float32)
# The quotient alone would put some of these values one bin too high, and some one too low.
ranges = [(-1.0, 1.0, 10), (0.0, 2.1, 48), (0.0, 4.9, 49)]
edges = np.concatenate([np.linspace(low, high, bins + 1) for low, high, bins in ranges])
edges = edges.astype(np.float32)
binned = np.concatenate([small, edges]).astype(np.float64)
write(
    "quantiles",
    {
        "qs": QS,
        "u8": np.quantile(u8, QS).tolist(),
        "f32": np.quantile(small.astype(np.float64), QS).tolist(),
        "spread": spread.tolist(),
        "f32_spread": np.quantile(spread.astype(np.float64), QS).tolist(),
        "counts_u8": np.bincount(u8.ravel(), minlength=256).tolist(),
        "edges": edges.tolist(),
        "binned": [
            {"low": low, "high": high, "bins": bins}
            | dict(
                zip(("counts", "edges"), (a.tolist() for a in np.histogram(binned, bins, (low, high))))
            )
            for low, high, bins in ranges
        ],
    },
)


def joint(rows):
    rows = rows.astype(np.float64)
    return {
        "mean": rows.mean(0).tolist(),
        "covariance": np.cov(rows, rowvar=False, ddof=0).tolist(),
        "sample_covariance": np.cov(rows, rowvar=False).tolist(),
    }


def gram(rows, centred):
    rows = rows.astype(np.float64)
    if centred:
        rows = rows - rows.mean(0)
    return (rows @ rows.T).tolist()


wide_u8, wide_f32 = bytes_(5, 6, 1100), reals(6, 100, 6, 1100)
write(
    "covariance",
    {
        "u8": joint(bytes_(7, 2100, 5)),
        "f32": joint(reals(8, 10_000, 1100, 5)),
        "gram_u8": (wide_u8.astype(np.int64) @ wide_u8.astype(np.int64).T).tolist(),
        "gram": gram(wide_f32, False),
        "centred_gram_u8": gram(wide_u8, True),
        "centred_gram": gram(wide_f32, True),
    },
)
