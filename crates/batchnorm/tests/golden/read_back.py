"""Loads a file of ours into a PyTorch layer and prints, as JSON, what it infers and counts.

    python read_back.py FILE X.json
"""

import json
import sys

import torch
from safetensors.torch import load_file

state = {name.removeprefix("bn1."): value for name, value in load_file(sys.argv[1]).items()}
layer = torch.nn.BatchNorm2d(len(state["weight"]))
layer.load_state_dict(state, strict=True)
with open(sys.argv[2]) as file:
    x = torch.tensor(json.load(file), dtype=torch.float32)
y = layer.eval()(x.reshape(-1, len(state["weight"]), 2, 2))
print(json.dumps({"y": y.detach().flatten().tolist(), "batches": int(layer.num_batches_tracked)}))
