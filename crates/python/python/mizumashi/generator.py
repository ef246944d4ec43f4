"""The generator of our own interface."""

from . import _native
from .flow import Flow
from .images import as_images

_DEFAULTS = dict(
    featurewise_center=False,
    samplewise_center=False,
    featurewise_std_normalization=False,
    samplewise_std_normalization=False,
    zca_whitening=False,
    zca_epsilon=1e-6,
    rotation_range=0.0,
    width_shift_range=0.0,
    height_shift_range=0.0,
    shear_range=0.0,
    zoom_range=0.0,
    fill_mode="nearest",
    cval=0.0,
    horizontal_flip=False,
    vertical_flip=False,
    rescale=None,
    data_format="channels_last",
    interpolation_order=1,
)


class ImageDataGenerator:
    """Augmentation and normalisation of images, fitted to a data set and served as batches.

    The arguments are those of Keras' class of this name and mean the same, but: pictures turn about
    their true centre, figures are exact, and a generator that needs a fit serves nothing without
    one. The same seed gives the same bits whatever the batch size and the number of threads.

    Args:
        rotation_range, shear_range: degrees, to either side.
        width_shift_range, height_shift_range: a fraction of the side below 1.0, pixels from there
            on; an ``int`` for whole pixels below it; a list of shifts to choose from.
        zoom_range: r for factors in 1 - r to 1 + r, or a pair of factors; above 1 the picture
            gets smaller.
        rescale: a factor for all values.
        interpolation_order: 0 for the nearest pixel, 1 for bilinear, 2 to 5 for B-splines.

    Raises:
        TypeError: for an unknown argument.
        ValueError: for an argument outside what it can mean.
    """

    def __init__(self, **arguments):
        unknown = arguments.keys() - _DEFAULTS.keys()
        if unknown:
            raise TypeError(f"ImageDataGenerator has no argument {min(unknown)!r}")
        self._arguments = arguments
        self._native = _native.Generator(**{**_DEFAULTS, **arguments})

    def fit(self, x, augment=False, rounds=1, seed=0):
        """Learns the figures that featurewise standardisation and whitening need.

        ``x`` is (samples, height, width, channels), or channels first as the generator is; with
        ``augment``, the figures are those of ``rounds`` augmented passes. Returns the generator.
        """
        self._native.fit(as_images(x), rounds if augment else None, seed)
        return self

    def flow(self, x, y=None, batch_size=32, shuffle=True, seed=0):
        """Endless batches of the images ``x`` and the labels ``y``; see :class:`Flow`."""
        return Flow(self._native, as_images(x), y, batch_size, shuffle, seed)

    def standardize(self, x):
        """The images normalised without augmentation: a new ``float32`` array."""
        return self._native.standardize(as_images(x))

    @property
    def mean(self):
        """Means per channel after a fit, else ``None``."""
        return self._native.mean

    @property
    def std(self):
        """Population standard deviations per channel after a fit, else ``None``."""
        return self._native.std

    def recipe(self):
        """What is done to a sample, fitted figures and all, as JSON."""
        return self._native.recipe()

    def __repr__(self):
        arguments = ", ".join(f"{name}={value!r}" for name, value in self._arguments.items())
        return f"ImageDataGenerator({arguments})"
