"""States of statistics: bytes, pickles, merging, and fits from them."""

import pickle

import numpy as np
import pytest
from conftest import made_up

import mizumashi
from mizumashi import Covariance, Moments

KINDS = [Moments, lambda: Covariance("channels"), Covariance]


def of(kind, images):
    state = kind()
    state.update(images)
    return state


@pytest.mark.parametrize("kind", KINDS)
def test_states_of_bytes_are_the_same_in_whichever_order(kind):
    images = made_up(11, 6, 5, 3)
    whole = of(kind, images)
    parts = [of(kind, part) for part in np.array_split(images, 4)]
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        merged = kind()
        for place in order:
            merged.merge(pickle.loads(pickle.dumps(parts[place])))
        assert merged.to_bytes() == whole.to_bytes()
    assert parts[0].to_bytes() == of(kind, images[:3]).to_bytes()
    assert type(whole).from_bytes(whole.to_bytes()).to_bytes() == whole.to_bytes()
    assert whole.nbytes > kind().nbytes or kind is KINDS[1]


@pytest.mark.parametrize("kind", KINDS)
def test_states_of_floats_and_of_nothing_survive(kind):
    images = made_up(8, 6, 5, 3).astype(np.float32) / 7
    state = pickle.loads(pickle.dumps(of(kind, images)))
    np.testing.assert_array_equal(state.mean, of(kind, images).mean)
    nothing = pickle.loads(pickle.dumps(kind()))
    nothing.merge(state)
    np.testing.assert_array_equal(nothing.mean, state.mean)
    with pytest.raises(ValueError, match="are mixed"):
        state.merge(of(kind, made_up(2, 6, 5, 3)))


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_are_no_state_are_refused(kind):
    state = of(kind, made_up(3, 6, 5, 3))
    data = state.to_bytes()
    rng = np.random.default_rng(0)
    for end in rng.integers(0, len(data), 50):
        with pytest.raises(ValueError, match="are no state of"):
            type(state).from_bytes(data[:end])
        damaged = bytearray(data)
        damaged[end] ^= 4
        with pytest.raises(ValueError, match="are no state of"):
            type(state).from_bytes(bytes(damaged))
    other = Moments if kind is not Moments else Covariance
    with pytest.raises(ValueError, match="read it as the type that it was written from"):
        other.from_bytes(data)
    with pytest.raises(TypeError):
        type(state).from_bytes("text")


def test_covariances_are_those_of_numpy():
    images = made_up(40, 3, 4, 3)
    rows = images.reshape(40, -1).astype(float)
    covariance = of(Covariance, images)
    np.testing.assert_allclose(covariance.matrix(), np.cov(rows.T, ddof=0), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(covariance.mean, rows.mean(0), rtol=1e-12)
    colours = of(KINDS[1], images)
    pixels = images.reshape(-1, 3).astype(float)
    np.testing.assert_allclose(colours.matrix(), np.cov(pixels.T, ddof=0), rtol=1e-12)
    assert (colours.count, covariance.count, colours.over) == (480, 40, "channels")
    with pytest.raises(ValueError, match='"pixels" or "channels"'):
        Covariance("patches")


def test_a_generator_is_fitted_by_states():
    images = made_up(60, 4, 4, 3)
    arguments = dict(
        featurewise_center=True,
        featurewise_std_normalization=True,
        zca_whitening=True,
        zca_epsilon=1e-3,
        rescale=1 / 255,
    )
    alone = mizumashi.ImageDataGenerator(**arguments).fit(images)
    datagen = mizumashi.ImageDataGenerator(**arguments)
    assert datagen.needs == ["moments", "covariance"]
    moments, covariance = of(Moments, images), of(Covariance, images)
    assert datagen.fit_moments(moments, covariance) is datagen
    assert (datagen.mean, datagen.std) == (alone.mean, alone.std)
    np.testing.assert_allclose(datagen.standardize(images), alone.standardize(images), atol=2e-3)
    for wrong in (None, of(KINDS[1], images), of(Covariance, images[:50]), Covariance()):
        with pytest.raises(ValueError, match="covariance"):
            datagen.fit_moments(moments, wrong)
    with pytest.raises(ValueError, match="at least one image"):
        datagen.fit_moments(Moments(), covariance)
    samplewise = mizumashi.ImageDataGenerator(samplewise_center=True, featurewise_center=True)
    with pytest.raises(ValueError, match="call fit"):
        samplewise.fit_moments(moments)
    assert mizumashi.ImageDataGenerator(rotation_range=3).needs == []


def test_a_whitening_is_fitted_by_a_covariance():
    images = made_up(60, 4, 4, 3)
    found = mizumashi.Whitening.from_covariance(of(Covariance, images), epsilon=1e-2)
    expected = mizumashi.Whitening.fit(images, epsilon=1e-2)
    np.testing.assert_array_equal(found.apply(images), expected.apply(images))
    with pytest.raises(ValueError):
        mizumashi.Whitening.from_covariance(Covariance())
