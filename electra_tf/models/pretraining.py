"""Pre-training as a Keras model, for those who want `fit` and its callbacks."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from google.protobuf import message

from electra_tf import loss_terms
from electra_tf.configs import PretrainingConfig, encoder_config
from electra_tf.conversion.model import Model, of_variables
from electra_tf.errors import UserError, shown
from electra_tf.io import record_files, records
from electra_tf.kernels import fused
from electra_tf.layers.precision import POLICIES
from electra_tf.models import given, pretraining_settings
from electra_tf.models.program_optimizer import ProgramOptimizer
from electra_tf.models.tokenizer import Tokenizer
from electra_tf.pretraining import build, inputs, metrics
from electra_tf.pretraining.masking import Batch
from electra_tf.randomness import RandomStream
from electra_tf.training.non_finite import NonFiniteGuard
from electra_tf.training.optimizer import AdamW
from electra_tf.training.step import Evaluator

SAID = ("verbose", "return_dict")  # Of `keras.Model.evaluate`.
# Of `keras.Model.compile`.
OF_THE_OBJECTIVE = ("loss", "loss_weights", "metrics", "weighted_metrics")


class Pretraining(keras.Model):
    """Generator and discriminator, trained by `fit` on records.

    The losses, the metrics and every draw of step k are those of
    `run_pretraining.py` with the same settings, on one device. Of the
    optimizer by default so are the updates.

    Args:
        tokenizer: `electra_tf.Tokenizer` of the records.
        config: `PretrainingConfig`, or None for settings by name.
        **settings: of `PretrainingConfig`, such as model_size, max_seq_length
            and learning_rate. The seed becomes that of Keras and NumPy;
            precision is by default that of Keras' dtype policy. What only the
            program has, such as init_checkpoint, is refused; of a config, it
            is told where it makes no other weights.

    `fit` and `evaluate` take a `tf.data.Dataset` of batches: dicts with
    `input_ids`, `input_mask` and `segment_ids`, int `(batch,
    max_seq_length)`, or serialized records, string `(batch,)`; `records`
    makes one of files.

    >>> tokenizer = Tokenizer.load("FOLDER")
    >>> pretraining = Pretraining(
    ...     tokenizer, max_seq_length=16, train_batch_size=2,
    ...     model_hparam_overrides={"hidden_size": 8, "num_hidden_layers": 1})
    >>> batch = tokenizer(["a good film", "a film"], max_length=16)
    >>> output = pretraining(batch)
    >>> output.disc_logits.shape == output.corrupted.input_ids.shape == (2, 16)
    True
    """

    train_function: Any  # Keras calls it for a batch, or several.

    def __init__(
        self,
        tokenizer: Tokenizer,
        config: PretrainingConfig | None = None,
        name: str = "pretraining",
        **settings,
    ):
        if config is None:
            config = pretraining_settings.of_names(tokenizer, name, settings)
        elif settings:
            raise UserError(
                "Give a config or settings, not both. Received: config and "
                f"{', '.join(settings)}."
            )
        else:
            pretraining_settings.check(tokenizer, config)
        # Each layer casts its own.
        policy = POLICIES[config.precision]
        super().__init__(name=name, dtype=policy, autocast=False)
        self.config = config
        self.tokenizer = tokenizer
        keras.utils.set_random_seed(config.seed)
        self._pretrainer = _Untracked(build.new_pretrainer(config, tokenizer))
        self.parts = self._pretrainer.value.layers
        self.updates = self.add_weight(
            name="updates", shape=(), dtype="int64", trainable=False
        )
        self._means = _Means()
        evaluator = Evaluator(
            self._sums,
            metrics.summarize,
            (),
            tf.distribute.get_strategy(),
            config.seed,
        )
        self._evaluator = _Untracked(evaluator)
        self.built = True
        self.compile()

    @property
    def variables_by_path(self) -> dict[str, keras.Variable]:
        """The weights under the names that checkpoints have."""
        return self._pretrainer.value.variables

    @property
    def _trained(self) -> dict[str, keras.Variable]:
        """Those that are not frozen."""
        known = self.variables_by_path
        return {path: v for path, v in known.items() if v.trainable}

    def records(self, files: str | Sequence[str]) -> tf.data.Dataset:
        """Return endless shuffled batches, in the order of the program.

        Give `fit` the number of batches of an epoch: `steps_per_epoch`.

        Args:
            files: str, a pattern of TFRecord files, or a list of paths.

        Raises:
            FileNotFoundError: when there is no such file.
        """
        found = files
        if isinstance(files, str):
            found = record_files.find(files)
        return inputs.training_dataset(self.config, list(found), 0)

    def compile(self, optimizer="auto", **kwargs) -> None:
        """Choose the optimizer.

        Args:
            optimizer: "auto" for the program's AdamW with the config's rates,
                an `electra_tf.training.optimizer.AdamW`, or any of Keras.
            **kwargs: of `keras.Model.compile`, but for losses and metrics,
                which are those of the config's objective.
        """
        wrong = {*OF_THE_OBJECTIVE} & {*kwargs}
        if wrong:
            raise UserError(
                "Losses and metrics are those of the config's objective. "
                f"Received: {', '.join(sorted(wrong))}."
            )
        if isinstance(optimizer, str) and optimizer == "auto":
            optimizer = build.optimizer(self.config, self.variables_by_path)
        scales = self.config.precision == "float16"
        if isinstance(optimizer, AdamW):
            scales = scales and kwargs.pop("auto_scale_loss", True)
            kwargs["auto_scale_loss"] = False  # It does so by itself.
            guard = NonFiniteGuard(self.config.max_skipped_updates, scales)
            optimizer = ProgramOptimizer(optimizer, self.updates, guard)
        kwargs.setdefault("jit_compile", bool(self.config.jit_compile))
        super().compile(optimizer=optimizer, **kwargs)
        self.optimizer.build([*self._trained.values()])
        # Whether each update of a call was finite, by its number.
        every = tf.ones(self.steps_per_execution, tf.bool)
        self._finite = _Untracked(tf.Variable(every, trainable=False))

    def get_compile_config(self) -> dict:
        """Return nothing: the optimizer is chosen anew by `compile`."""
        return {}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The means of the epoch so far."""
        return list(self._means.by_name.values())

    def call(self, inputs, training=None):
        """Return the discriminator's `PretrainingOutput` of a batch."""
        stream = RandomStream(self.config.seed, self.updates.value)
        return self._pretrainer.value(_batch(inputs), stream, bool(training))

    def train_step(self, data) -> dict:
        """Make an update; return the epoch's means."""
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            raise UserError(
                "Pretraining.fit trains on one device. run_pretraining.py has "
                "--distribution_strategy for several."
            )
        batch = _batch(data)
        stream = RandomStream(self.config.seed, self.updates.value)
        variables = self._trained
        with tf.GradientTape() as tape:
            (phase,) = build.phases(self.config, self._pretrainer.value)
            with fused.left_to_the_compiler(bool(self.jit_compile)):
                terms = phase.step_function(batch, stream)
            loss = loss_terms.total_loss(terms)
            # What regularizers of weights add, as in `keras.Model.fit`.
            loss = sum(self.losses, loss)
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(
            scaled, {path: v.value for path, v in variables.items()}
        )
        if isinstance(self.optimizer, ProgramOptimizer):
            finite = self.optimizer.update(gradients, loss)
            place = self.updates.value % self.steps_per_execution
            self._finite.value.scatter_nd_update([[place]], [finite])
        else:
            self.optimizer.apply(
                [gradients[path] for path in variables], [*variables.values()]
            )
        self.updates.assign_add(1)
        return self._means.of(terms, loss)

    def make_train_function(self, force=False):
        """Make the function of some updates, after which they are checked."""
        if self.train_function is not None and not force:
            return
        super().make_train_function(force)
        if isinstance(self.optimizer, ProgramOptimizer):
            self.train_function = self._checked(self.train_function)

    def _checked(self, train: Callable) -> Callable:
        """Return a function that warns of skipped updates, or ends for them."""
        finite, guard = self._finite.value, self.optimizer.guard

        def train_and_check(iterator):
            first = int(self.updates)
            logs = train(iterator)
            good = finite.numpy()
            places = np.arange(first, int(self.updates)) % len(good)
            guard.check(first, good[places])
            return logs

        return train_and_check

    def fit(self, x=None, *args, validation_data=None, **kwargs):
        """Train as `keras.Model.fit` does, on a dataset of records."""
        if kwargs.get("class_weight") is not None:
            raise UserError("Records have no classes; leave out class_weight.")
        if validation_data is not None:
            validation_data = self._dataset(validation_data)
        return super().fit(
            self._dataset(x), *args, validation_data=validation_data, **kwargs
        )

    def evaluate(self, x=None, steps=None, **kwargs) -> dict[str, float]:
        """Return the metrics of the program's evaluation, by name.

        Args:
            x: dataset, as of `fit`.
            steps: int, batches to evaluate; all by default.
            **kwargs: `verbose` and `return_dict`, which say nothing here.

        Raises:
            UserError: for other arguments of `keras.Model.evaluate`.
        """
        wrong = [
            n for n, v in kwargs.items() if v is not None and n not in SAID
        ]
        if wrong and "_use_cached_eval_dataset" not in kwargs:  # Not of `fit`.
            raise UserError(
                f"evaluate takes a dataset and steps. Received: "
                f"{', '.join(wrong)}."
            )
        evaluator = self._evaluator.value
        evaluator.dataset = self._dataset(x)
        return evaluator.evaluate(-1 if steps is None else steps)

    def test_on_batch(self, x, **kwargs) -> dict[str, float]:
        """Return the metrics of a batch, as `evaluate` of one."""
        batch = _batch(x)._asdict()
        return self.evaluate(tf.data.Dataset.from_tensors(batch), **kwargs)

    def predict(self, *args, **kwargs):
        """Refuse; each batch is corrupted anew, so it has no one answer.

        Raises:
            UserError: always.
        """
        raise UserError(
            "Pretraining has no predict. Call it with a batch for both "
            "networks' outputs, or save it by electra_tf.save(folder, "
            "pretraining) and load electra_tf.Discriminator or MaskedLM."
        )

    predict_on_batch = predict

    def _sums(self, batch, random) -> dict:
        output = self._pretrainer.value(_batch(batch), random, training=False)
        return metrics.sums(output)

    def _dataset(self, dataset) -> tf.data.Dataset:
        """Return a dataset of batches for one of serialized records, too."""
        if not isinstance(dataset, tf.data.Dataset):
            raise UserError(
                "Pretraining reads a tf.data.Dataset of batches; "
                "pretraining.records(files) makes one. Received: "
                f"{type(dataset).__name__}."
            )
        if getattr(dataset.element_spec, "dtype", None) != tf.string:
            return dataset
        first = next(iter(dataset.take(1)), None)
        parse = functools.partial(
            records.parse_examples,
            max_seq_length=self.config.max_seq_length,
            padded=first is None or _is_padded(first),
        )
        return dataset.map(parse)

    def get_config(self) -> dict[str, Any]:
        """Return nothing that could make it again.

        Raises:
            UserError: always; see `electra_tf.save`.
        """
        raise UserError(
            "A Pretraining depends on a vocabulary and on settings that a "
            ".keras file has no place for. Save its weights by save_weights, "
            "or what fine-tuning starts from by electra_tf.save(folder, "
            "pretraining)."
        )

    def model(self, tokenizer: Tokenizer | None = None) -> Model:
        """Return the weights as arrays by name, with what reads texts."""
        config, tokenizer = self.config, tokenizer or self.tokenizer
        arrays = {p: v.numpy() for p, v in self.variables_by_path.items()}
        return of_variables(
            self.name,
            encoder_config(config),
            arrays,
            tokenizer.content,
            tokenizer.config.tokenizer_settings,
        )


