"""Mean and standard deviation of each channel of images, NHWC."""

import numpy as np

from . import Work, mapped


def numpy(params, threads):
    images = mapped(params["images"])

    def run():
        # In float64, which is numpy's own choice for integers; in float32 its mean of so many
        # float32 values is wrong in the third digit.
        axes = {"axis": (0, 1, 2), "dtype": np.float64}
        return images.mean(**axes), images.std(**axes)

    return Work(run, np.concatenate(run()), "in float64; single-threaded by nature")


def pytorch(params, threads):
    import torch

    torch.set_num_threads(threads)
    images = torch.from_numpy(mapped(params["images"]))

    def run():
        return torch.std_mean(images.float(), dim=(0, 1, 2), correction=0)

    std, mean = run()
    return Work(run, torch.cat([mean, std]).numpy(), "in float32")


def opencv(params, threads):
    import cv2

    cv2.setNumThreads(threads)
    images = mapped(params["images"])
    # One tall picture: a view of the same bytes.
    picture = images.reshape(-1, images.shape[2], images.shape[3])

    def run():
        return cv2.meanStdDev(picture)

    return Work(run, np.concatenate(run()).ravel(), "meanStdDev")


PEERS = {
    ("stats", "NumPy"): numpy,
    ("stats", "PyTorch"): pytorch,
    ("stats", "OpenCV"): opencv,
}
