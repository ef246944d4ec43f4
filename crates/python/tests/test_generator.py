"""The drop-in's batches are Keras' batches, random numbers and all."""

import numpy as np
import pytest
from conftest import keras, made_up, ours

CASES = {
    "nothing": {},
    "tutorial": dict(
        featurewise_center=True,
        featurewise_std_normalization=True,
        rotation_range=20,
        width_shift_range=0.2,
        height_shift_range=0.2,
        horizontal_flip=True,
    ),
    "shifts by pixels": dict(width_shift_range=3.5, height_shift_range=2.0),
    "whole pixels": dict(width_shift_range=3, height_shift_range=4, rotation_range=10),
    "listed pixels": dict(width_shift_range=[-4, 0, 2], height_shift_range=[0.1, 0.2]),
    "shear and zoom": dict(shear_range=15.0, zoom_range=0.3, fill_mode="reflect"),
    "zoom between": dict(zoom_range=[0.5, 0.9], fill_mode="constant", cval=9.0),
    "wrapped": dict(rotation_range=45, fill_mode="wrap"),
    "nearest pixel": dict(rotation_range=30, interpolation_order=0),
    "cubic spline": dict(rotation_range=30, interpolation_order=3),
    "flips": dict(horizontal_flip=True, vertical_flip=True),
    "channel shift": dict(channel_shift_range=70.0, rotation_range=15, vertical_flip=True),
    "samplewise": dict(samplewise_center=True, samplewise_std_normalization=True, zoom_range=0.1),
    "samplewise center": dict(samplewise_center=True, rescale=0.5),
    "featurewise center": dict(featurewise_center=True, rescale=1 / 255, channel_shift_range=5.0),
    "all standardised": dict(
        featurewise_center=True,
        featurewise_std_normalization=True,
        samplewise_center=True,
        samplewise_std_normalization=True,
        rescale=0.1,
    ),
    "own function": dict(
        preprocessing_function=lambda x: x + np.random.uniform(0, 9), rotation_range=20
    ),
}


def generators(**arguments):
    return [module.ImageDataGenerator(**arguments) for module in (keras, ours)]