class _Untracked:
    """Holds an object whose variables Keras need not look for."""

    def __init__(self, value):
        self.value = value


class _Means:
    """The means of losses and metrics, made when a step is traced first."""

    def __init__(self):
        self.by_name: dict[str, keras.metrics.Mean] = {}

    def of(self, terms: dict, loss) -> dict:
        """Add a step's terms; return the means so far."""
        self._add("loss", loss, None)
        for name, term in terms.items():
            self._add(name, loss_terms.value(term), term.count)
        return {name: mean.result() for name, mean in self.by_name.items()}

    def _add(self, name: str, value, weight) -> None:
        if name not in self.by_name:
            with tf.init_scope():
                self.by_name[name] = keras.metrics.Mean(name, "float32")
        self.by_name[name].update_state(value, sample_weight=weight)


def _batch(data) -> Batch:
    """Return what a dataset gives as a `Batch`."""
    if isinstance(data, Batch):
        return data
    if isinstance(data, tuple) and all(part is None for part in data[1:]):
        data = data[0]
    if isinstance(data, Mapping):
        found = given.tensors(data)
        return Batch(*(found[name] for name in Batch._fields))
    raise UserError(
        "A batch must be a dict of input_ids, input_mask and segment_ids. "
        f"Received: {type(data).__name__}."
    )


def _is_padded(serialized) -> bool:
    """Say whether serialized records hold their padding."""
    try:
        first = tf.train.Example.FromString(serialized[0].numpy())
    except message.DecodeError:
        raise UserError(
            "Strings must be serialized records, as data_prep writes them. "
            f"Received: {shown(serialized[0].numpy())}."
        ) from None
    return records.SEGMENT0_LENGTH not in first.features.feature
