"""Endless shuffled batches."""

import numpy as np


class Flow:
    """An endless iterator over batches: ``x``, or ``(x, y)`` where there are labels.

    ``x`` is a new ``float32`` array. Each epoch serves every sample once, in an order of its own;
    the last batch of an epoch may be short. ``len`` is the number of batches in an epoch, ``epoch``
    and ``position`` say where the next batch begins: set them to resume there, at no cost.
    """

    def __init__(self, native, x, y, batch_size, shuffle, seed):
        if batch_size < 1:
            raise ValueError(f"the batch size is {batch_size}; it must be at least 1")
        if len(x) == 0:
            raise ValueError("there are no images; at least one is needed")
        if not np.isfinite(x).all():
            raise ValueError("a pixel is NaN or infinite; mend or drop the image")
        self.x = x
        self.y = None if y is None else np.asarray(y)
        if y is not None and len(self.y) != len(x):
            raise ValueError(
                f"there are {len(x)} images but {len(self.y)} labels; give one label per image"
            )
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = 0
        self.position = 0
        self._native = native

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __iter__(self):
        return self

    def __next__(self):
        batch, indices, self.epoch, self.position = self._native.batch(
            self.x,
            self.batch_size,
            shuffle=self.shuffle,
            seed=self.seed,
            epoch=self.epoch,
            position=self.position,
        )
        return batch if self.y is None else (batch, self.y[indices])

    def __repr__(self):
        return (
            f"Flow(samples={len(self.x)}, batch_size={self.batch_size}, shuffle={self.shuffle}, "
            f"seed={self.seed}, epoch={self.epoch}, position={self.position})"
        )