def assert_same_batches(expected, found, count=8, atol=1e-3):
    assert len(found) == len(expected)
    for _ in range(count):
        left, right = next(expected), next(found)
        left = left if isinstance(left, tuple) else (left,)
        right = right if isinstance(right, tuple) else (right,)
        assert len(left) == len(right)
        for one, other in zip(left, right):
            for one, other in zip(*(x if isinstance(x, list) else [x] for x in (one, other))):
                assert (other.dtype, other.shape) == (one.dtype, one.shape)
                np.testing.assert_allclose(other, one, atol=atol, rtol=1e-5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_batches(case, dtype, channels, data_format):
    x = made_up(10, 20, 24, channels).astype(dtype)
    x = np.moveaxis(x, 3, 1) if data_format == "channels_first" else x
    y = np.arange(10)
    flows = []
    for generator in generators(**CASES[case], data_format=data_format):
        generator.fit(x)
        flows.append(generator.flow(x, y, batch_size=4, seed=5))
    assert_same_batches(*flows)


def test_large_batches_draw_the_same():
    x = np.zeros((2500, 2, 2, 1), "uint8")
    x[:, 0] = 200
    flows = [
        generator.flow(x, batch_size=2500, seed=5)
        for generator in generators(rotation_range=90, vertical_flip=True, brightness_range=(0.2, 2))
    ]
    assert_same_batches(*flows, count=1, atol=1.0)


def test_batches_without_a_seed_follow_the_global_generator(images):
    batches = []
    for generator in generators(rotation_range=20, width_shift_range=3, brightness_range=(0.5, 1)):
        np.random.seed(11)
        flow = generator.flow(images, batch_size=4)
        batches.append(np.concatenate([next(flow) for _ in range(6)]))
    # A difference of rounding before the stretch to 8 bits may cost a level of brightness.
    np.testing.assert_allclose(batches[1], batches[0], atol=1.0)
    assert (batches[0] != batches[1]).mean() < 1e-3


def test_brightness_keeps_to_keras_where_nothing_is_interpolated(images):
    flows = [
        generator.flow(images, batch_size=4, seed=2)
        for generator in generators(
            brightness_range=[0.3, 1.5], horizontal_flip=True, samplewise_center=True
        )
    ]
    assert_same_batches(*flows, atol=1e-4)


def test_what_travels_along(images):
    weights, beside = np.linspace(0, 1, 10), [np.arange(10), np.arange(20).reshape(10, 2)]
    flows = [
        generator.flow((images, beside), np.arange(10), 4, sample_weight=weights, seed=1)
        for generator in generators(horizontal_flip=True)
    ]
    assert_same_batches(*flows)


@pytest.mark.parametrize("subset", ["training", "validation"])
def test_subsets(images, subset):
    y = np.array([0, 1] * 5)
    flows = [
        generator.flow(images, y, 3, seed=1, subset=subset)
        for generator in generators(validation_split=0.4)
    ]
    assert flows[0].n == flows[1].n
    assert_same_batches(*flows)


def test_indexing_epochs_and_reset(images):
    expected, found = (
        generator.flow(images, np.arange(10), 4, seed=1) for generator in generators(zoom_range=0.2)
    )
    for flow in (expected, found):
        np.random.seed(3)
        flow.on_epoch_end()
    for index in (2, 0, 1):
        for one, other in zip(expected[index], found[index]):
            np.testing.assert_allclose(other, one, atol=1e-3)
    assert found.total_batches_seen == expected.total_batches_seen == 3
    for flow in (expected, found):
        flow.reset()
    assert_same_batches(expected, found, count=4)
    with pytest.raises(ValueError):
        found[3]


def test_overridden_methods_are_called(images):
    def inverted(base):
        class Inverted(base):
            def standardize(self, x):
                return 255 - super().standardize(x)

            def get_random_transform(self, img_shape, seed=None):
                return {**super().get_random_transform(img_shape, seed), "theta": 10}

        return Inverted

    flows = [
        inverted(module.ImageDataGenerator)(zoom_range=0.2).flow(images, batch_size=4, seed=5)
        for module in (keras, ours)
    ]
    assert_same_batches(*flows)


def test_figures_of_any_shape(images):
    flows = []
    for generator in generators(featurewise_center=True):
        generator.mean = images.mean(0)
        flows.append(generator.flow(images, batch_size=4, seed=5))
    assert_same_batches(*flows)


def test_figures_of_a_fit(images):
    for augment in (False, True):
        expected, found = generators(
            featurewise_center=True,
            featurewise_std_normalization=True,
            rotation_range=20,
            rescale=0.5,
        )
        for generator in (expected, found):
            generator.fit(images, augment=augment, rounds=2, seed=4)
        for name in ("mean", "std"):
            left, right = getattr(expected, name), getattr(found, name)
            assert (right.shape, right.dtype) == (left.shape, left.dtype)
            np.testing.assert_allclose(right, left, rtol=1e-5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_zca(data_format):
    rng = np.random.default_rng(1)
    x = rng.normal(100, 40, (400, 4, 5, 3)).astype("float32")
    x[:, 1:] += x[:, :-1] / 2
    x = np.moveaxis(x, 3, 1) if data_format == "channels_first" else x
    with pytest.warns(UserWarning):
        expected, found = generators(zca_whitening=True, data_format=data_format)
    for generator in (expected, found):
        generator.fit(x)
    np.testing.assert_allclose(
        found.principal_components, expected.principal_components, atol=1e-5
    )
    flows = [generator.flow(x, batch_size=50, seed=1) for generator in (expected, found)]
    assert_same_batches(*flows)
    found.principal_components = found.principal_components
    flows = [generator.flow(x, batch_size=50, seed=1) for generator in (expected, found)]
    assert_same_batches(*flows)


def test_single_images(images):
    x = images[0].astype("float32")
    expected, found = generators(
        rotation_range=20, width_shift_range=[1, 2], channel_shift_range=9.0, horizontal_flip=True
    )
    for seed in range(5):
        left, right = (g.get_random_transform(x.shape, seed) for g in (expected, found))
        assert left == right
        left, right = (g.random_transform(x, seed) for g in (expected, found))
        np.testing.assert_allclose(right, left, atol=1e-3)


def test_standardize_changes_in_place(module, images):
    generator = module.ImageDataGenerator(rescale=0.5)
    x = images[:2].astype("float32")
    assert generator.standardize(x) is x
    np.testing.assert_array_equal(x, images[:2] * np.float32(0.5))


def test_saving(tmp_path, images):
    for module, name in ((keras, "keras"), (ours, "ours")):
        (tmp_path / name).mkdir()
        generator = module.ImageDataGenerator(rescale=0.5)
        next(generator.flow(images, batch_size=4, seed=1, save_to_dir=tmp_path / name))
    expected, found = (
        sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("keras", "ours")
    )
    assert found == expected


@pytest.mark.parametrize("arguments", [dict(interpolation_order=6), dict(fill_mode="mirror")])
def test_resampling_is_checked_where_pixels_move(arguments, images):
    flows = [
        generator.flow(images, batch_size=4, seed=1)
        for generator in generators(horizontal_flip=True, **arguments)
    ]
    assert_same_batches(*flows)
    turning = ours.ImageDataGenerator(rotation_range=20, **arguments)
    with pytest.raises(RuntimeError):
        next(turning.flow(images))
