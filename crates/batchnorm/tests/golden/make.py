"""Writes the golden figures of the batch normalisation tests.

pytorch.json: torch.nn.BatchNorm1d and BatchNorm2d, three training steps, then evaluation, with
gradients by autograd. keras.json: the formulas of Keras' BatchNormalization, in numpy.

    pip install -r requirements.txt && python make.py
"""

import json
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
STEPS = 3


def draw(rng, *shape):
    """Multiples of 1/256 around a mean per channel: the same numbers in f32 and f64."""
    values = rng.normal(size=shape) * 1.5
    means = rng.normal(size=shape[1]) * 4
    values += means.reshape(1, -1, *[1] * (len(shape) - 2))
    return np.round(values * 256) / 256


def listed(tensor):
    """Every value with the fewest digits that give its bits back, in row-major order."""
    return [float(str(value)) for value in np.asarray(tensor).ravel()]


def torch_figures(dtype, batches, gamma, beta, dy):
    module = torch.nn.BatchNorm1d if batches[0].ndim == 2 else torch.nn.BatchNorm2d
    layer = module(len(gamma)).to(dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(gamma))
        layer.bias.copy_(torch.tensor(beta))
    for batch in batches:
        figures = step(layer.train(), torch.tensor(batch, dtype=dtype), dy)
    return {
        "running_mean": listed(layer.running_mean),
        "running_variance": listed(layer.running_var),
        "training": figures,
        "evaluation": step(layer.eval(), torch.tensor(batches[-1], dtype=dtype), dy),
    }


def step(layer, x, dy):
    layer.zero_grad()
    x.requires_grad_()
    y = layer(x)
    y.backward(torch.tensor(dy, dtype=x.dtype))
    return {
        "y": listed(y.detach()),
        "dx": listed(x.grad),
        "dgamma": listed(layer.weight.grad),
        "dbeta": listed(layer.bias.grad),
    }


def torch_case(name, shape, seed, offset=0.0):
    rng = np.random.default_rng(seed)
    batches = [draw(rng, *shape) + offset for _ in range(STEPS)]
    gamma, beta = (draw(rng, 1, shape[1])[0] for _ in range(2))
    dy = draw(rng, *shape)
    return {
        "name": name,
        "shape": shape,
        "batches": [listed(batch) for batch in batches],
        "gamma": listed(gamma),
        "beta": listed(beta),
        "dy": listed(dy),
        "f64": torch_figures(torch.float64, batches, gamma, beta, dy),
        "f32": torch_figures(torch.float32, batches, gamma, beta, dy),
    }


def keras_case(shape, seed, momentum=0.99, epsilon=1e-3):
    rng = np.random.default_rng(seed)
    batches = [np.moveaxis(draw(rng, *shape), 1, -1) for _ in range(STEPS)]
    gamma, beta = (draw(rng, 1, shape[1])[0] for _ in range(2))
    moving_mean, moving_variance = np.zeros(shape[1]), np.ones(shape[1])
    for x in batches:
        axes = tuple(range(x.ndim - 1))
        mean, variance = x.mean(axes), x.var(axes)
        y = gamma * (x - mean) / np.sqrt(variance + epsilon) + beta
        moving_mean = moving_mean * momentum + mean * (1 - momentum)
        moving_variance = moving_variance * momentum + variance * (1 - momentum)
    inferred = gamma * (x - moving_mean) / np.sqrt(moving_variance + epsilon) + beta
    return {
        "shape": list(x.shape),
        "batches": [listed(batch) for batch in batches],
        "gamma": listed(gamma),
        "beta": listed(beta),
        "y": listed(y),
        "running_mean": listed(moving_mean),
        "running_variance": listed(moving_variance),
        "inferred": listed(inferred),
    }


def write(name, cases, **versions):
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    text = f'{{"versions":{json.dumps(versions)},"cases":[\n{lines}\n]}}\n'
    (HERE / name).write_text(text)


write(
    "pytorch.json",
    [
        torch_case("features", [7, 5], 1),
        torch_case("small planes", [4, 3, 2, 3], 2),
        torch_case("large planes", [3, 2, 5, 4], 3),
        torch_case("far from zero", [3, 2, 5, 4], 4, offset=1e4),
    ],
    torch=torch.__version__,
    numpy=np.__version__,
)
write("keras.json", [keras_case([3, 4, 3, 2], 5)], numpy=np.__version__)
