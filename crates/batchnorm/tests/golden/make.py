"""Writes the golden figures of the batch normalisation tests.

- pytorch.json: torch.nn.BatchNorm1d, 2d and 3d: three training steps, then evaluation, with
  gradients by autograd, in both precisions.
- keras.json: keras.layers.BatchNormalization on the PyTorch backend, in float64.
- relatives.json: torch.nn.LayerNorm, GroupNorm and InstanceNorm, in float64.
- pytorch.safetensors, keras.safetensors: trained layers as their frameworks name their parts.

    pip install -r requirements.txt && python make.py
"""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import safetensors
import torch
from keras.src.backend.common.dtypes import BIT64_TO_BIT32_DTYPE
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import save_file as save_torch

HERE = Path(__file__).parent
STEPS = 3

keras.config.set_floatx("float64")
# On this backend its layers round float64 to float32 inside, as JAX does unless told otherwise.
BIT64_TO_BIT32_DTYPE["float64"] = "float64"
# Keras adds this to the sum of a mask.
keras.config.set_epsilon(1e-300)


def draw(rng, *shape):
    """Multiples of 1/256 around a mean per channel: the same numbers in f32 and f64."""
    values = rng.normal(size=shape) * 1.5
    means = rng.normal(size=shape[1]) * 4
    values += means.reshape(1, -1, *[1] * (len(shape) - 2))
    return np.round(values * 256) / 256


def listed(tensor):
    """Every value with the fewest digits that give its bits back, in row-major order."""
    if tensor is None:
        return []
    return [float(str(value)) for value in np.asarray(tensor).ravel()]


def torch_figures(dtype, batches, gamma, beta, dy, options):
    modules = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d}
    modules |= {4: torch.nn.BatchNorm2d, 5: torch.nn.BatchNorm3d}
    layer = modules[batches[0].ndim](len(gamma), **options).to(dtype)
    if layer.affine:
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
    weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
    return {
        "y": listed(y.detach()),
        "dx": listed(x.grad),
        "dgamma": listed(None if weight is None else weight.grad),
        "dbeta": listed(None if bias is None else bias.grad),
    }


def torch_case(name, shape, seed, offset=0.0, **options):
    rng = np.random.default_rng(seed)
    batches = [draw(rng, *shape) + offset for _ in range(STEPS)]
    gamma, beta = (draw(rng, 1, shape[1])[0] for _ in range(2))
    dy = draw(rng, *shape)
    return {
        "name": name,
        "shape": shape,
        "affine": options.get("affine", True),
        "cumulative": "momentum" in options,
        "tracking": options.get("track_running_stats", True),
        "batches": [listed(batch) for batch in batches],
        "gamma": listed(gamma),
        "beta": listed(beta),
        "dy": listed(dy),
        "f64": torch_figures(torch.float64, batches, gamma, beta, dy, options),
        "f32": torch_figures(torch.float32, batches, gamma, beta, dy, options),
    }


def keras_case(name, shape, seed, masked=False, renorm=None, trainable=True, **options):
    """`shape` is NCHW here; the layer gets NHWC."""
    rng = np.random.default_rng(seed)
    batches = [np.moveaxis(draw(rng, *shape), 1, -1) for _ in range(STEPS)]
    gamma, beta = (draw(rng, 1, shape[1])[0] for _ in range(2))
    dy = np.moveaxis(draw(rng, *shape), 1, -1)
    mask = rng.random(dy.shape[:-1]) < 0.6 if masked else None
    clipping = renorm and {"rmax": renorm[0], "rmin": 1 / renorm[0], "dmax": renorm[1]}
    layer = keras.layers.BatchNormalization(
        dtype="float64", renorm=bool(renorm), renorm_clipping=clipping, **options
    )
    layer.build(dy.shape)
    layer.trainable = trainable
    if layer.scale:
        layer.gamma.assign(gamma)
    if layer.center:
        layer.beta.assign(beta)
    for batch in batches:
        if renorm:
            # Ours are the running statistics; Keras has a second set for this.
            layer.renorm_mean.assign(layer.moving_mean)
            std = np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
            layer.renorm_stddev.assign(std)
        x = torch.tensor(batch, requires_grad=True)
        for weight in layer.weights:
            weight.value.grad = None
        y = layer(x, training=True, mask=None if mask is None else torch.tensor(mask))
        if renorm:
            break  # Keras follows the deviation, where we follow the variance.
    y.backward(torch.tensor(dy))
    gradient = lambda weight: None if weight is None else weight.value.grad
    inferred = layer(torch.tensor(batches[-1]), training=False)
    return {
        "name": name,
        "shape": list(dy.shape),
        "scale": layer.scale,
        "center": layer.center,
        "trainable": trainable,
        "renorm": renorm,
        "batches": [listed(batch) for batch in (batches[:1] if renorm else batches)],
        "mask": None if mask is None else listed(mask.astype(float)),
        "gamma": listed(gamma),
        "beta": listed(beta),
        "dy": listed(dy),
        "y": listed(y.detach()),
        "dx": listed(x.grad),
        "dgamma": listed(gradient(layer.gamma)) if trainable else None,
        "dbeta": listed(gradient(layer.beta)) if trainable else None,
        "running_mean": None if renorm else listed(layer.moving_mean.value.detach()),
        "running_variance": None if renorm else listed(layer.moving_variance.value.detach()),
        "inferred": None if renorm else listed(inferred.detach()),
    }


