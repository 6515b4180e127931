"""Layers that Keras can save, clone and make again from their arguments."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

import keras

from electra_tf.configs import EncoderConfig

PACKAGE = "electra_tf"  # The first part of the names that Keras registers.
CHANGES = ("frozen", "quantized")  # In a config, besides arguments.


class ConfiguredLayer(keras.layers.Layer):
    """Base of the layers: registered in Keras, with `get_config`.

    A layer keeps each argument of its constructor as an attribute of the same
    name. An `EncoderConfig` becomes a dict in the layer's config.

    >>> class Scaled(ConfiguredLayer):
    ...     def __init__(self, by, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.by = by
    >>> Scaled.from_config(Scaled(3).get_config()).by
    3
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable(PACKAGE)(cls)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this layer, as JSON holds them."""
        arguments = {n: _as_json(getattr(self, n)) for n in _arguments(self)}
        return {**super().get_config(), **arguments, **changes(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ConfiguredLayer":
        """Return the layer that `get_config` tells of."""
        rest = {n: _revived(v) for n, v in config.items() if n not in CHANGES}
        return change(cls(**rest), config)


def changes(layer) -> dict[str, Any]:
    """Return what was done to the layers inside, by their numbers, if anything.

    `frozen` are those that are not trained, where the layer as a whole is;
    `quantized` has the policies of those that were quantized.
    """
    inside = layer._flatten_layers(include_self=False)
    frozen, quantized = [], {}
    for number, each in enumerate(inside):
        if layer.trainable and not each.trainable:
            frozen.append(number)
        if getattr(each, "quantization_mode", None):
            policy = keras.dtype_policies.serialize(each.dtype_policy)
            quantized[str(number)] = policy
    found = {"frozen": frozen, "quantized": quantized}
    return {name: value for name, value in found.items() if value}


def change(layer, config: Mapping[str, Any]):
    """Return a layer after doing to those inside what `changes` tells."""
    frozen = config.get("frozen", ())
    quantized = config.get("quantized", {})
    # A list, since quantizing changes the layers that are walked through.
    for number, each in enumerate([*layer._flatten_layers(include_self=False)]):
        if number in frozen:
            each.trainable = False
        if policy := quantized.get(str(number)):
            each.dtype_policy = keras.dtype_policies.deserialize(policy)
    return layer


def _arguments(layer) -> list[str]:
    """Return the names of all arguments of a layer's constructors."""
    kinds = type(layer).__mro__
    kinds = kinds[: kinds.index(ConfiguredLayer)]
    names = dict.fromkeys(
        argument.name
        for kind in kinds
        if "__init__" in vars(kind)
        for argument in inspect.signature(kind.__init__).parameters.values()
        if argument.kind is argument.POSITIONAL_OR_KEYWORD
        or argument.kind is argument.KEYWORD_ONLY
    )
    return [name for name in names if name not in ("self", "name")]


def _as_json(value):
    if dataclasses.is_dataclass(value):
        return dataclasses.asdict(value)
    if isinstance(value, keras.layers.Layer):
        return keras.saving.serialize_keras_object(value)
    if inspect.isfunction(value):  # Of a table that has it by its name.
        return value.__name__
    return value


def _revived(value):
    if not isinstance(value, Mapping):
        return value
    if "hidden_size" in value:
        return EncoderConfig(**value)
    if value.get("module", "").startswith("keras"):
        return value  # A policy or the like, which Keras reads itself.
    return keras.saving.deserialize_keras_object(value)
