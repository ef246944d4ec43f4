"""The generator of our own interface."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._native import Covariance, Generator, Moments, Recipe
from .flow import Flow
from .images import as_images

if TYPE_CHECKING:
    from ray.data import Dataset  # type: ignore[import-not-found,unused-ignore]

Shift = Union[float, list[float], tuple[float, ...]]
"""A range of shifts: a number, or the shifts to choose from."""


class ImageDataGenerator:
    """Augmentation and normalisation of images, fitted to a data set and served as batches.

    The arguments are those of Keras' class of this name and mean the same, but: pictures turn about
    their true centre, figures are exact, brightness is a plain factor, and a generator that needs a
    fit serves nothing without one. The same seed gives the same bits whatever the batch size and the
    number of threads.

    >>> import mizumashi, numpy as np
    >>> images = np.arange(96, dtype="uint8").reshape(2, 4, 4, 3)
    >>> datagen = mizumashi.ImageDataGenerator(featurewise_center=True, rotation_range=20)
    >>> datagen
    ImageDataGenerator(featurewise_center=True, rotation_range=20)
    >>> datagen.fit(images).mean
    [46.5, 47.5, 48.5]
    >>> next(datagen.flow(images, batch_size=2)).shape
    (2, 4, 4, 3)

    Args:
        featurewise_center, featurewise_std_normalization: give the data set mean 0, and standard
            deviation 1, in each channel; need a fit.
        samplewise_center, samplewise_std_normalization: the same for each image by itself.
        zca_whitening, zca_epsilon: whiten the values of an image against each other; need a fit.
        rotation_range, shear_range: degrees, to either side.
        width_shift_range, height_shift_range: a fraction of the side below 1.0, pixels from there
            on; an ``int`` for whole pixels below it; a list of shifts to choose from.
        brightness_range: a pair of factors.
        zoom_range: r for factors in 1 - r to 1 + r, or a pair of factors; above 1 the picture
            gets smaller.
        channel_shift_range: the largest number added to or taken from all values.
        fill_mode, cval: what is seen beyond the edge: ``"nearest"``, ``"constant"`` (``cval``),
            ``"reflect"`` or ``"wrap"``.
        horizontal_flip, vertical_flip: mirror half of the samples.
        rescale: a factor for all values.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        interpolation_order: 0 for the nearest pixel, 1 for bilinear, 2 to 5 for B-splines.

    Raises:
        TypeError: for an unknown argument.
        ValueError: for an argument outside what it can mean.
    """

    def __init__(
        self,
        *,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0.0,
        width_shift_range: Shift = 0.0,
        height_shift_range: Shift = 0.0,
        brightness_range: Optional[tuple[float, float]] = None,
        shear_range: float = 0.0,
        zoom_range: Union[float, tuple[float, float]] = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: Optional[float] = None,
        data_format: str = "channels_last",
        interpolation_order: int = 1,
    ) -> None:
        arguments: dict[str, Any] = {
            name: value for name, value in locals().items() if name != "self"
        }
        self._native = Generator(**arguments)
        self._arguments = arguments

    def fit(
        self, x: ArrayLike, augment: bool = False, rounds: int = 1, seed: int = 0
    ) -> ImageDataGenerator:
        """Learns the figures that featurewise standardisation and whitening need.

        ``x`` is (samples, height, width, channels), or channels first as the generator is; with
        ``augment``, the figures are those of ``rounds`` augmented passes. Returns the generator.
        """
        self._native.fit(as_images(x), rounds if augment else None, seed)
        return self

    def fit_moments(
        self, moments: Moments, covariance: Optional[Covariance] = None
    ) -> ImageDataGenerator:
        """Learns the same from states of the raw images, gathered in parts and merged.

        ``covariance``, over pixels, is needed where the generator whitens. Means and deviations of
        ``uint8`` images are those of :meth:`fit` to the bit. A whitening is the same to the bit
        whatever the parts and their order, and that of :meth:`fit` up to rounding. Returns the
        generator.

        Raises:
            ValueError: for states of no images, of different images or types, and for a generator
                with samplewise standardisation, whose figures are not those of raw images.
        """
        self._native.fit_moments(moments, covariance)
        return self

    @property
    def needs(self) -> list[str]:
        """What :meth:`fit_moments` needs: ``"moments"``, and ``"covariance"`` where it whitens."""
        figures = ("featurewise_center", "featurewise_std_normalization", "zca_whitening")
        if not any(self._arguments[name] for name in figures):
            return []
        return ["moments", "covariance"] if self._arguments["zca_whitening"] else ["moments"]

    @property
    def data_format(self) -> str:
        """``"channels_last"`` or ``"channels_first"``."""
        data_format: str = self._arguments["data_format"]
        return data_format

    def map(self, dataset: Dataset, **options: Any) -> Dataset:
        """A data set of Ray Data whose images are normalised and augmented by its workers.

        The options are those of :class:`mizumashi.ray.Augment`, and of Ray's ``map_batches`` besides.
        """
        from . import ray

        return ray.map_batches(dataset, self, **options)

    def flow(
        self,
        x: ArrayLike,
        y: Optional[ArrayLike] = None,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
    ) -> Flow:
        """Endless batches of the images ``x`` and the labels ``y``; see :class:`Flow`.

        A later fit does not change them.
        """
        data_format = self._arguments["data_format"]
        return Flow(self.recipe(), x, y, batch_size, shuffle, seed, data_format)

    def standardize(self, x: ArrayLike) -> NDArray[np.float32]:
        """The images normalised without augmentation: a new ``float32`` array."""
        return self._native.standardize(as_images(x))

    @property
    def mean(self) -> Optional[list[float]]:
        """Means per channel after a fit, else ``None``."""
        return self._native.mean

    @property
    def std(self) -> Optional[list[float]]:
        """Population standard deviations per channel after a fit, else ``None``."""
        return self._native.std

    def recipe(self) -> Recipe:
        """What is done to a sample, fitted figures and all; can be stored.

        Raises:
            ValueError: where a fit is needed and has not been made.
        """
        return self._native.recipe()

    def __getstate__(self) -> tuple[dict[str, Any], Optional[str]]:
        return self._arguments, self._native.fitted()

    def __setstate__(self, state: tuple[dict[str, Any], Optional[str]]) -> None:
        self._arguments, fitted = state
        self._native = Generator(**self._arguments)
        if fitted is not None:
            self._native.restore(fitted)

    def __repr__(self) -> str:
        defaults = inspect.signature(ImageDataGenerator).parameters
        given = (
            f"{name}={value!r}"
            for name, value in self._arguments.items()
            if not np.array_equal(value, defaults[name].default)
        )
        return f"ImageDataGenerator({', '.join(given)})"
