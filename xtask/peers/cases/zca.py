"""ZCA whitening of rows: finding the matrix, and applying it.

A fit gives W = V diag(1 / sqrt(l + epsilon)) V', with l and V the eigenvalues and eigenvectors of
the population covariance. What is compared is what it makes of the first rows. All compute in
float32, but for PyTorch once more in float64, in which ours solves; the conversion of uint8 rows is
included in their time.
"""

import numpy as np

from . import Work, mapped


def keras_formula(params, threads):
    """keras-preprocessing 1.1.2, `ImageDataGenerator.fit`, on rows centred value by value."""
    from scipy import linalg

    rows, epsilon = mapped(params["rows"]), params["epsilon"]

    def run():
        x = np.copy(np.asarray(rows, dtype=np.float32))
        mean = np.mean(x, axis=0)
        x -= mean
        sigma = np.dot(x.T, x) / x.shape[0]
        u, s, _ = linalg.svd(sigma)
        s_inv = 1.0 / np.sqrt(s[np.newaxis] + epsilon)
        return mean, (u * s_inv).dot(u.T)

    mean, matrix = run()
    return Work(run, (first(rows, params) - mean) @ matrix, "scipy.linalg.svd")


def scikit_learn(params, threads):
    """PCA with whitening; the rotation back, which makes it ZCA, is left out of the time."""
    from sklearn.decomposition import PCA

    rows, epsilon = mapped(params["rows"]), params["epsilon"]

    def run():
        # The solver that its documentation recommends for many more samples than values.
        return PCA(whiten=True, svd_solver="covariance_eigh").fit(rows.astype(np.float32))

    pca = run()
    variance = pca.explained_variance_ * (len(rows) - 1) / len(rows)
    scores = (first(rows, params) - pca.mean_) @ pca.components_.T
    result = scores / np.sqrt(variance + epsilon) @ pca.components_
    return Work(run, result, "PCA(whiten=True), covariance_eigh")


def pytorch(params, threads):
    import torch

    return pytorch_in(params, threads, torch.float32)


def pytorch_in_double(params, threads):
    import torch

    return pytorch_in(params, threads, torch.float64)


def pytorch_in(params, threads, precision):
    import torch

    torch.set_num_threads(threads)
    rows, epsilon = torch.from_numpy(mapped(params["rows"])), params["epsilon"]

    def run():
        x = rows.to(precision)
        mean = x.mean(dim=0)
        x = x - mean
        variance, vectors = torch.linalg.eigh(x.T @ x / len(x))
        gains = (variance.clamp(min=0) + epsilon).rsqrt()
        return mean, (vectors * gains) @ vectors.T

    mean, matrix = run()
    result = (torch.from_numpy(first(rows.numpy(), params)).to(precision) - mean) @ matrix
    return Work(run, result.float().numpy(), f"eigh of the covariance, {precision}")


def numpy_apply(params, threads):
    rows, mean, matrix = (mapped(params[name]) for name in ("rows", "mean", "matrix"))
    batch = params["batch"]

    def run():
        for start in range(0, len(rows), batch):
            last = (rows[start : start + batch].astype(np.float32) - mean) @ matrix
        return last

    result = (first(rows, params) - mean) @ matrix
    return Work(run, result, f"batches of {batch}", items=len(rows))


def pytorch_apply(params, threads):
    import torch

    torch.set_num_threads(threads)
    rows, mean, matrix = (
        torch.from_numpy(mapped(params[name])) for name in ("rows", "mean", "matrix")
    )
    batch, whitened = params["batch"], torch.empty(params["batch"], len(mean))

    def run():
        for start in range(0, len(rows), batch):
            x = rows[start : start + batch]
            torch.mm(x.float().sub_(mean), matrix, out=whitened[: len(x)])

    result = (torch.from_numpy(first(rows.numpy(), params)) - mean) @ matrix
    return Work(run, result.numpy(), f"batches of {batch}, mm(out=)", items=len(rows))


def first(rows, params):
    return rows[: params["compared"]].astype(np.float32)


PEERS = {
    ("zca-fit", "Keras' formula"): keras_formula,
    ("zca-fit", "scikit-learn"): scikit_learn,
    ("zca-fit", "PyTorch"): pytorch,
    ("zca-fit", "PyTorch, float64"): pytorch_in_double,
    ("zca-apply", "NumPy"): numpy_apply,
    ("zca-apply", "PyTorch"): pytorch_apply,
}
