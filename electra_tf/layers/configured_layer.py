"""Layers that Keras can save, clone and make again from their arguments."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

import keras

from electra_tf.configs import EncoderConfig
from electra_tf.errors import UserError

PACKAGE = "electra_tf"  # The first part of the names that Keras registers.


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
        """Return the arguments that make this layer, as JSON holds them.

        Raises:
            UserError: when layers inside are quantized, which their arguments
                do not tell.
        """
        quantized = [
            layer.path
            for layer in self._flatten_layers()
            if getattr(layer, "quantization_mode", None)
        ]
        if quantized:
            raise UserError(
                f"{self.name} holds quantized layers, {quantized[0]} among "
                f"{len(quantized)}, and its config cannot say so. Save or "
                "clone it first, and quantize what is loaded."
            )
        arguments = {n: _as_json(getattr(self, n)) for n in _arguments(self)}
        return {**super().get_config(), **arguments, **frozen(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ConfiguredLayer":
        """Return the layer that `get_config` tells of."""
        numbers = config.get("frozen", ())
        rest = {n: _revived(v) for n, v in config.items() if n != "frozen"}
        return freeze(cls(**rest), numbers)


def frozen(layer) -> dict[str, list[int]]:
    """Return the numbers of the layers inside that are not trained, if any.

    A layer that is not trained as a whole says so itself.
    """
    if not layer.trainable:
        return {}
    inside = layer._flatten_layers(include_self=False)
    numbers = [n for n, each in enumerate(inside) if not each.trainable]
    return {"frozen": numbers} if numbers else {}


def freeze(layer, numbers):
    """Return a layer after freezing those inside of these numbers."""
    for number, each in enumerate(layer._flatten_layers(include_self=False)):
        if number in numbers:
            each.trainable = False
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
