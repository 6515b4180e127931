"""Trials: fine-tune, evaluate, write results.

The one module here that knows the training loop: it puts tasks, model and
loop together.

Trial t, from 1, draws everything with the seed `seed` + t: new heads, the
order of the data, dropout.
"""

import functools
import itertools
import json
import os
import shutil
import sys
import time
import typing

import keras
import tensorflow as tf

from electra_tf.configs import (
    FinetuningConfig,
    encoder_config,
    hparams,
    steps_to_profile,
)
from electra_tf.finetuning import (
    cost,
    failures,
    finetuned_model,
    inputs,
    results,
)
from electra_tf.finetuning.error_analysis import Evaluated
from electra_tf.finetuning.feature_cache import FeatureCache
from electra_tf.finetuning.finetuning_report import Report
from electra_tf.finetuning.layerwise_decay import rate_multipliers
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.outputs import Predictor
from electra_tf.finetuning.tasks.metrics import as_text
from electra_tf.finetuning.tasks.task import DEV, TRAIN, Source, Task
from electra_tf.layers.precision import precision
from electra_tf.training import checkpoints, distribution, optimizer, schedules
from electra_tf.training.run import Run
from electra_tf.training.settings import Settings

# A run prints at least this many progress lines, however short it is.
PROGRESS_LINES = 20
LOGGED_EXAMPLES = 5
CONFIG_FILE = "config.json"


class Split(typing.NamedTuple):
    """A split of a task, to be evaluated."""

    task: Task
    name: str
    features: inputs.Inputs
    source: Source
    batch_size: int


