"""Computes the golden figures of this crate: python make.py, in this folder.

rows.json: whitenings of rows by the textbook formulas in numpy, by scikit-learn's PCA, and by the
formula of Keras 3 (keras.src.legacy.preprocessing.image); Cholesky, ZCA-cor and PCA-cor by the
formulas of Kessy, Lewin and Strimmer (2018) with scipy's matrix functions; whitenings of the
covariances that scikit-learn's LedoitWolf and OAS estimate.
images.json: images whitened by keras-preprocessing's ImageDataGenerator, and colours by numpy.
patches.json: whitened patches of images and the convolutions by them, as the fast CIFAR-10 recipes
have them (Jordan, 2024: second moments about the origin, eigenvectors over the root of variance plus
epsilon, then the same negated) and as ZCA; windows by numpy, and one of them by scipy.signal again.

Inputs are whole eighths, the same numbers in f32 and f64; all arithmetic is in f64.
"""

import json
import warnings
from importlib.metadata import version

import numpy as np
from keras_preprocessing.image import ImageDataGenerator
from scipy.linalg import cholesky, fractional_matrix_power, sqrtm
from scipy.signal import correlate
from sklearn.covariance import LedoitWolf, OAS
from sklearn.decomposition import PCA

PACKAGES = ["keras-preprocessing", "numpy", "scikit-learn", "scipy"]
TOLERANCE = 1e-10


def draw(rng, n, d, rank=None):
    """n rows of d correlated values in eighths, off centre, about which they span `rank`."""
    mixing = rng.integers(-3, 4, (rank, d)) if rank else 3 * np.eye(d, dtype=int)
    if not rank:
        mixing += rng.integers(-1, 2, (d, d)) * (rng.random((d, d)) < 0.4)
    x = (rng.integers(-24, 25, (n, len(mixing))) @ mixing + rng.integers(-80, 81, d)) / 8
    assert np.linalg.matrix_rank(x - x.mean(axis=0)) == min(n - 1, rank or d)
    return x


def spectrum(x, n):
    """Kept eigenvalues of x^T x / n and their vectors, by the singular values of x."""
    u, s, _ = np.linalg.svd(x.T, full_matrices=False)
    kept = s**2 > TOLERANCE * s[0] ** 2
    u = u[:, kept]
    u *= np.sign(u[np.abs(u).argmax(axis=0), range(u.shape[1])])
    return s[kept] ** 2 / n, u


def textbook(name, x, probe, kind, epsilon):
    """W = U diag(1 / sqrt(lambda + epsilon)) U^T, or without the last factor."""
    mean = x.mean(axis=0)
    eigenvalues, u = spectrum(x - mean, len(x))
    matrix = (u / np.sqrt(eigenvalues + epsilon)).T
    matrix = u @ matrix if kind == "zca" else matrix
    return {
        "name": name,
        "options": {"kind": kind, "regularisation": {"eigenvalue": epsilon}},
        **figures(x, probe, mean, eigenvalues, matrix),
    }


def scikit(name, x, probe):
    """PCA(whiten=True), which divides by n - 1, put in terms of n; signs as the crate has them."""
    n = len(x)
    pca = PCA(whiten=True, svd_solver="full").fit(x)
    signs = np.sign(pca.components_[range(len(pca.components_)), np.abs(pca.components_).argmax(axis=1)])
    scale = signs * np.sqrt(n / (n - 1))
    matrix = (pca.components_.T / np.sqrt(pca.explained_variance_) * scale).T
    assert np.allclose(pca.transform(probe) * scale, (probe - pca.mean_) @ matrix.T)
    return {
        "name": name,
        "options": {"kind": "pca", "regularisation": {"eigenvalue": 0.0}},
        **figures(x, probe, pca.mean_, pca.explained_variance_ * (n - 1) / n, matrix),
    }


def keras_3(name, x, probe, epsilon):
    n = len(x)
    u, s, _ = np.linalg.svd(x.T, full_matrices=False)
    s_inv = np.sqrt(n) / (s + epsilon)
    matrix = (u * s_inv).dot(u.T)
    return {
        "name": name,
        "options": {
            "kind": "zca",
            "regularisation": {"singular_value": epsilon},
            "centring": "none",
            "rank_tolerance": 0.0,
        },
        **figures(x, probe, 0 * x[0], s**2 / n, matrix),
    }


