"""Endless shuffled batches."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._native import ArraySource, Recipe
from .images import Images, as_images

Batch = Union[NDArray[np.float32], tuple[NDArray[np.float32], NDArray[Any]]]
"""The images, or the images and their labels."""


class Flow:
    """An endless iterator over batches: ``x``, or ``(x, y)`` where there are labels.

    ``x`` is a ``float32`` array of its own. Each epoch serves every sample once, in an order of its
    own; the last batch of an epoch may be short. Threads may share it: each batch goes to one of
    them. ``len`` is the number of batches in an epoch, ``epoch`` and ``position`` say where the next
    batch begins: set them to resume there, at no cost.

    Made by :meth:`ImageDataGenerator.flow`, or of a recipe that was stored:

    >>> import mizumashi, numpy as np
    >>> recipe = mizumashi.ImageDataGenerator(horizontal_flip=True).recipe()
    >>> images = np.zeros((10, 8, 8, 3), "uint8")
    >>> flow = mizumashi.Flow(recipe, images, range(10), batch_size=4, seed=7)
    >>> [len(next(flow)[1]) for _ in range(4)]
    [4, 4, 2, 4]
    >>> flow.epoch, flow.position
    (1, 4)

    Args:
        recipe: what is done to each sample.
        x: images, of rank 4.
        y: labels, one per image, or ``None``.
        batch_size: samples in a batch.
        shuffle: whether each epoch has a random order.
        seed: of order and augmentation.
        data_format: of the images and of the batches.

    Raises:
        ValueError: for images of another rank or none at all, another number of labels, an empty
            batch, and values that are NaN or infinite.
    """

    def __init__(
        self,
        recipe: Recipe,
        x: ArrayLike,
        y: Optional[ArrayLike] = None,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
        data_format: str = "channels_last",
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"the batch size is {batch_size}; it must be at least 1")
        images = as_images(x)
        if len(images) == 0:
            raise ValueError("there are no images; at least one is needed")
        self._source = ArraySource(images)
        self._source.check_finite(data_format)
        self.y = None if y is None else np.asarray(y)
        if self.y is not None and len(self.y) != len(images):
            raise ValueError(
                f"there are {len(images)} images but {len(self.y)} labels; give one label per image"
            )
        self.recipe = recipe
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.data_format = data_format
        self.epoch = 0
        self.position = 0
        self._samples = len(images)
        self._renew_lock()

    @property
    def x(self) -> Images:
        """The images."""
        return self._source.images

    def __len__(self) -> int:
        return -(-self._samples // self.batch_size)

    def __iter__(self) -> Flow:
        return self

    def __next__(self) -> Batch:
        # The place is read before the batch and written after it. Two batches at once would gain
        # nothing: one has all cores.
        with self._lock:
            batch, indices, self.epoch, self.position = self.recipe.batch(
                self._source,
                self.batch_size,
                shuffle=self.shuffle,
                seed=self.seed,
                epoch=self.epoch,
                position=self.position,
                data_format=self.data_format,
            )
        return batch if self.y is None else (batch, self.y[indices])

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()
        _flows.add(self)

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._renew_lock()

    def __repr__(self) -> str:
        return (
            f"Flow({self.recipe!r}, samples={self._samples}, batch_size={self.batch_size}, "
            f"shuffle={self.shuffle}, seed={self.seed}, epoch={self.epoch}, "
            f"position={self.position})"
        )


_flows: weakref.WeakSet[Flow] = weakref.WeakSet()


def _renew_locks() -> None:
    """In a forked process, where whoever held a lock is not there to let go of it."""
    for flow in list(_flows):
        flow._renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
