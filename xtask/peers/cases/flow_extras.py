"""The tutorial's recipe by tf.data with Keras layers, and by DALI's CPU pipeline."""

import numpy as np

from . import Work
from .loaders import inputs, next_by_next


def keras_layers(params, threads):
    import keras
    import tensorflow as tf

    images, labels, mean, std = inputs(params)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    batch, shift = params["batch"], params["shift"]
    layers = keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(params["rotation"] / 360, fill_mode="nearest"),
            keras.layers.RandomTranslation(shift, shift, fill_mode="nearest"),
            keras.layers.Normalization(mean=mean, variance=std**2),
        ]
    )
    # Before the layers are traced, which binds their constants to the graph.
    result = np.asarray(layers.layers[-1](keras_fixed(images, params["samples"])))
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    options.autotune.enabled = True
    data = (
        tf.data.Dataset.from_tensor_slices((images, labels))
        .shuffle(len(images))
        .repeat()
        .batch(batch)
        .map(lambda x, y: (layers(x, training=True), y), num_parallel_calls=threads)
        .prefetch(tf.data.AUTOTUNE)
        .with_options(options)
    )
    return next_by_next(iter(data), params, result, "two resamplings, compared as one")


def keras_fixed(images, samples):
    """The affine primitive of the layers, with given maps from output to input."""
    import keras

    height, width = images.shape[1:3]
    moved = []
    for image, parameters in zip(images, samples):
        map_ = output_to_input(height, width, **parameters)
        transform = np.append(map_.ravel(), [0.0, 0.0]).astype(np.float32)
        moved.append(
            keras.ops.image.affine_transform(
                image.astype(np.float32), transform, "bilinear", fill_mode="nearest"
            )
        )
    return np.stack([np.asarray(image) for image in moved])


def dali(params, threads):
    from nvidia.dali import fn, pipeline_def, types

    images, labels, mean, std = inputs(params)
    height, width = images.shape[1:3]
    batch, batches, shift = params["batch"], params["peer_batches"], params["shift"]
    order = np.random.default_rng(0).permutation(len(images))
    steps = len(images) // batch

    def indices(step):
        start = (step % steps) * batch
        return order[start : start + batch]

    def finish(moved, mirror):
        return fn.crop_mirror_normalize(
            moved, mean=mean.tolist(), std=std.tolist(), mirror=mirror, output_layout="HWC"
        )

    def warp(picture, matrix):
        # Without a fill value, the edge is repeated.
        return fn.warp_affine(
            picture, matrix=matrix, inverse_map=False, interp_type=types.INTERP_LINEAR
        )

    @pipeline_def(batch_size=batch, num_threads=threads, device_id=None)
    def recipe():
        picture, label = fn.external_source(
            lambda step: (images[indices(step)], labels[indices(step)]),
            num_outputs=2,
            layout=["HWC", None],
        )
        limit = params["rotation"]
        turn = fn.transforms.rotation(
            angle=fn.random.uniform(range=(-limit, limit)), center=[width / 2, height / 2]
        )
        limits = (-shift * width, shift * width)
        matrix = fn.transforms.translation(
            turn, offset=fn.random.uniform(range=limits, shape=(2,))
        )
        return finish(warp(picture, matrix), fn.random.coin_flip()), label

    @pipeline_def(batch_size=len(params["samples"]), num_threads=threads, device_id=None)
    def given():
        matrices, flips = zip(*(forward(height, width, **p) for p in params["samples"]))
        count = len(matrices)
        picture = fn.external_source(lambda: images[:count], layout="HWC")
        matrix = fn.external_source(lambda: np.stack(matrices))
        mirror = fn.external_source(lambda: np.array(flips, dtype=np.int32))
        return finish(warp(picture, matrix), mirror)

    comparison = given()
    comparison.build()
    result = np.stack([np.array(image) for image in comparison.run()[0]])
    pipeline = recipe()
    pipeline.build()

    def run():
        for _ in range(batches):
            last = pipeline.run()
        return last

    return Work(run, result, "CPU pipeline", items=batch * batches)


def output_to_input(height, width, angle, right, down, flip):
    """The whole map, mirror and all, between pixel centres."""
    theta = np.deg2rad(angle)
    turn = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = centre - turn @ (centre + [right, down])
    if flip:
        offset += turn[:, 0] * (width - 1)
        turn = turn * [-1.0, 1.0]
    return np.column_stack([turn, offset])


def forward(height, width, angle, right, down, flip):
    """The map from input to output as DALI takes it, from pixel corner to pixel corner."""
    backward = np.vstack([output_to_input(height, width, angle, right, down, False), [0, 0, 1]])
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = half @ np.linalg.inv(backward) @ np.linalg.inv(half)
    return matrix[:2].astype(np.float32), flip


PEERS = {
    ("flow", "tf.data + Keras"): keras_layers,
    ("flow", "DALI"): dali,
}
