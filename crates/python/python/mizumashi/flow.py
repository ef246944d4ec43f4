"""Endless shuffled batches."""

import numpy as np

AHEAD_BATCHES = 8
"""Batches made at once at most: waking threads takes as long as some samples."""

AHEAD_BYTES = 8 << 20
"""Bytes of batches made at once at most, unless one takes more."""


class Flow:
    """An endless iterator over batches: ``x``, or ``(x, y)`` where there are labels.

    ``x`` is a new ``float32`` array. Each epoch serves every sample once, in an order of its own;
    the last batch of an epoch may be short. ``len`` is the number of batches in an epoch, ``epoch``
    and ``position`` say where the next batch begins: set them to resume there, at no cost.

    Small batches are made up to eight at a time, within 8 MiB: they are parts of one array, whose
    memory is free when none of them is in use.

    >>> import mizumashi, numpy as np
    >>> flow = mizumashi.ImageDataGenerator(rotation_range=20).flow(np.zeros((10, 8, 8, 3)), None, 4)
    >>> [len(next(flow)) for _ in range(4)]
    [4, 4, 2, 4]
    >>> flow
    Flow(samples=10, batch_size=4, shuffle=True, seed=0, epoch=1, position=4)
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
        self._at_once = 1
        self._made = {}

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __iter__(self):
        return self

    def __next__(self):
        made = self._made.pop(self._state(), None)
        if made is None:
            self._make()
            made = self._made.pop(self._state())
        batch, indices, self.epoch, self.position = made
        return batch if self.y is None else (batch, self.y[indices])

    def _state(self):
        """What the next batch depends on: a change of it leaves what was made ahead unused."""
        return self.epoch, self.position, self.batch_size, self.shuffle, self.seed

    def _make(self):
        """Makes the next batches: one at first, then twice as many each time."""
        size = self.batch_size
        batch, indices, epoch, position = self._native.batch(
            self.x,
            size * self._at_once,
            shuffle=self.shuffle,
            seed=self.seed,
            epoch=self.epoch,
            position=self.position,
        )
        self._made.clear()
        for start in range(0, len(batch), size):
            end = start + size
            at = self.epoch, self.position + start, size, self.shuffle, self.seed
            last = end >= len(batch)
            after = (epoch, position) if last else (self.epoch, self.position + end)
            self._made[at] = batch[start:end], indices[start:end], *after
        bytes_each = batch[:size].nbytes
        self._at_once = max(1, min(2 * self._at_once, AHEAD_BATCHES, AHEAD_BYTES // bytes_each))

    def __getstate__(self):
        return {**vars(self), "_made": {}}

    def __repr__(self):
        return (
            f"Flow(samples={len(self.x)}, batch_size={self.batch_size}, shuffle={self.shuffle}, "
            f"seed={self.seed}, epoch={self.epoch}, position={self.position})"
        )
