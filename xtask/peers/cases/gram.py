"""The products between all columns of uint8 rows: X'X, in float32, conversion included."""

import numpy as np

from . import Work, mapped

FLOAT32 = "in float32, conversion included"


def numpy(params, threads):
    rows = mapped(params["rows"])

    def run():
        values = rows.astype(np.float32)
        return values.T @ values

    return Work(run, run(), FLOAT32)


def pytorch(params, threads):
    import torch

    torch.set_num_threads(threads)
    rows = torch.from_numpy(mapped(params["rows"]))

    def run():
        values = rows.float()
        return values.T @ values

    return Work(run, run().numpy(), FLOAT32)


PEERS = {
    ("gram", "NumPy"): numpy,
    ("gram", "PyTorch"): pytorch,
}
