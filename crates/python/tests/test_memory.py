"""Memory of batches is used again, and never while anybody can see it; work goes on after a fork."""

import os
import signal
import sys

import numpy as np
import pytest
from conftest import made_up

import mizumashi


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_once_nobody_has_it():
    flow = mizumashi.ImageDataGenerator(rotation_range=20).flow(made_up(12, 16, 16, 3), batch_size=4)
    places = set()
    for _ in range(12):
        batch = next(flow)
        places.add(address(batch))
    assert len(places) <= 3


def test_a_batch_that_is_kept_stays_what_it_is():
    x = made_up(12, 16, 16, 3)
    datagen = mizumashi.ImageDataGenerator(rotation_range=20)
    flow, again = (datagen.flow(x, batch_size=4, seed=1) for _ in range(2))
    batches = [next(flow) for _ in range(12)]
    views = [next(flow)[1:, ::2] for _ in range(12)]
    del flow
    assert len({address(batch) for batch in batches}) == 12
    for batch in batches:
        np.testing.assert_array_equal(batch, next(again))
    for view in views:
        np.testing.assert_array_equal(view, next(again)[1:, ::2])


def test_a_batch_may_be_changed_by_whoever_has_it():
    flow = mizumashi.ImageDataGenerator().flow(made_up(4, 8, 8, 3), batch_size=4, shuffle=False)
    first = next(flow)
    expected = first.copy()
    first += 1000
    first.shape = (-1,)
    del first
    np.testing.assert_array_equal(next(flow), expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:.*fork:RuntimeWarning")
def test_a_forked_process_makes_batches_too():
    x = made_up(64, 32, 32, 3)
    datagen = mizumashi.ImageDataGenerator(rotation_range=20)
    flow = datagen.flow(x, batch_size=64, seed=2)
    expected = next(flow)  # the threads are there now
    flow.epoch = flow.position = 0
    with flow._lock:  # as if another thread were making a batch
        child = os.fork()
    if child == 0:
        # A process that waits for threads which it does not have is ended by the alarm.
        signal.alarm(20)
        same = False
        try:
            same = bool((next(flow) == expected).all())
        finally:
            os._exit(0 if same else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="threads are limited as Linux does it")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:.*fork:RuntimeWarning")
def test_a_forked_process_without_threads_says_so():
    import resource

    flow = mizumashi.ImageDataGenerator().flow(made_up(4, 8, 8, 3), batch_size=4)
    next(flow)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        told = False
        try:
            if os.getuid() == 0:
                os.setuid(65534)  # the superuser may have any number of threads
            resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
            next(flow)
        except RuntimeError as error:
            told = "no thread can be started" in str(error)
        finally:
            os._exit(0 if told else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
