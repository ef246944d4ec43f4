"""Data sets of Ray Data: the same statistics, whitening and batches on a cluster.

Images come from Ray's own readers, as a column of ``uint8`` or ``float32`` arrays. States of
statistics are gathered where the images are, and merged there; of ``uint8`` images the result is that
of one process to the bit, whatever the blocks, their order, and the nodes that were lost on the way.
Random numbers are keyed by a column that says which sample it is, so a sample is augmented to the
same pixels on any node, in any batch.

Needs Ray: ``pip install "mizumashi[ray]"``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from ._native import Covariance, Moments
from .generator import ImageDataGenerator
from .images import Images, as_images

try:
    import ray  # type: ignore[import-not-found,unused-ignore]
    from ray.data import (  # type: ignore[import-not-found,unused-ignore]
        DataIterator,
        Dataset,
    )
except ImportError as error:
    raise ImportError(
        'mizumashi.ray needs Ray Data, which is not installed: pip install "mizumashi[ray]"'
    ) from error

__all__ = ["Augment", "fit", "gather", "iter_batches", "map_batches", "sample_index"]

Rows = Mapping[str, NDArray[Any]]

FAN_IN = 8
"""States that one task merges: with fewer, more is sent; with more, fewer nodes work at a time."""

_STATE = "state"


class _Partial:
    """What a block of images comes to: a row of bytes for each kind of state."""

    def __init__(self, states: list[Any], image: str, data_format: str) -> None:
        self._empty = [(type(state), state.to_bytes()) for state in states]
        self._image = image
        self._data_format = data_format

    def __call__(self, batch: Rows) -> dict[str, list[bytes]]:
        states = [kind.from_bytes(data) for kind, data in self._empty]
        for images in _batches(batch, self._image):
            for state in states:
                state.update(images, self._data_format)
        return {f"{_STATE}{place}": [state.to_bytes()] for place, state in enumerate(states)}


def _merge(kinds: list[Any], *blocks: Any) -> list[list[bytes]]:
    """The states of some blocks, each a table with a column per kind, as one such table."""
    merged = []
    for place, kind in enumerate(kinds):
        state = None
        for block in blocks:
            for data in _states(block, place):
                other = kind.from_bytes(data if isinstance(data, bytes) else data.as_py())
                if state is None:
                    state = other
                else:
                    state.merge(other)
        merged.append([] if state is None else [state.to_bytes()])
    return merged


def _states(block: Any, place: int) -> Any:
    """The states of one kind in a table of Ray's or of ours. An empty block has no columns."""
    if isinstance(block, list):
        return block[place]
    name = f"{_STATE}{place}"
    return block[name] if name in block.column_names else []


def gather(
    dataset: Dataset,
    *states: Union[Moments, Covariance],
    image: str = "image",
    data_format: str = "channels_last",
    **options: Any,
) -> list[Any]:
    """States of all images of a data set, gathered on the workers and merged in a tree.

    Each block of the data set becomes one state of each kind on the node where it is read; tasks of
    eight merge them where they are. What is sent is states alone, and the last one to the caller. A
    task whose node is lost is run again by Ray, as are those that it needs, and counts once.

    >>> moments, covariance = gather(dataset, Moments(), Covariance("channels"))  # doctest: +SKIP

    Args:
        dataset: with a column of images.
        states: what is wanted, as states of no images; those given stay as they are.
        image: the name of the column.
        data_format: of the images.
        options: for Ray's ``map_batches``: ``num_cpus`` and others.

    Raises:
        ValueError: for no images, a column that is not there or holds none, and images whose sizes
            the states do not take.
    """
    if not states:
        raise ValueError("there are no states to gather; name one, Moments() for instance")
    kinds = [type(state) for state in states]
    partial = _Partial(list(states), image, data_format)
    parts = dataset.map_batches(
        partial, batch_size=None, batch_format="numpy", zero_copy_batch=True, **options
    )
    merge = ray.remote(num_cpus=1, max_retries=-1)(_merge)
    level: list[Any] = parts.to_arrow_refs()
    while len(level) > 1:
        level = [
            merge.remote(kinds, *level[first : first + FAN_IN])
            for first in range(0, len(level), FAN_IN)
        ]
    columns = _merge(kinds, *ray.get(level))
    merged = [kind.from_bytes(column[0]) for kind, column in zip(kinds, columns) if column]
    if len(merged) < len(kinds) or not all(_count(state) for state in merged):
        raise ValueError("the data set has no images; at least one is needed")
    return merged