class Finetuner:
    """Runs the trials of one config.

    Args:
        config: `FinetuningConfig`.
        tasks: list of `Task`.
        tokenizer: `electra_tf.text.tokenization.Tokenizer`.
        examples: dict from (task's name, split) to examples.
        pretrained: arrays by path to start training from, None for random
            weights; heads that are not among them start anew.
    """

    def __init__(
        self,
        config: FinetuningConfig,
        tasks: list[Task],
        tokenizer,
        examples: dict,
        pretrained: dict | None = None,
    ):
        self.config = config
        self.tasks = tasks
        self.vocab_sha256 = tokenizer.vocab_sha256
        self.strategy = distribution.strategy(config)
        self.pretrained = pretrained
        self._features = FeatureCache(config, tasks, tokenizer)
        self.training = self._training_inputs(tokenizer, examples)
        self.splits = self._splits(tokenizer, examples)
        self.results: list[results.TaskResult] = []
        self.report = Report(config)
        self.best: float | None = None

    def _training_inputs(self, tokenizer, examples) -> inputs.Inputs | None:
        if not self.config.do_train:
            return None
        chosen = {t.name: examples[t.name, TRAIN] for t in self.tasks}
        made = self._features(chosen, self.config.train_batch_size)
        self.constant_losses = {
            task.name: _share_of(made, task, chosen[task.name])
            for task in self.tasks
        }
        if self.config.log_examples:
            for index in range(min(LOGGED_EXAMPLES, made.num_real)):
                self._say(inputs.described(made, index, tokenizer))
        return made

    def _splits(self, tokenizer, examples) -> list[Split]:
        config, by_name = self.config, {t.name: t for t in self.tasks}
        splits = []
        for (task_name, split), chosen in examples.items():
            if split == TRAIN:
                continue
            size = (
                config.eval_batch_size
                if split == DEV
                else config.predict_batch_size
            )
            made = self._features({task_name: chosen}, size)
            source = Source(chosen, tokenizer)
            splits.append(Split(by_name[task_name], split, made, source, size))
        return splits

    @property
    def length(self) -> int | None:
        """Tokens to pad every batch to; None where shapes may vary."""
        fixed = self.config.batching == "fixed"
        return self.config.max_seq_length if fixed else None

    def run(self) -> list[results.TaskResult]:
        """Run all trials; return the scores of each task in each of them."""
        config = self.config
        for trial in itertools.count(1):
            if 0 <= config.num_trials < trial:
                break
            self._trial(trial)
            if config.do_train and not config.keep_all_models and trial > 1:
                self._drop_model(trial - 1)
        if len(self.results) > len(self.tasks):
            print(*results.summary_lines(self.results), sep="\n")
        return self.results

    def _trial(self, trial: int):
        config, started = self.config, time.monotonic()
        seed = config.seed + trial
        keras.utils.set_random_seed(seed)
        with self.strategy.scope(), precision(config.precision):
            model = FinetuningModel(
                encoder_config(config), self.tasks, config.embedding_lookup
            )
        steps = 0
        if config.do_train:
            steps = self._train(model, trial, seed)
        else:
            values = checkpoints.read_variables(self._folder(trial))
            checkpoints.assign(model.variables, values)
        for split in self.splits:
            self._evaluate(model, split, trial, seed, steps, started)
        quality = results.quality([r for r in self.results if r.trial == trial])
        best = self.best is None or quality > self.best
        self.best = quality if best else self.best
        if config.do_eval:
            folder = self._folder(trial)
            self.report.write(self.results, trial, folder, best)
        if config.tuned_models == "all" or best:
            self._keep_tuned(model, trial, steps)

    def _keep_tuned(self, model: FinetuningModel, trial: int, steps: int):
        """Write the trial's model folder, if any are wanted."""
        config = self.config
        if config.tuned_models == "none":
            return
        every = f"_{trial}" if config.tuned_models == "all" else ""
        finetuned_model.write(
            config.tuned_model_dir + every,
            config,
            self.tasks,
            {path: v.numpy() for path, v in model.variables.items()},
            steps,
        )

    def _train(self, model: FinetuningModel, trial: int, seed: int) -> int:
        config = self.config
        if self.pretrained is not None:
            checkpoints.assign(
                model.variables,
                self.pretrained,
                required=lambda path: not path.startswith("task_specific/"),
            )
        steps = inputs.num_train_steps(
            self.training, config.train_batch_size, config.num_train_epochs
        )
        self._begin(trial, steps)
        order = inputs.training_order(
            self.training,
            config.train_batch_size,
            steps,
            seed,
            config.batching,
        )
        with self.strategy.scope():
            adamw = self._optimizer(model, steps)
        run = Run(
            model.losses,
            adamw,
            model.variables,
            self._training_data(order),
            self.strategy,
            self._settings(trial, steps, seed, order),
            facts={"vocab_sha256": self.vocab_sha256},
        )
        run.train()
        return steps

    def _optimizer(self, model: FinetuningModel, steps: int):
        config = self.config
        return optimizer.OPTIMIZERS[config.optimizer](
            model.variables,
            schedules.polynomial_decay_with_warmup(
                config.learning_rate,
                steps,
                steps * config.warmup_proportion,
                decay_after_warmup=config.decay_after_warmup,
            ),
            config.weight_decay_rate,
            rate_multipliers(
                model.variables,
                model.encoder.config.num_hidden_layers,
                config.layerwise_lr_decay,
                config.layerwise_decay_top_exponent,
            ),
            bias_correction=config.adam_bias_correction,
        )

    def _training_data(self, order):
        """Return the function from the first step to a dataset."""
        config = self.config

        def shares(start: int, context) -> tf.data.Dataset:
            # Repeated, because a dataset with an end makes every step of a
            # distributed loop ask whether it is there.
            return inputs.batches(
                self.training,
                order[start:],
                self.length,
                config.max_seq_length,
                context,
            ).repeat()

        return lambda start: distribution.distribute(
            functools.partial(shares, start), self.strategy
        )

    def _executed_flops(self, order):
        """Return the function from a number of updates to their cost."""
        config, replicas = self.config, self.strategy.num_replicas_in_sync
        widths = inputs.widths(
            self.training, order, self.length, config.max_seq_length, replicas
        )
        return cost.executed_flops(config, self.tasks, widths)

    def _settings(self, trial: int, steps: int, seed: int, order) -> Settings:
        config = self.config
        tokens = self.training.lengths.sum() / len(self.training)
        return Settings(
            num_train_steps=steps,
            steps_per_loop=min(
                config.iterations_per_loop, -(-steps // PROGRESS_LINES)
            ),
            model_dir=self._folder(trial),
            save_every=config.save_checkpoints_steps,
            keep=1,
            seed=seed,
            jit_compile=config.jit_compile,
            accumulation_steps=config.accumulation_steps,
            max_skipped_updates=config.max_skipped_updates,
            loss_scaling=config.precision == "float16",
            tokens_per_step=round(tokens * config.train_batch_size),
            examples_per_step=config.train_batch_size,
            executed_flops=self._executed_flops(order),
            compute_dtype=config.precision,
            profile_steps=steps_to_profile(config),
            stall_warning_seconds=config.stall_warning_seconds,
        )

    def _evaluate(self, model, split: Split, trial, seed, steps, started):
        """Score the development set, or write predictions for a test set."""
        config = self.config
        if split.name != DEV and trial > config.n_writes_test:
            return
        predict = Predictor(
            model, split.task, self.strategy, self.length, config.max_seq_length
        )
        outputs = predict(split.features, split.batch_size)
        if split.name != DEV:
            path = config.test_predictions.format(
                split.task.name, split.name, trial
            )
            results.write_predictions(
                path, split.task.predictions(outputs, split.source)
            )
            files = split.task.submission(split.name, outputs, split.source)
            results.write_submission(path, trial, files)
            return
        scores = split.task.score(outputs, split.source)
        losses = self._losses(split.task.name, trial) if steps else ()
        result = results.TaskResult(
            trial=trial,
            seed=seed,
            task=split.task.name,
            metrics=scores,
            failure=failures.failure(outputs, scores, *losses),
            steps=steps,
            seconds=round(time.monotonic() - started, 1),
        )
        self.results.append(result)
        self.report.add(
            Evaluated(split.task, outputs, split.source, split.features)
        )
        results.write(config, self.results)
        print(f"{result.task}: {as_text(result.metrics)}", flush=True)
        if result.failure:
            self._say(
                f"Trial {trial} (seed {seed}) failed at {result.task}: "
                f"{result.failure}. Another seed, a smaller learning_rate or "
                "more updates may help."
            )

    def _losses(self, task_name: str, trial: int) -> tuple:
        """Return a task's last training loss, and that of a constant."""
        batch = self.config.train_batch_size  # A loss is the sum over one.
        last = failures.final_loss(self._folder(trial), f"{task_name}_loss")
        constant = self.constant_losses[task_name]
        return None if last is None else last / batch, constant

    def _folder(self, trial: int) -> str:
        return f"{self.config.model_dir}_{trial}"

    def _begin(self, trial: int, steps: int):
        """Announce a trial, and give it an empty folder."""
        config = self.config
        of = "" if config.num_trials < 0 else f"/{config.num_trials}"
        self._say(
            f"Trial {trial}{of}: {config.joined_tasks}, {steps} updates, "
            f"{self.training.num_real} examples"
        )
        folder = self._folder(trial)
        self._drop_model(trial)
        results.write_text(
            os.path.join(folder, CONFIG_FILE),
            json.dumps(hparams.to_json(config), indent=1) + "\n",
        )

    def _drop_model(self, trial: int):
        """Remove the folder of a trial, if there is one.

        Raises:
            FileExistsError: when no trial can have made it.
        """
        folder = self._folder(trial)
        if not os.path.exists(folder):
            return
        if not os.path.exists(os.path.join(folder, CONFIG_FILE)):
            raise FileExistsError(
                f"{folder} is in the way, and holds no trial's {CONFIG_FILE}. "
                "Move it, or set model_dir."
            )
        shutil.rmtree(folder)

    @staticmethod
    def _say(text: str):
        print(text, file=sys.stderr, flush=True)


def _share_of(training, task: Task, examples: list) -> float | None:
    """A constant's loss of a task, as a share of that of a mean example."""
    loss = task.constant_loss(examples)
    return None if loss is None else loss * len(examples) / len(training)
