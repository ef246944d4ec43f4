"""Every public name of keras_preprocessing.image takes the same arguments here."""

import inspect

import pytest
from conftest import keras, ours

PUBLIC = {
    name: thing
    for name, thing in vars(keras).items()
    if callable(thing)
    and not name.startswith("_")
    and thing.__module__.startswith("keras_preprocessing")
}


def methods():
    for name, thing in PUBLIC.items():
        if inspect.isclass(thing):
            for method, _ in inspect.getmembers(thing, inspect.isfunction):
                if method == "__init__" or not method.startswith("_"):
                    yield f"{name}.{method}"


def lookup(module, name):
    for part in name.split("."):
        module = getattr(module, part)
    return module


def arguments(thing):
    return [(p.name, p.kind, p.default) for p in inspect.signature(thing).parameters.values()]


def test_every_public_name_is_there():
    assert set(ours.__all__) == PUBLIC.keys()


@pytest.mark.parametrize(
    "name", [*(name for name, it in PUBLIC.items() if inspect.isfunction(it)), *methods()]
)
def test_names_order_and_defaults_are_the_same(name):
    expected, found = (arguments(lookup(module, name)) for module in (keras, ours))
    of_our_own = [it for it in found if it not in expected]
    assert [it for it in found if it in expected] == expected
    assert all(kind is inspect.Parameter.KEYWORD_ONLY for _, kind, _ in of_our_own)


def test_attributes_and_properties_are_the_same():
    for name, thing in PUBLIC.items():
        if inspect.isclass(thing):
            public = {attribute for attribute in dir(thing) if not attribute.startswith("_")}
            assert public - set(dir(getattr(ours, name))) == set()