def kessy(name, x, probe, kind):
    """By way of inverse and square root rather than eigenvectors, where the formula has none."""
    mean, covariance = x.mean(axis=0), np.cov(x.T, bias=True)
    deviations = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviations, deviations)
    theta, g = np.linalg.eigh(correlation)
    theta, g = theta[::-1], g[:, ::-1]
    g = g * np.sign(g[np.abs(g).argmax(axis=0), range(len(g))])
    eigenvalues = theta
    if kind == "cholesky":
        matrix = cholesky(np.linalg.inv(covariance), lower=True).T
        eigenvalues = np.linalg.eigvalsh(covariance)[::-1]
    elif kind == "zca_cor":
        matrix = fractional_matrix_power(correlation, -0.5) / deviations
    else:
        matrix = (g / np.sqrt(theta)).T / deviations
    assert np.allclose(matrix @ covariance @ matrix.T, np.eye(len(matrix)))
    return {
        "name": name,
        "options": {"kind": kind, "regularisation": {"eigenvalue": 0.0}},
        **figures(x, probe, mean, eigenvalues, matrix),
    }


def shrunk(name, x, probe, rule, estimator):
    """The symmetric root of the inverse of scikit-learn's estimate; all eigenvalues that n or fewer
    samples can tell."""
    fitted = estimator().fit(x)
    rank = min(len(x) - 1, x.shape[1])
    eigenvalues = np.linalg.eigvalsh(fitted.covariance_)[::-1][:rank]
    matrix = np.linalg.inv(sqrtm(fitted.covariance_).real)
    return {
        "name": name,
        "options": {"shrinkage": rule, "regularisation": {"eigenvalue": 0.0}},
        "shrinkage": fitted.shrinkage_,
        **figures(x, probe, fitted.location_, eigenvalues, matrix),
    }


def figures(x, probe, mean, eigenvalues, matrix):
    return {
        "rows": listed(8 * x),
        "probe": listed(8 * probe),
        "mean": listed(mean),
        "eigenvalues": listed(eigenvalues),
        "matrix": listed(matrix),
        "white": listed((probe - mean) @ matrix.T),
    }


def keras_preprocessing(name, images, epsilon):
    """The whole chain: a mean per channel is subtracted, then the images are whitened."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it sets featurewise_center, as ZCA needs it
        generator = ImageDataGenerator(zca_whitening=True, zca_epsilon=epsilon, dtype="float64")
    generator.fit(images)
    white = generator.standardize(images.copy())
    return {
        "name": name,
        "shape": images.shape,
        "epsilon": epsilon,
        "images": listed(8 * images),
        "white": listed(white),
        "std": float(white.std()),
    }


def colours(images, epsilon):
    """The pixels of all images as rows of three."""
    x = images.reshape(-1, 3)
    mean = x.mean(axis=0)
    eigenvalues, u = np.linalg.eigh(np.cov(x.T, bias=True))
    matrix = (u / np.sqrt(eigenvalues + epsilon)) @ u.T
    return {
        "shape": images.shape,
        "epsilon": epsilon,
        "images": listed(8 * images),
        "matrix": listed(matrix),
        "white": listed((x - mean) @ matrix),
    }


def convolve(images, weights, bias, stride=1):
    """Of images in channels last by weights (out, in, height, width), without padding."""
    windows = np.lib.stride_tricks.sliding_window_view(images, weights.shape[2:], axis=(1, 2))
    return np.einsum("nyxchw,ochw->nyxo", windows[:, ::stride, ::stride], weights) + bias


def patch_whitening(images, kind, size, epsilon, centred):
    """Weights and bias of the convolution by all outputs, and the mean of each channel."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
    x = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, size * size * images.shape[3])
    mean = x.mean(axis=0) if centred else 0 * x[0]
    second = (x - mean).T @ (x - mean) / len(x)
    eigenvalues, u = np.linalg.eigh(second)
    eigenvalues, u = eigenvalues[::-1], u[:, ::-1]
    u = u * np.sign(u[np.abs(u).argmax(axis=0), range(len(u))])
    matrix = (u / np.sqrt(eigenvalues + epsilon)).T
    matrix = u @ matrix if kind == "zca" else matrix
    weights = matrix.reshape(-1, size, size, images.shape[3]).transpose(0, 3, 1, 2)
    by_channel = mean.reshape(-1, images.shape[3]).mean(axis=0)
    return eigenvalues, weights, -matrix @ mean, by_channel