def relative(kind, shape, seed, layer, **arguments):
    rng = np.random.default_rng(seed)
    x, dy = (draw(rng, *shape) for _ in range(2))
    layer = layer.double()
    parameters = {}
    if layer.weight is not None:
        for name in ("weight", "bias"):
            values = draw(rng, 1, getattr(layer, name).numel())[0]
            with torch.no_grad():
                getattr(layer, name).copy_(torch.tensor(values).reshape(getattr(layer, name).shape))
            parameters[name] = listed(values)
    return {
        "kind": kind,
        "shape": shape,
        **arguments,
        "epsilon": layer.eps,
        "gamma": parameters.get("weight", []),
        "beta": parameters.get("bias", []),
        "x": listed(x),
        "dy": listed(dy),
        "expected": step(layer, torch.tensor(x), dy),
    }


def write(name, cases, **versions):
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    text = f'{{"versions":{json.dumps(versions)},"cases":[\n{lines}\n]}}\n'
    (HERE / name).write_text(text)


versions = {"torch": torch.__version__, "numpy": np.__version__}
write(
    "pytorch.json",
    [
        torch_case("features", [7, 5], 1),
        torch_case("small planes", [4, 3, 2, 3], 2),
        torch_case("large planes", [3, 2, 5, 4], 3),
        torch_case("far from zero", [3, 2, 5, 4], 4, offset=1e4),
        torch_case("sequences", [4, 3, 18], 6),
        torch_case("volumes", [2, 3, 2, 3, 4], 7),
        torch_case("cumulative", [6, 4], 8, momentum=None),
        torch_case("no gamma and beta", [3, 2, 4, 4], 9, affine=False),
        torch_case("no running statistics", [3, 2, 2, 3], 10, track_running_stats=False),
    ],
    **versions,
)
write(
    "keras.json",
    [
        keras_case("plain", [3, 4, 3, 2], 5),
        keras_case("features", [6, 3], 11),
        keras_case("no gamma", [3, 4, 3, 2], 12, scale=False),
        keras_case("no beta", [3, 4, 3, 2], 13, center=False),
        keras_case("masked", [3, 4, 3, 3], 14, masked=True),
        keras_case("masked features", [9, 3], 15, masked=True),
        keras_case("renormalised", [3, 4, 3, 2], 16, renorm=[3.0, 5.0]),
        keras_case("renormalised and clipped", [3, 4, 3, 2], 17, renorm=[1.25, 0.5]),
        keras_case("frozen", [3, 4, 3, 2], 18, trainable=False),
    ],
    keras=keras.__version__,
    **versions,
)
write(
    "relatives.json",
    [
        relative("layer", [5, 7], 20, torch.nn.LayerNorm(7), axes=[7]),
        relative("layer", [3, 4, 2, 9], 21, torch.nn.LayerNorm([2, 9]), axes=[2, 9]),
        relative(
            "layer", [4, 33], 22, torch.nn.LayerNorm(33, elementwise_affine=False), axes=[33]
        ),
        relative("group", [3, 6, 2, 3], 23, torch.nn.GroupNorm(2, 6), groups=2),
        relative("group", [2, 4, 5, 4], 24, torch.nn.GroupNorm(4, 4), groups=4),
        relative("group", [5, 8], 25, torch.nn.GroupNorm(2, 8), groups=2),
        relative("group", [3, 4, 17], 26, torch.nn.GroupNorm(1, 4, affine=False), groups=1),
        relative(
            "instance", [3, 4, 3, 2], 27, torch.nn.InstanceNorm2d(4, affine=True), groups=4
        ),
        relative("instance", [3, 4, 19], 28, torch.nn.InstanceNorm1d(4), groups=4),
    ],
    **versions,
)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bn1 = torch.nn.BatchNorm2d(3)
        self.bn2 = torch.nn.BatchNorm2d(3, affine=False)

    def forward(self, x):
        return self.bn2(self.bn1(x))


rng = np.random.default_rng(30)
model = Model()
with torch.no_grad():
    model.bn1.weight.copy_(torch.tensor(draw(rng, 1, 3)[0]))
    model.bn1.bias.copy_(torch.tensor(draw(rng, 1, 3)[0]))
for _ in range(STEPS):
    model(torch.tensor(draw(rng, 4, 3, 2, 2), dtype=torch.float32))
save_torch(model.state_dict(), HERE / "pytorch.safetensors")
x = torch.tensor(draw(rng, 2, 3, 1, 2), dtype=torch.float32)
inferred = {"x": listed(x), "y": listed(model.eval()(x).detach())}

layer = keras.layers.BatchNormalization(dtype="float32")
for _ in range(STEPS):
    layer(draw(rng, 8, 3).astype("float32"), training=True)
save_numpy(
    {f"bn/{weight.name}": np.asarray(weight.value.detach()) for weight in layer.weights},
    HERE / "keras.safetensors",
)
x = draw(rng, 2, 3).astype("float32")
write(
    "files.json",
    [inferred, {"x": listed(x), "y": listed(layer(x, training=False).detach())}],
    keras=keras.__version__,
    safetensors=safetensors.__version__,
    **versions,
)
