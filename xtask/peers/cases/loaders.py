"""What a flow is made from, and the ways a training loop gets its batches."""

import collections
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from . import Work, fastest, mapped


def inputs(params):
    images, labels = mapped(params["images"]), mapped(params["labels"])
    mean, std = (np.array(params[name], dtype=np.float32) for name in ("mean", "std"))
    return images, labels, mean, std


def sample_by_sample(sample, labels, params, threads, result, settings="", forks=True):
    """Work that makes `params["peer_batches"]` batches, by whichever way is fastest here.

    `sample(index)` returns an augmented image. The ways are the plain loop, which stacks the
    images of a batch, and either PyTorch's `DataLoader` with one worker process per thread, kept
    alive between epochs, or, for a library that does not survive a fork, a pool of threads.
    """
    batch, batches = params["batch"], params["peer_batches"]
    pool = ThreadPoolExecutor(threads)

    def in_process(each):
        random = np.random.default_rng(0)
        for _ in range(batches):
            indices = random.integers(0, len(labels), batch)
            last = stacked(list(each(sample, indices))), labels[indices]
        return last

    ways, closes = {"plain loop": lambda: in_process(map)}, [pool.shutdown]
    if forks:
        loader = worker_processes(sample, labels, batch, batches, threads)
        ways[f"DataLoader, workers: {threads}"] = lambda: collections.deque(loader, maxlen=1)
        closes.append(lambda: stop(loader))
    elif threads > 1:
        ways[f"{threads} threads"] = lambda: in_process(pool.map)
    name, run = fastest(ways)
    settings = "; ".join(filter(None, [settings, name]))

    def close():
        for each in closes:
            each()

    return Work(run, result, settings, items=batch * batches, close=close)


def stacked(images):
    if isinstance(images[0], np.ndarray):
        return np.stack(images)
    import torch

    return torch.stack(images)


def worker_processes(sample, labels, batch, batches, workers):
    from torch.utils.data import DataLoader, Dataset, RandomSampler

    class Samples(Dataset):
        def __len__(self):
            return len(labels)

        def __getitem__(self, index):
            return sample(index), labels[index]

    samples = Samples()
    return DataLoader(
        samples,
        batch,
        sampler=RandomSampler(samples, num_samples=batch * batches),
        num_workers=workers,
        persistent_workers=True,
        multiprocessing_context="fork",
    )


def stop(loader):
    if loader._iterator is not None:
        loader._iterator._shutdown_workers()


def batch_by_batch(make, labels, params, result, settings):
    """Work that makes the batches with `make(indices)`, which returns a whole batch."""
    batch, batches = params["batch"], params["peer_batches"]
    random = np.random.default_rng(0)

    def run():
        order = random.permutation(len(labels))
        starts = itertools.islice(itertools.cycle(range(0, len(labels), batch)), batches)
        for start in starts:
            indices = order[start : start + batch]
            last = make(indices), labels[indices]
        return last

    return Work(run, result, settings, items=batch * batches)


def next_by_next(flow, params, result, settings):
    """Work that takes the batches of an iterator."""
    batches = params["peer_batches"]

    def run():
        for _ in range(batches):
            last = next(flow)
        return last

    return Work(run, result, settings, items=params["batch"] * batches)
