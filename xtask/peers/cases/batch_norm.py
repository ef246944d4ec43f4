"""Passes of PyTorch's batch normalisation on a batch in float32 whose second axis is the channels.

"PyTorch" is the layer as a model uses it, which allocates its output at every step; "PyTorch,
out=" calls the operator beneath it on memory that is kept.
"""

import numpy as np
import torch

from . import Work, mapped

EPSILON, MOMENTUM = 1e-5, 0.1


def inputs(params, threads):
    torch.set_num_threads(threads)
    return torch.from_numpy(mapped(params["x"])), torch.from_numpy(mapped(params["dy"]))


def layer(x):
    kind = torch.nn.BatchNorm1d if x.ndim == 2 else torch.nn.BatchNorm2d
    return kind(x.shape[1], eps=EPSILON, momentum=MOMENTUM)


def forward(params, threads):
    x, _ = inputs(params, threads)
    norm = layer(x)

    def run():
        with torch.no_grad():
            return norm(x)

    return Work(run, first(run()), "nn.BatchNorm, no_grad")


def forward_backward(params, threads):
    x, dy = inputs(params, threads)
    norm = layer(x)
    x.requires_grad_()

    def run():
        x.grad = None
        norm.zero_grad(set_to_none=True)
        norm(x).backward(dy)
        return x.grad

    return Work(run, first(run()), "nn.BatchNorm, autograd")


def inference(params, threads):
    x, _ = inputs(params, threads)
    norm = layer(x).eval()

    def run():
        with torch.no_grad():
            return norm(x)

    return Work(run, first(run()), "nn.BatchNorm, eval, no_grad")


def forward_into(params, threads):
    x, _ = inputs(params, threads)
    step = Operators(x)
    step.forward()
    return Work(step.forward, first(step.y), "aten::native_batch_norm.out")


def forward_backward_into(params, threads):
    x, dy = inputs(params, threads)
    step = Operators(x)

    def run():
        step.forward()
        step.backward(dy)

    run()
    return Work(run, first(step.dx), "aten::native_batch_norm(_backward).out")


def inference_into(params, threads):
    x, _ = inputs(params, threads)
    step = Operators(x)

    def run():
        step.forward(training=False)

    run()
    return Work(run, first(step.y), "aten::native_batch_norm.out, eval")


class Operators:
    """The operators beneath the layer, with their results in memory of our own."""

    def __init__(self, x):
        channels = x.shape[1]
        self.x, self.y, self.dx = x, torch.empty_like(x), torch.empty_like(x)
        self.weight, self.bias = torch.ones(channels), torch.zeros(channels)
        self.running_mean, self.running_var = torch.zeros(channels), torch.ones(channels)
        self.mean, self.inv_std = torch.empty(channels), torch.empty(channels)
        self.dweight, self.dbias = torch.empty(channels), torch.empty(channels)

    def forward(self, training=True):
        torch.ops.aten.native_batch_norm.out(
            self.x,
            self.weight,
            self.bias,
            self.running_mean,
            self.running_var,
            training,
            MOMENTUM,
            EPSILON,
            out=self.y,
            save_mean=self.mean,
            save_invstd=self.inv_std,
        )

    def backward(self, dy):
        torch.ops.aten.native_batch_norm_backward.out(
            dy,
            self.x,
            self.weight,
            self.running_mean,
            self.running_var,
            self.mean,
            self.inv_std,
            True,
            EPSILON,
            [True, True, True],
            out0=self.dx,
            out1=self.dweight,
            out2=self.dbias,
        )


def first(values):
    """Of the first sample: the statistics behind them are those of the whole batch."""
    return values[:1].detach().numpy().astype(np.float32)


PEERS = {
    ("batchnorm-forward", "PyTorch"): forward,
    ("batchnorm-forward", "PyTorch, out="): forward_into,
    ("batchnorm-inference", "PyTorch"): inference,
    ("batchnorm-inference", "PyTorch, out="): inference_into,
    ("batchnorm-forward-backward", "PyTorch"): forward_backward,
    ("batchnorm-forward-backward", "PyTorch, out="): forward_backward_into,
}
