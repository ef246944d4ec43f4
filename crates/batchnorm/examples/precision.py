"""Replaces the raw f32 values in a file, of so many columns, by PyTorch's batch normalisation of them."""

import sys

import numpy as np
import torch

x = np.fromfile(sys.argv[1], dtype="<f4").reshape(-1, int(sys.argv[2]))
y = torch.nn.BatchNorm1d(x.shape[1])(torch.from_numpy(x))
y.detach().numpy().astype("<f4").tofile(sys.argv[1])
