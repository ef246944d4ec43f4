"""Images in Parquet files, and clusters of several nodes on this machine."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
from ray.cluster_utils import Cluster

SHARDS = 11
"""Files that a set is parted into: no power of two, so that the tree of merges is uneven."""


class Set:
    """Images in memory, and the same in shards on disk."""

    def __init__(self, images, labels, folder):
        self.images = images
        self.labels = labels
        parts = np.array_split(np.arange(len(images)), SHARDS)
        self.files = [str(folder / f"{place}.parquet") for place in range(SHARDS)]
        for part, file in zip(parts, self.files):
            tensor = pa.FixedShapeTensorArray.from_numpy_ndarray(images[part])
            table = pa.table({"image": tensor, "index": part, "label": labels[part]})
            pq.write_table(table, file)

    def read(self, seed):
        """The shards by Ray's reader, a block each, in an order of their own."""
        order = np.random.default_rng(seed).permutation(SHARDS)
        files = [self.files[place] for place in order]
        # The second version of the reader makes one block of small files, whatever it is told.
        ray.data.DataContext.get_current().use_datasource_v2 = False
        dataset = ray.data.read_parquet(files, override_num_blocks=SHARDS)
        return dataset.randomize_block_order(seed=seed)


def cifar():
    """Training images and labels of CIFAR-10, or a skipped test that says why."""
    beside = Path(__file__).parents[3] / "../shared/data/cifar-10-batches-bin"
    folder = Path(os.environ.get("MIZUMASHI_CIFAR10", beside))
    if not (folder / "data_batch_1.bin").exists():
        pytest.skip(f"CIFAR-10 is not in {folder}; MIZUMASHI_CIFAR10 may name its folder")
    # As many of the five as there are.
    files = sorted(folder.glob("data_batch_[1-5].bin"))
    records = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, 3073) for file in files])
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), records[:, 0].astype(np.int64)


def generated():
    """Smooth pictures with noise, 613 of 8x10 pixels."""
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[:8, :10]
    phases = rng.uniform(0, 6, (613, 1, 1, 3))
    waves = np.sin(rows[..., None] / 3 + phases) + np.cos(columns[..., None] / 4 - phases)
    images = np.clip(128 + 50 * (waves + rng.normal(0, 0.4, (613, 8, 10, 3))), 0, 255)
    return images.astype(np.uint8), np.arange(613) % 10


@pytest.fixture(scope="session")
def generated_set(tmp_path_factory):
    return Set(*generated(), tmp_path_factory.mktemp("generated"))


@pytest.fixture(scope="session")
def cifar_set(tmp_path_factory):
    return Set(*cifar(), tmp_path_factory.mktemp("cifar"))


@pytest.fixture(scope="session", params=["generated_set", "cifar_set"])
def data(request):
    return request.getfixturevalue(request.param)


def start(nodes, **head):
    """A cluster of so many nodes, and this process as its driver.

    A node says that it has two cores: an actor takes one, and would else leave none for reading.
    """
    node = {"num_cpus": 2, "object_store_memory": 400 << 20}
    cluster = Cluster(initialize_head=True, head_node_args={**node, **head})
    for _ in range(nodes - 1):
        cluster.add_node(**node)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False)
    return cluster


def stop(cluster):
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module", params=[1, 2, 4], ids=["1-node", "2-nodes", "4-nodes"])
def cluster(request):
    cluster = start(request.param)
    assert sum(node["Alive"] for node in ray.nodes()) == request.param
    yield cluster
    stop(cluster)