def _count(state: Union[Moments, Covariance]) -> int:
    return state.samples if isinstance(state, Moments) else state.count


def fit(
    dataset: Dataset, datagen: ImageDataGenerator, *, image: str = "image", **options: Any
) -> ImageDataGenerator:
    """Fits a generator to a data set: what ``datagen.fit(images)`` is in one process.

    Means and deviations of ``uint8`` images are the same to the bit; see
    :meth:`ImageDataGenerator.fit_moments`. Returns the generator.

    Raises:
        ValueError: as :func:`gather` and :meth:`ImageDataGenerator.fit_moments` do.
    """
    if not datagen.needs:
        return datagen
    wanted = [Moments() if need == "moments" else Covariance("pixels") for need in datagen.needs]
    options.setdefault("data_format", datagen.data_format)
    return datagen.fit_moments(*gather(dataset, *wanted, image=image, **options))


def sample_index(identity: Any) -> int:
    """The number that keys the random numbers of a sample: an index as it is, and of a path (any text
    or bytes) the first eight bytes of its BLAKE2b hash.

    A path keys as it is written: one that begins elsewhere on another machine is another sample. Of
    10^9 paths, two share their random numbers with a probability of 3 %, which harms neither.

    >>> sample_index(7), sample_index("cats/1.png")
    (7, 2348233073602234899)
    """
    if isinstance(identity, (int, np.integer)):
        if identity < 0:
            raise ValueError(f"the index of a sample is {identity}; it must be at least 0")
        return int(identity)
    data = identity.encode() if isinstance(identity, str) else identity
    if not isinstance(data, bytes):
        raise ValueError(
            f"a sample is named by {identity!r}, a {type(identity).__name__}; "
            "it must be an index or a path"
        )
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


class Augment:
    """Normalises and augments batches of Ray Data, by a generator that has been fitted.

    A callable for ``Dataset.map_batches(..., batch_format="numpy")``, and for any batch that is a
    dictionary of arrays. The column of images is replaced by ``float32`` ones; the others stay.

    The pixels of a sample depend on ``seed``, ``epoch`` and its identity alone: those of
    ``datagen.flow(x, seed=seed)`` in that epoch, where the identity is the index in ``x``.

    Args:
        datagen: a generator, fitted if it needs to be.
        image: the column of images, of one shape.
        key: the column of identities, whole numbers or paths; see :func:`sample_index`.
        seed: of the augmentation.
        epoch: to be raised each time through the data, or the samples look as they did before.

    Raises:
        ValueError: where a fit is needed and has not been made; at a call, for columns that are not
            there, and images of different shapes.
    """

    def __init__(
        self,
        datagen: ImageDataGenerator,
        *,
        image: str = "image",
        key: str = "index",
        seed: int = 0,
        epoch: int = 0,
    ) -> None:
        self.recipe = datagen.recipe()
        self.data_format = datagen.data_format
        self.image = image
        self.key = key
        self.seed = seed
        self.epoch = epoch

    def __call__(self, batch: Rows) -> dict[str, NDArray[Any]]:
        indices = [sample_index(identity) for identity in _column(batch, self.key).tolist()]
        images = list(_batches(batch, self.image))
        if len(images) > 1:
            raise ValueError(
                f"the images of a batch are of {len(images)} shapes, {images[0].shape[1:]} one of "
                "them; have Ray read them in one size"
            )
        made = (
            self.recipe.apply(
                images[0],
                seed=self.seed,
                epoch=self.epoch,
                indices=indices,
                data_format=self.data_format,
            )
            if images
            else np.zeros((0, 0, 0, 0), np.float32)
        )
        return {**batch, self.image: made}

    def __repr__(self) -> str:
        return (
            f"Augment({self.recipe!r}, image={self.image!r}, key={self.key!r}, seed={self.seed}, "
            f"epoch={self.epoch})"
        )


