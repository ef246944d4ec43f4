"""The interface of our own."""

import pickle
import threading

import numpy as np
import pytest
import scipy.ndimage
from conftest import made_up

import mizumashi

TUTORIAL = dict(
    featurewise_center=True,
    featurewise_std_normalization=True,
    rotation_range=20,
    width_shift_range=0.2,
    height_shift_range=0.2,
    horizontal_flip=True,
)


def test_warp_moves_pixels():
    x = made_up(3, 12, 14, 3)
    right = [[1, 0, -2], [0, 1, 0]]
    for images in (x, x.astype("float32")):
        moved = mizumashi.warp(images, right)
        assert moved.dtype == images.dtype
        np.testing.assert_array_equal(moved[:, :, 2:], images[:, :, :-2])
        np.testing.assert_array_equal(moved[:, :, 0], images[:, :, 0])
    first = np.moveaxis(x, 3, 1)
    moved = mizumashi.warp(
        first, right, data_format="channels_first", fill_mode="constant", cval=9, order=0
    )
    assert (moved[..., :2] == 9).all()
    np.testing.assert_array_equal(moved[..., 2:], first[..., :-2])
    turns = np.stack([[[1, 0, shift], [0, 1, 0]] for shift in range(3)])
    each = mizumashi.warp(x, turns)
    np.testing.assert_array_equal(each[1], mizumashi.warp(x[1], turns[1]))


def test_arrays_of_any_strides_are_taken():
    x = made_up(4, 12, 14, 3)
    turned = [[0.8, -0.6, 2], [0.6, 0.8, -1]]
    backwards = x[::-1, ::-1, ::2]
    np.testing.assert_array_equal(
        mizumashi.warp(backwards, turned), mizumashi.warp(backwards.copy(), turned)
    )


def test_batches_do_not_depend_on_their_size():
    x, y = made_up(10, 16, 16, 3), np.arange(10)
    datagen = mizumashi.ImageDataGenerator(**TUTORIAL).fit(x)
    epochs = []
    for batch_size in (1, 3, 10):
        flow = datagen.flow(x, y, batch_size, seed=4)
        batches = [next(flow) for _ in range(2 * len(flow))]
        epochs.append([np.concatenate(part) for part in zip(*batches)])
        assert (flow.epoch, flow.position) == (2, 0)
    for images, labels in epochs[1:]:
        np.testing.assert_array_equal(images, epochs[0][0])
        np.testing.assert_array_equal(labels, epochs[0][1])
    assert sorted(epochs[0][1][:10]) == list(range(10))
    resumed = datagen.flow(x, y, 3, seed=4)
    resumed.epoch, resumed.position = 1, 6
    np.testing.assert_array_equal(next(resumed)[1], epochs[0][1][16:19])


