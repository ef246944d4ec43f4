"""What all iterators over batches have in common."""

import importlib.util
import os
import threading

import numpy as np

from .pictures import array_to_img


def _sequence():
    """Keras' base class of data sets, where Keras is installed and works."""
    if importlib.util.find_spec("keras") is None:
        return object
    try:
        from keras.utils import Sequence
    except ImportError:
        return object
    return Sequence


class Iterator(_sequence()):
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

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n, batch_size, shuffle, seed):
        super().__init__()
        self.n = n
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.lock = threading.Lock()
        self.index_array = None
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_generator = self._flow_index()

    def _set_index_array(self):
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _begin_batch(self):
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)

    def __getitem__(self, idx):
        if idx >= len(self):
            raise ValueError(f"batch {idx} is asked for; there are {len(self)}, from 0")
        self._begin_batch()
        self.total_batches_seen += 1
        if self.index_array is None:
            self._set_index_array()
        start = self.batch_size * idx
        return self._get_batches_of_transformed_samples(
            self.index_array[start : start + self.batch_size]
        )

    def __len__(self):
        return -(-self.n // self.batch_size)

    def on_epoch_end(self):
        """Chooses the order of the next epoch."""
        self._set_index_array()

    def reset(self):
        """Begins an epoch anew."""
        self.batch_index = 0

    def _flow_index(self):
        self.reset()
        while True:
            self._begin_batch()
            if self.batch_index == 0:
                self._set_index_array()
            start = self.batch_index * self.batch_size % self.n if self.n else 0
            end = start + self.batch_size
            self.batch_index = self.batch_index + 1 if end < self.n else 0
            self.total_batches_seen += 1
            yield self.index_array[start:end]

    def __iter__(self):
        return self

    def __next__(self):
        return self.next()

    def next(self):
        """The next batch. Threads may call it at once: they make their batches side by side."""
        with self.lock:
            index_array = next(self.index_generator)
        return self._get_batches_of_transformed_samples(index_array)

    def _get_batches_of_transformed_samples(self, index_array):
        raise NotImplementedError(f"{type(self).__name__} does not say how to make a batch")

    def _save(self, batch, index_array, largest_number):
        """Writes the images of a batch to ``save_to_dir``, with a random number in their names."""
        for image, index in zip(batch, index_array):
            number = np.random.randint(largest_number)
            name = f"{self.save_prefix}_{index}_{number}.{self.save_format}"
            picture = array_to_img(image, self.data_format, scale=True)
            picture.save(os.path.join(self.save_to_dir, name))