class _Worker:
    """An :class:`Augment` that an actor is given once."""

    def __init__(self, augment: Any) -> None:
        self._augment: Augment = ray.get(augment[0])

    def __call__(self, batch: Rows) -> dict[str, NDArray[Any]]:
        return self._augment(batch)


def map_batches(
    dataset: Dataset,
    datagen: ImageDataGenerator,
    *,
    image: str = "image",
    key: str = "index",
    seed: int = 0,
    epoch: int = 0,
    **options: Any,
) -> Dataset:
    """The data set with its images normalised and augmented on the workers: see :class:`Augment`.

    Lazy, as Ray's own operations are. ``options`` go to Ray's ``map_batches``. With ``concurrency``,
    the work is done by so many actors that get the generator once each; without, by tasks, to each of
    which it is sent: use it for a generator that whitens pixels, which is large.
    """
    augment = Augment(datagen, image=image, key=key, seed=seed, epoch=epoch)
    if "concurrency" in options:
        options["fn_constructor_args"] = ([ray.put(augment)],)
        return dataset.map_batches(_Worker, batch_format="numpy", **options)
    return dataset.map_batches(augment, batch_format="numpy", **options)


def iter_batches(
    data: Union[Dataset, DataIterator],
    datagen: ImageDataGenerator,
    *,
    label: Optional[str] = None,
    batch_size: int = 32,
    epochs: int = 1,
    first_epoch: int = 0,
    image: str = "image",
    key: str = "index",
    seed: int = 0,
    **options: Any,
) -> Iterator[Any]:
    """Batches for a training loop: ``x``, or ``(x, y)`` with the column ``label``.

    Images travel as they are, ``uint8`` for the most part, and are augmented here, where they are
    used: a quarter of the bytes of ``float32`` ones. ``data`` is a data set, or in a worker of Ray
    Train its share, ``ray.train.get_dataset_shard("train")``. Each epoch is one pass over it, with
    augmentations of its own. ``options`` go to Ray's ``iter_batches``: ``prefetch_batches``,
    ``drop_last``, ``local_shuffle_buffer_size`` and ``local_shuffle_seed``. The order of samples is
    Ray's; their pixels do not depend on it.
    """
    augment = Augment(datagen, image=image, key=key, seed=seed)
    for augment.epoch in range(first_epoch, first_epoch + epochs):
        for batch in data.iter_batches(batch_size=batch_size, batch_format="numpy", **options):
            made = augment(batch)
            yield made[image] if label is None else (made[image], _column(made, label))


def _column(batch: Rows, name: str) -> NDArray[Any]:
    try:
        return batch[name]
    except KeyError:
        columns = ", ".join(batch) or "none"
        raise ValueError(
            f"there is no column {name!r} in the data set, which has {columns}; name the one that is "
            "meant, or have the reader include it"
        ) from None


def _batches(batch: Rows, name: str) -> Iterator[Images]:
    """The images of a column as arrays of rank 4, one for each shape that is among them."""
    column = _column(batch, name)
    if len(column) == 0:
        return
    if column.dtype != object:
        yield _ranked(column, name)
        return
    shapes: dict[Any, list[NDArray[Any]]] = {}
    for image in column:
        image = np.asarray(image)
        shapes.setdefault((image.shape, image.dtype.str), []).append(image)
    for images in shapes.values():
        yield _ranked(np.stack(images), name)


def _ranked(images: NDArray[Any], name: str) -> Images:
    if images.ndim != 4 or images.dtype.kind not in "uif":
        raise ValueError(
            f"column {name!r} holds values of the shape {images.shape[1:]} and type {images.dtype}; "
            'images have height, width and channels: read them with mode="RGB", or decode them first'
        )
    return as_images(images)
