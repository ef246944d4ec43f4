"""Arrays of any type, shape, order, strides and writability.

Each call returns, or raises an ``Exception`` that Python code can handle. A panic of the Rust code
would arrive as a ``PanicException``, which is none. Where an array is taken, its strides do not show.
"""

import contextlib
import warnings

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import mizumashi
from mizumashi import _native
from mizumashi.keras import image

TYPES = st.one_of(
    st.sampled_from(["u1", "f4", ">f4", "f8"]).map(np.dtype),
    arrays.scalar_dtypes(),
    arrays.unicode_string_dtypes(),
    st.just(np.dtype(object)),
    st.just(np.dtype([("red", "u1"), ("green", "f4")])),
)


@st.composite
def any_arrays(draw):
    dtype = draw(TYPES)
    rank = draw(st.sampled_from([4, 4, 4, 3, 3, 0, 1, 2, 5]))
    shape = draw(arrays.array_shapes(min_dims=rank, max_dims=rank, min_side=0, max_side=6))
    if dtype.hasobject:
        array = np.full(shape, draw(st.sampled_from([None, 1, "x"])), dtype)
    else:
        raw = draw(st.binary(min_size=16, max_size=64))
        size = int(np.prod(shape)) * dtype.itemsize
        array = np.frombuffer((raw * (size // len(raw) + 1))[:size] or b"", dtype)
        array = array.reshape(shape) if array.size == np.prod(shape) else np.zeros(shape, dtype)
    if draw(st.booleans()):
        array = np.asfortranarray(array)
    if rank:
        array = array.transpose(draw(st.permutations(range(rank))))
        steps = draw(st.tuples(*[st.sampled_from([1, 1, 1, -1, 2, -3])] * rank))
        array = array[tuple(slice(None, None, step) for step in steps)]
        if draw(st.booleans()):
            # The same memory for every sample: strides of zero.
            array = np.broadcast_to(array[:1], array.shape) if len(array) else array
    if draw(st.booleans()):
        with contextlib.suppress(ValueError):
            array.flags.writeable = False
    return array


def outcome(call):
    """What a call returns, or which handled error it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except Exception as error:  # a PanicException is a BaseException and passes
            return type(error)


def same(left, right):
    if isinstance(left, type) or isinstance(right, type):
        return left is right
    return np.array_equal(left, right, equal_nan=left.dtype.kind == "f")


HOSTILE = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
FORMATS = st.sampled_from(["channels_last", "channels_first", "sideways"])


@HOSTILE
@given(any_arrays(), FORMATS, st.integers(0, 6), st.sampled_from(["nearest", "wrap", "constant", "?"]))
def test_warps_of_any_array(x, data_format, order, fill_mode):
    def warped(x):
        turned = [[0.8, -0.6, 2], [0.6, 0.8, -1]]
        return mizumashi.warp(
            x, turned, data_format=data_format, order=order, fill_mode=fill_mode
        )

    before = x.copy()
    found = outcome(lambda: warped(x))
    assert same(found, outcome(lambda: warped(before)))
    if x.dtype.kind in "uif":
        assert np.array_equal(x, before, equal_nan=x.dtype.kind == "f"), "the input is left alone"


@HOSTILE
@given(any_arrays())
def test_maps_of_any_array(maps):
    x = np.zeros((2, 4, 4, 1), np.uint8)
    outcome(lambda: mizumashi.warp(x, maps))


@HOSTILE
@given(any_arrays(), any_arrays(), FORMATS, st.integers(-2, 9), st.booleans())
def test_generators_of_any_array(x, y, data_format, batch_size, zca):
    def served(x):
        datagen = mizumashi.ImageDataGenerator(
            featurewise_std_normalization=True,
            zca_whitening=zca,
            rotation_range=20,
            data_format=data_format,
        )
        datagen.fit(x)
        return np.concatenate([next(datagen.flow(x, None, batch_size, seed=1)) for _ in range(3)])

    assert same(outcome(lambda: served(x)), outcome(lambda: served(x.copy())))
    datagen = mizumashi.ImageDataGenerator(horizontal_flip=True)
    outcome(lambda: next(datagen.flow(x, y, batch_size)))
    outcome(lambda: datagen.standardize(x))


@HOSTILE
@given(any_arrays(), any_arrays(), FORMATS)
def test_the_drop_in_for_any_array(x, y, data_format):
    def served():
        datagen = image.ImageDataGenerator(rotation_range=20, data_format=data_format)
        return next(datagen.flow(x, y, batch_size=2))

    outcome(served)
    outcome(lambda: image.random_rotation(x, 20))
    outcome(lambda: image.random_channel_shift(x, 3))
    outcome(lambda: image.array_to_img(x))


@HOSTILE
@given(any_arrays(), any_arrays(), FORMATS)
def test_figures_and_layers_of_any_array(x, dy, data_format):
    outcome(lambda: _native.Moments().update(x, data_format))
    outcome(lambda: _native.Whitening.fit(x, data_format=data_format).apply(dy))

    def layer():
        layer = mizumashi.BatchNorm(x.shape[-1], data_format=data_format)
        y = layer(x, training=True)
        layer.backward(x, dy)
        layer.gamma = dy
        return y

    outcome(layer)


@HOSTILE
@given(any_arrays(), st.integers(-(2**65), 2**65), st.integers(-3, 2**64))
def test_recipes_of_any_array(x, seed, epoch):
    recipe = mizumashi.ImageDataGenerator(rotation_range=20, rescale=0.5).recipe
    outcome(lambda: recipe.apply(x, seed=seed, epoch=epoch))
    outcome(lambda: recipe.apply(np.zeros((2, 4, 4, 3), np.uint8), indices=x))
    outcome(lambda: recipe.draw(x.shape, seed=seed, epoch=epoch).apply(x))


@HOSTILE
@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_texts_that_are_no_files(text):
    for kind in (mizumashi.Recipe, mizumashi.Plan, mizumashi.Whitening, mizumashi.BatchNorm):
        assert isinstance(outcome(lambda kind=kind: kind.from_json(text)), type)
    assert isinstance(outcome(lambda: mizumashi.Moments.from_json(text)), type)
