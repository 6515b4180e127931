"""Fields of the configs, by group, and defaults that depend on others."""

import functools
from typing import Any

from electra_tf.configs.hparams import Derived, hparam


def by_size(default: Any, **others: Any) -> Derived:
    """Return a default that some model sizes replace."""
    exceptions = ", ".join(f"{value} for {s}" for s, value in others.items())
    return Derived(
        lambda c: others.get(c.model_size, default), f"{default}; {exceptions}"
    )


def or_debug(default: Any, debug: Any) -> Derived:
    """Return a default that debug mode replaces."""
    return Derived(
        lambda c: debug if c.debug else default, f"{default}; {debug} in debug"
    )


def path(template: str) -> Derived:
    """Return a path made of other fields: "{c.data_dir}/vocab.txt", say."""
    text = template.replace("{c.", "{").replace("{{:}}", "{:}")
    return Derived(lambda c: template.format(c=c), text)


def filled(path: str, *values: Any) -> str:
    """Return a path with its `{:}` filled in, or its `{}` without such.

    Other braces stay.

    >>> filled("data/{v1}/{:}_{:}.json", "cola", 3)
    'data/{v1}/cola_3.json'
    """
    place = "{:}" if "{:}" in path else "{}"
    for value in values:
        path = path.replace(place, str(value), 1)
    return path


run = functools.partial(hparam, group="run", runtime=True)
path_field = functools.partial(hparam, group="files", runtime=True)
model = functools.partial(hparam, group="model")
objective = functools.partial(hparam, group="objective")
generator = functools.partial(hparam, group="generator")
task = functools.partial(hparam, group="tasks")
own_data = functools.partial(hparam, group="your own data", runtime=True)
qa = functools.partial(hparam, group="question answering")
machine = functools.partial(hparam, group="machines", runtime=True)
optimization = functools.partial(hparam, group="optimization")
batch = functools.partial(hparam, group="batches")
