"""Layers that Keras can save, clone and make again from their arguments."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

import keras

from electra_tf.configs import EncoderConfig

PACKAGE = "electra_tf"  # The first part of the names that Keras registers.
# In a config, besides arguments.
CHANGES = ("frozen", "trained", "switched", "quantized")
_SELF = -1  # The number of the layer itself; those inside begin with 0.


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

    def _post_build(self):
        """Freeze what is to be frozen, now that there are weights."""
        super()._post_build()
        freeze_inside(self)
        _switch(self, self.__dict__.pop("_to_switch", ()))


def freeze_inside(layer) -> None:
    """Freeze all layers inside one that was made with trainable=False.

    None of them is frozen yet. For layers that are made inside a constructor,
    Keras leaves that argument without effect.
    """
    inside = layer._flatten_layers(include_self=False)
    if not layer.trainable and all(each.trainable for each in inside):
        for each in inside:
            each.trainable = False


def changes(layer) -> dict[str, Any]:
    """Return what was done to the layers inside, by their numbers, if anything.

    `frozen` are those that are not trained, where the layer as a whole is, and
    `trained` those that are where it is not. `switched` are weights, each its
    layer's number and its name, that are trained where their layer is not, or
    the other way round. `quantized` has the policies of those that were
    quantized.
    """
    frozen, trained, switched, quantized = [], [], [], {}
    for number, each in enumerate(layer._flatten_layers(), _SELF):
        if each.trainable != layer.trainable:
            (trained if each.trainable else frozen).append(number)
        # LoRA freezes a kernel that it is merged into when it is saved.
        if not getattr(each, "lora_enabled", False):
            switched += [
                [number, weight.name]
                for weight in each._trainable_variables
                if weight.trainable != each.trainable
            ]
        if number != _SELF and getattr(each, "quantization_mode", None):
            policy = keras.dtype_policies.serialize(each.dtype_policy)
            quantized[str(number)] = policy
    values = (frozen, trained, switched, quantized)
    found = zip(CHANGES, values, strict=True)
    return {name: value for name, value in found if value}


def change(layer, config: Mapping[str, Any]):
    """Return a layer after doing to those inside what `changes` tells."""
    others = {*config.get("frozen", ()), *config.get("trained", ())}
    quantized = config.get("quantized", {})
    usual = layer.trainable
    # A list, since quantizing changes the layers that are walked through. A
    # layer comes before those inside, for which it is set, too.
    for number, each in enumerate([*layer._flatten_layers()], _SELF):
        each.trainable = usual != (number in others)
        if policy := quantized.get(str(number)):
            each.dtype_policy = keras.dtype_policies.deserialize(policy)
    if switched := config.get("switched"):
        if layer.built:
            _switch(layer, switched)
        else:
            layer._to_switch = switched
    return layer


def _switch(layer, switched) -> None:
    """Freeze weights of layers that are trained, train those of others."""
    wanted = {(number, name) for number, name in switched}
    if not wanted:
        return
    for number, each in enumerate(layer._flatten_layers(), _SELF):
        for weight in each._trainable_variables:
            if (number, weight.name) in wanted:
                weight.trainable = not each.trainable


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
