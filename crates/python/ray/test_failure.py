"""A node that is lost in the middle of a fit, and a Python without Ray."""

import subprocess
import sys
import threading
import time

import ray
from conftest import SHARDS, start, stop

import mizumashi
import mizumashi.ray
from mizumashi import Covariance, Moments


def test_a_node_killed_in_the_middle_of_a_fit_changes_nothing(generated_set, tmp_path):
    cluster = start(1, num_cpus=0)
    try:
        nodes = [cluster.add_node(num_cpus=1, object_store_memory=400 << 20) for _ in range(2)]
        cluster.wait_for_nodes()
        folder = str(tmp_path)

        def slow(batch):
            """Notes where and when a block was read, and takes its time."""
            import os
            import time
            import uuid

            node = ray.get_runtime_context().get_node_id()
            with open(os.path.join(folder, f"{uuid.uuid4()}"), "w") as note:
                note.write(f"{node} {batch['index'].min()}")
            time.sleep(1)
            return batch

        def notes():
            return [tuple(file.read_text().split()) for file in tmp_path.iterdir()]

        dataset = generated_set.read(1).map_batches(slow, batch_size=None)
        states = Moments(), Covariance()
        found = []
        fit = threading.Thread(
            target=lambda: found.extend(mizumashi.ray.gather(dataset, *states))
        )
        fit.start()
        # Both nodes have done blocks, whose states are in their memory, and more are to come.
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            by_node = [node for node, *_ in notes()]
            if len(set(by_node)) == 2 and len(by_node) >= 6:
                break
            time.sleep(0.05)
        begun = notes()
        assert 6 <= len(begun) < SHARDS and len({node for node, *_ in begun}) == 2, begun
        cluster.remove_node(nodes[1], allow_graceful=False)
        fit.join(timeout=120)
        assert not fit.is_alive()

        again = notes()
        assert len({block for _, block in again}) == SHARDS
        assert len(again) > SHARDS, "blocks of the lost node were read again"
        alone = Moments(), Covariance()
        for state in alone:
            state.update(generated_set.images)
        assert [state.to_bytes() for state in found] == [state.to_bytes() for state in alone]
    finally:
        stop(cluster)


def test_without_ray_the_module_says_what_to_install():
    script = (
        "import sys; sys.modules['ray'] = None\n"
        "import mizumashi\n"
        "import mizumashi.ray\n"
    )
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert outcome.returncode == 1
    assert 'ImportError: mizumashi.ray needs Ray Data' in outcome.stderr
    assert 'pip install "mizumashi[ray]"' in outcome.stderr


def test_an_index_keys_itself_and_a_path_by_its_hash():
    example = mizumashi.ray.sample_index.__doc__.split(">>> ")[1].splitlines()
    assert eval(example[0], vars(mizumashi.ray)) == eval(example[1])
    assert mizumashi.ray.sample_index("a") == mizumashi.ray.sample_index(b"a")
    assert mizumashi.ray.sample_index("a") != mizumashi.ray.sample_index("b")