def test_figures_are_exact():
    x = made_up(10, 16, 16, 3)
    datagen = mizumashi.ImageDataGenerator(**TUTORIAL).fit(x)
    np.testing.assert_allclose(datagen.mean, x.mean((0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(datagen.std, x.std((0, 1, 2)), rtol=1e-12)
    standard = datagen.standardize(x)
    np.testing.assert_allclose(standard.std((0, 1, 2)), 1, atol=1e-4)
    assert datagen.recipe().transforms == ["random_affine", "featurewise_standardise"]


def test_channels_first():
    x = np.moveaxis(made_up(6, 10, 12, 3), 3, 1)
    datagen = mizumashi.ImageDataGenerator(
        **TUTORIAL, zca_whitening=True, data_format="channels_first"
    ).fit(x)
    assert next(iter(datagen.flow(x, batch_size=4))).shape == (4, 3, 10, 12)


@pytest.mark.parametrize(
    "arguments",
    [
        dict(fill_mode="mirror"),
        dict(data_format="rows"),
        dict(rotation_range=-5),
        dict(zoom_range=1.5),
        dict(interpolation_order=9),
    ],
)
def test_arguments_are_refused(arguments):
    with pytest.raises(ValueError):
        mizumashi.ImageDataGenerator(**arguments)


def test_refusals():
    x = made_up(4, 8, 8, 3)
    with pytest.raises(TypeError, match="rotation"):
        mizumashi.ImageDataGenerator(rotation=5)
    datagen = mizumashi.ImageDataGenerator(featurewise_center=True)
    with pytest.raises(ValueError, match="fit"):
        next(datagen.flow(x))
    plain = mizumashi.ImageDataGenerator()
    for options, message in (
        (dict(y=[1, 2]), "4 images but 2 labels"),
        (dict(batch_size=0), "batch size is 0"),
        (dict(x=x[0]), "four axes"),
        (dict(x=x[:0]), "no images"),
        (dict(x=np.full((1, 2, 2, 1), np.nan)), "value NaN at row 0"),
    ):
        with pytest.raises(ValueError, match=message):
            plain.flow(**{"x": x, **options})
    with pytest.raises(ValueError):
        mizumashi.warp(x, np.zeros((3, 2, 3)))
    with pytest.raises(ValueError):
        mizumashi.warp(x, np.full((2, 3), np.inf))


def test_a_value_that_is_none_is_named():
    x = made_up(4, 8, 9, 3).astype("float32")
    x[2, 5, 7, 1] = np.inf
    for data_format, images in (
        ("channels_last", x),
        ("channels_first", np.moveaxis(x, 3, 1)),
    ):
        datagen = mizumashi.ImageDataGenerator(data_format=data_format)
        with pytest.raises(ValueError, match="image 2 .* inf at row 5, column 7, channel 1"):
            datagen.flow(images)


def test_moments_merge_exactly_and_pickle():
    x = made_up(9, 10, 12, 3)
    whole, left, right = (mizumashi.Moments() for _ in range(3))
    whole.update(x)
    left.update(x[:4])
    right.update(np.moveaxis(x[4:], 3, 1), "channels_first")
    left.merge(right)
    again = pickle.loads(pickle.dumps(left))
    for moments in (whole, left, again):
        assert moments.samples == 9
        np.testing.assert_array_equal(moments.mean, whole.mean)
        np.testing.assert_allclose(moments.mean, x.mean((0, 1, 2)))
        np.testing.assert_allclose(moments.std, x.std((0, 1, 2)))
        np.testing.assert_array_equal(moments.min, x.min((0, 1, 2)))
        np.testing.assert_array_equal(moments.max, x.max((0, 1, 2)))
    assert repr(whole).startswith("Moments(samples=9, mean=[")
    with pytest.raises(ValueError, match="mixed"):
        whole.update(x.astype("float32"))


def test_whitening_whitens():
    x = made_up(300, 4, 5, 3)
    whitening = mizumashi.Whitening.fit(x)
    white = whitening.apply(x).reshape(300, -1).astype(float)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(60), atol=1e-3)
    assert whitening.rank == 60
    assert whitening.matrix().shape == (60, 60)
    assert repr(whitening) == "Whitening(height=4, width=5, channels=3, rank=60)"
    with pytest.raises(ValueError):
        whitening.apply(x[:, :2])


def test_other_threads_run_meanwhile():
    x = made_up(4, 512, 512, 3)
    datagen = mizumashi.ImageDataGenerator(rotation_range=20)
    flow = datagen.flow(x, batch_size=4)
    made, turns = threading.Event(), []

    def count():
        while not made.is_set():
            turns.append(None)
            made.wait(1e-4)

    counter = threading.Thread(target=count)
    counter.start()
    for _ in range(20):
        next(flow)
    made.set()
    counter.join()
    assert len(turns) > 20


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("order", range(6))
def test_warps_are_scipys(fill_mode, order):
    x = made_up(1, 17, 23, 3)[0].astype("float32")
    turn, shift = np.array([[0.9, -0.3], [0.25, 1.1]]), np.array([2.3, -1.6])
    # Ours acts on (x, y), SciPy's on (row, column).
    expected = np.stack(
        [
            scipy.ndimage.affine_transform(
                x[..., channel], turn[::-1, ::-1], shift[::-1], order=order, mode=fill_mode, cval=9
            )
            for channel in range(3)
        ],
        axis=2,
    )
    matrix = np.column_stack([turn, shift])
    found = mizumashi.warp(x[None], matrix, fill_mode=fill_mode, cval=9, order=order)[0]
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_floats_of_whole_numbers_give_the_bits_of_bytes(data_format):
    x = made_up(6, 20, 24, 3)
    x = np.moveaxis(x, 3, 1) if data_format == "channels_first" else x
    floats = x.astype("float32")
    batches = []
    for images in (x, floats, np.asfortranarray(floats)):
        datagen = mizumashi.ImageDataGenerator(**TUTORIAL, data_format=data_format).fit(x)
        batches.append(next(datagen.flow(images, batch_size=6, seed=3)))
    for batch in batches[1:]:
        np.testing.assert_array_equal(batch, batches[0])


@pytest.mark.parametrize("value", [0.5, 256.0, -1.0, -300.25])
def test_other_floats_are_not_rounded(value):
    x = made_up(6, 8, 8, 3).astype("float32")
    x[4, 7, 7, 2] = value
    batch = next(mizumashi.ImageDataGenerator().flow(x, batch_size=6, shuffle=False))
    np.testing.assert_array_equal(batch, x)


def test_a_set_that_is_not_of_bytes_is_tried_once():
    odd, even = (made_up(6, 32, 32, 3).astype("float32") for _ in range(2))
    odd[5, 31, 31, 2] += 0.5
    datagen = mizumashi.ImageDataGenerator(rotation_range=20)
    flows = [datagen.flow(x, batch_size=6, seed=3) for x in (odd, even)]
    for _ in range(2):
        one, other = (next(flow) for flow in flows)
        same = (one == other).all((1, 2, 3))
        assert same.sum() == 5
    assert [flow._source.bytes for flow in flows] == [False, True]


def test_a_whitening_can_be_pickled():
    x = made_up(50, 4, 5, 3)
    whitening = mizumashi.Whitening.fit(x)
    again = pickle.loads(pickle.dumps(whitening))
    np.testing.assert_array_equal(again.apply(x), whitening.apply(x))
    assert repr(again) == repr(whitening) == "Whitening(height=4, width=5, channels=3, rank=49)"


@pytest.mark.parametrize("convention, axis", [("keras", -1), ("pytorch", 1)])
def test_batch_norm(convention, axis):
    x = np.moveaxis(np.random.default_rng(1).normal(3, 2, (8, 4, 5, 3)), -1, axis).astype("float32")
    layer = mizumashi.BatchNorm(3, convention=convention)
    others = tuple(i for i in range(4) if i != axis % 4)
    mean, variance = x.mean(others, dtype=float), x.var(others, dtype=float)
    shape = [3 if i == axis % 4 else 1 for i in range(4)]
    epsilon, momentum, bias = (1e-3, 0.01, 1) if convention == "keras" else (1e-5, 0.1, 160 / 159)
    with pytest.raises(ValueError, match="training"):
        layer.backward(x, x)
    y = layer(x, training=True)
    standard = (x - mean.reshape(shape)) / np.sqrt(variance + epsilon).reshape(shape)
    np.testing.assert_allclose(y, standard, atol=1e-5)
    np.testing.assert_allclose(layer.running_mean, momentum * mean)
    np.testing.assert_allclose(
        layer.running_variance, 1 - momentum + momentum * bias * variance, rtol=1e-6
    )
    dy = np.random.default_rng(2).normal(size=x.shape).astype("float32")
    dx, dgamma, dbeta = layer.backward(x, dy)
    np.testing.assert_allclose(dbeta, dy.sum(others), atol=1e-3)
    np.testing.assert_allclose(dgamma, (dy * standard).sum(others), atol=1e-3)
    expected = dy - dy.mean(others, keepdims=True)
    expected -= standard * (dy * standard).mean(others, keepdims=True)
    expected /= np.sqrt(variance + epsilon).reshape(shape)
    np.testing.assert_allclose(dx, expected, atol=1e-5)
    layer.gamma, layer.beta = [2, 3, 4], np.ones(3, "float32")
    again = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(again(x), layer(x))
    assert again.batches == 1 and again.gamma.tolist() == [2, 3, 4]
    assert repr(layer).startswith("BatchNorm(channels=3, ")
    with pytest.raises(ValueError):
        layer.gamma = [1, 2]
    with pytest.raises(ValueError, match="caffe"):
        mizumashi.BatchNorm(3, convention="caffe")
