"""One affine map of every image of a stack: rotation and whole-pixel shift, black border."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from . import Work, fastest, mapped


def inputs(params):
    """The stack, the 2x3 map from output to input, and what interpolation is called in cv2."""
    matrix = np.array(params["output_to_input"], dtype=np.float64)
    code = {
        "nearest": cv2.INTER_NEAREST,
        "bilinear": cv2.INTER_LINEAR,
        "bicubic": cv2.INTER_CUBIC,
    }
    return mapped(params["images"]), matrix, code[params["interpolation"]]


def over_images(one, images, threads, settings=""):
    """Work that calls `one(source, destination)` for each image, in a loop or in threads.

    With several threads the peer chooses between its own (`settings` names them) and a pool that
    shares out the images.
    """
    outputs = np.empty_like(images)
    pairs = list(zip(images, outputs))

    def loop():
        cv2.setNumThreads(threads)
        for source, destination in pairs:
            one(source, destination)

    ways, close = {settings: loop}, lambda: None
    if threads > 1:
        pool = ThreadPoolExecutor(threads)
        close = pool.shutdown

        def shared_out():
            cv2.setNumThreads(1)
            list(pool.map(work, [pairs[first::threads] for first in range(threads)]))

        def work(part):
            for source, destination in part:
                one(source, destination)

        ways[f"images shared out to {threads} threads"] = shared_out
    name, run = fastest(ways)
    run()
    return Work(run, outputs[: 4].copy(), name, items=len(images), close=close)


def opencv(params, threads):
    images, matrix, code = inputs(params)
    height, width = images.shape[1:3]
    flags = code | cv2.WARP_INVERSE_MAP

    def one(source, destination):
        cv2.warpAffine(
            source, matrix, (width, height), destination, flags, cv2.BORDER_CONSTANT, 0
        )

    return over_images(one, images, threads, "own threads" if threads > 1 else "")


def scipy(params, threads):
    from scipy.ndimage import affine_transform

    images, matrix, _ = inputs(params)
    order = {"nearest": 0, "bilinear": 1}[params["interpolation"]]
    # SciPy counts (row, column).
    linear, offset = matrix[::-1, 1::-1], matrix[::-1, 2]

    def one(source, destination):
        for channel in range(source.shape[-1]):
            affine_transform(
                source[..., channel],
                linear,
                offset,
                output=destination[..., channel],
                order=order,
                mode="constant",
            )

    return over_images(one, images, threads, "")


def kornia(params, threads):
    from kornia_rs import imgproc

    images, matrix, _ = inputs(params)
    size = images.shape[1:3]
    forward = cv2.invertAffineTransform(matrix).ravel().tolist()

    def one(source, destination):
        imgproc.warp_affine(source, forward, size, params["interpolation"], out=destination)

    return over_images(one, images, threads, "own threads" if threads > 1 else "")


def augrs(params, threads):
    import augrs as A

    images, _, code = inputs(params)
    recipe = A.Compose(
        [
            A.Affine(
                rotate=(-params["angle"], -params["angle"]),
                translate_px={"x": params["right"], "y": params["down"]},
                interpolation=code,
                border_mode=cv2.BORDER_CONSTANT,
                fill=0,
                p=1.0,
            )
        ]
    )
    stack = list(images)

    def batch():
        return [out["image"] for out in recipe.augment_batch(stack, num_threads=threads)]

    def loop():
        return [recipe(image=image)["image"] for image in stack]

    name, run = fastest({"augment_batch": batch, "plain loop": loop})
    return Work(run, np.stack(run()[:4]), name, items=len(images))


PEERS = {
    ("warp", "OpenCV"): opencv,
    ("warp", "SciPy"): scipy,
    ("warp", "augrs"): augrs,
    ("warp", "kornia-rs"): kornia,
}