def patches(images, shown):
    layers = []
    eigenvalues, w, b, _ = patch_whitening(images, "pca", 2, 5e-4, centred=False)
    w, b = np.concatenate([w, -w]), np.concatenate([b, -b])
    plain = convolve(shown, w, b)
    again = correlate(shown[0].transpose(2, 0, 1), w[3], mode="valid")[0]
    assert np.allclose(plain[0, :, :, 3], again)
    layers.append(("doubled components", "pca", 2, 5e-4, "none", "valid", 1, eigenvalues, w, b, plain))
    stepped = convolve(shown, w, b, stride=2)
    layers.append(("of every other patch", "pca", 2, 5e-4, "none", "valid", 2, eigenvalues, w, b, stepped))

    eigenvalues, w, b, by_channel = patch_whitening(images, "zca", 3, 0.01, centred=True)
    middle = slice(4 * 3, 5 * 3)
    w, b = w[middle], b[middle]
    for padding in ["valid", "zeros", "mean", "nearest"]:
        if padding == "valid":
            padded = shown
        elif padding == "mean":
            padded = np.pad(shown - by_channel, [(0, 0), (1, 1), (1, 1), (0, 0)]) + by_channel
        else:
            mode = {"zeros": "constant", "nearest": "edge"}[padding]
            padded = np.pad(shown, [(0, 0), (1, 1), (1, 1), (0, 0)], mode=mode)
        white = convolve(padded, w, b)
        layers.append((f"zca, {padding}", "zca", 3, 0.01, "mean", padding, 1, eigenvalues, w, b, white))
    names = ["name", "kind", "size", "epsilon", "centring", "padding", "stride"]
    figures = ["eigenvalues", "weights", "bias", "white"]
    return [
        {**dict(zip(names, layer)), **{n: listed(x) for n, x in zip(figures, layer[len(names) :])}}
        for layer in layers
    ]


def listed(array):
    """Nested lists; whole numbers as such, others to twelve digits."""
    array = np.asarray(array)
    if array.ndim > 2:
        return listed(array.ravel())
    if array.ndim == 2:
        return [listed(row) for row in array]
    return [int(x) if x == round(x) else float(f"{x:.12g}") for x in array]


def write(name, **content):
    content = {"made_with": {package: version(package) for package in PACKAGES}, **content}
    with open(name, "w") as file:
        json.dump(content, file, separators=(",", ":"))
        file.write("\n")


def main():
    rng = np.random.default_rng(20260301)
    tall, probe = draw(rng, 40, 6), draw(rng, 3, 6)
    wide, wide_probe = draw(rng, 7, 20), draw(rng, 3, 20)
    flat, flat_probe = draw(rng, 30, 8, rank=3), draw(rng, 3, 8)
    write(
        "rows.json",
        cases=[
            textbook("more samples than values", tall, probe, "zca", 0.1),
            textbook("more samples than values, pca", tall, probe, "pca", 0.1),
            textbook("fewer samples than values", wide, wide_probe, "zca", 0.0),
            textbook("fewer samples than values, pca", wide, wide_probe, "pca", 0.5),
            textbook("rank three of eight", flat, flat_probe, "zca", 0.0),
            textbook("rank three of eight, pca", flat, flat_probe, "pca", 0.0),
            scikit("scikit-learn", tall, probe),
            keras_3("keras 3, more samples than values", tall, probe, 0.5),
            keras_3("keras 3, fewer samples than values", wide, wide_probe, 0.5),
            *(kessy(kind, tall, probe, kind) for kind in ["cholesky", "zca_cor", "pca_cor"]),
            shrunk("ledoit-wolf", tall, probe, "ledoit_wolf", LedoitWolf),
            shrunk("ledoit-wolf, fewer samples than values", wide, wide_probe, "ledoit_wolf", LedoitWolf),
            shrunk("oas", tall, probe, "oas", OAS),
            shrunk("oas, fewer samples than values", wide, wide_probe, "oas", OAS),
        ],
    )

    images = draw(rng, 40, 27).reshape(40, 3, 3, 3)
    picture = rng.integers(0, 256, (1, 16, 16, 3)) / 8
    write(
        "images.json",
        generator=[
            keras_preprocessing("forty images", images, 0.01),
            keras_preprocessing("a single picture", picture, 1e-6),
        ],
        colours=colours(images[:12], 0.01),
    )

    rng = np.random.default_rng(20261125)
    images = rng.integers(-40, 41, (6, 9, 8, 3))
    images = (images + np.roll(images, 1, axis=1) + np.roll(images, 1, axis=2) + 9) / 8
    write(
        "patches.json",
        shape=images.shape,
        images=listed(8 * images),
        layers=patches(images, images[:2]),
    )


main()
