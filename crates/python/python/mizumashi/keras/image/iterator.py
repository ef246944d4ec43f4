"""What all iterators over batches have in common."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from .pictures import array_to_img


Indices = NDArray[np.integer[Any]]


def _sequence() -> Any:
    """Keras' base class of data sets, where Keras is installed and works."""
    try:
        return importlib.import_module("keras.utils").Sequence
    except Exception:  # A broken installation raises whatever it likes.
        return object


if TYPE_CHECKING:
    _Base = object
else:
    _Base = _sequence()


class Iterator(_Base):
    """An endless iterator over batches that can also be indexed, as Keras' ``Sequence``.

    Where Keras is installed it is a ``keras.utils.Sequence``, whose length ``Model.fit`` knows; Keras
    is imported for that.

    A subclass implements ``_get_batches_of_transformed_samples(index_array)``. With a seed, NumPy's
    global generator is seeded anew for each batch, by the seed plus the number of batches so far.

    Args:
        n: samples in the set.
        batch_size: samples in a batch; the last of an epoch may be short.
        shuffle: whether each epoch has a random order.
        seed: for NumPy's global generator, or ``None``.
    """

    save_prefix: str
    save_format: str
    data_format: str
    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: Optional[int]) -> None:
        super().__init__()
        self.n = n
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.lock = threading.Lock()
        self.index_array: Optional[Indices] = None
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_generator = self._flow_index()

    def _set_index_array(self) -> Indices:
        order = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)
        self.index_array = order
        return order

    def _begin_batch(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)

    def __getitem__(self, idx: int) -> Any:
        if idx >= len(self):
            raise ValueError(f"batch {idx} is asked for; there are {len(self)}, from 0")
        self._begin_batch()
        self.total_batches_seen += 1
        order = self._set_index_array() if self.index_array is None else self.index_array
        start = self.batch_size * idx
        return self._get_batches_of_transformed_samples(order[start : start + self.batch_size])

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def on_epoch_end(self) -> None:
        """Chooses the order of the next epoch."""
        self._set_index_array()

    def reset(self) -> None:
        """Begins an epoch anew."""
        self.batch_index = 0

    def _flow_index(self) -> Generator[Indices, None, None]:
        self.reset()
        while True:
            self._begin_batch()
            if self.batch_index == 0 or self.index_array is None:
                order = self._set_index_array()
            else:
                order = self.index_array
            start = self.batch_index * self.batch_size % self.n if self.n else 0
            end = start + self.batch_size
            self.batch_index = self.batch_index + 1 if end < self.n else 0
            self.total_batches_seen += 1
            yield order[start:end]

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        return self.next()

    def next(self) -> Any:
        """The next batch. Threads may call it at once: they make their batches side by side."""
        with self.lock:
            index_array = next(self.index_generator)
        return self._get_batches_of_transformed_samples(index_array)

    def _get_batches_of_transformed_samples(self, index_array: Indices) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how to make a batch")

    def _save(
        self,
        batch: NDArray[Any],
        index_array: Indices,
        largest_number: int,
        directory: Union[str, os.PathLike[str]],
    ) -> None:
        """Writes the images of a batch to a directory, with a random number in their names."""
        for image, index in zip(batch, index_array):
            number = np.random.randint(largest_number)
            name = f"{self.save_prefix}_{index}_{number}.{self.save_format}"
            picture = array_to_img(image, self.data_format, scale=True)
            picture.save(os.path.join(directory, name))
