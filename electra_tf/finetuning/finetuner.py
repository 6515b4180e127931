"""Trials of fine-tuning: train, evaluate, keep the best model.

The one module here that knows the training loop: it puts tasks, model and
loop together.

Trial t, from 1, draws everything with the seed `seed` + t, of 32 bits: new
heads, the order of the data, dropout.
"""

import functools
import itertools
import time

import keras
import tensorflow as tf

from electra_tf.configs import FinetuningConfig, encoder_config
from electra_tf.configs.program import SEEDS
from electra_tf.efficiency import finetuning_flops
from electra_tf.errors import UserError
from electra_tf.finetuning import (
    finetuned_model,
    finished_trials,
    inputs,
    results,
)
from electra_tf.finetuning.evaluation import Evaluator, Split, Trial
from electra_tf.finetuning.feature_cache import FeatureCache
from electra_tf.finetuning.model import FinetuningModel, rate_multipliers
from electra_tf.finetuning.tasks.task import DEV, TRAIN, Source, Task, say
from electra_tf.io import files, listing
from electra_tf.layers.precision import precision
from electra_tf.training import (
    checkpoints,
    distribution,
    optimizer,
    run_folder,
    schedules,
    workers,
)
from electra_tf.training.loop import Phase, TrainingLoop
from electra_tf.training.settings import Settings
from electra_tf.weights import assign

# A run prints at least this many progress lines, however short it is.
PROGRESS_LINES = 20
LOGGED_EXAMPLES = 5


class Finetuner:
    """Runs the trials of one config.

    Args:
        config: `FinetuningConfig`.
        tasks: list of `Task`.
        tokenizer: `electra_tf.text.tokenization.Tokenizer`.
        examples: dict from (task's name, split) to examples.
        pretrained: arrays by path to start training from, None for random
            weights; heads that are not among them start anew.
        strategy: `tf.distribute.Strategy`; that of the config by default. Of
            several workers the chief alone writes, and reads what it wrote.
    """

    def __init__(
        self,
        config: FinetuningConfig,
        tasks: list[Task],
        tokenizer,
        examples: dict,
        pretrained: dict | None = None,
        strategy: tf.distribute.Strategy | None = None,
    ):
        self.config = config
        self.tasks = tasks
        self.vocab_sha256 = tokenizer.vocab_sha256
        self.strategy = strategy or distribution.strategy(config)
        self.chief = workers.is_chief(self.strategy)
        self.pretrained = pretrained
        self.stop = None
        features = FeatureCache(config, tasks, tokenizer, self.chief)
        self.training: inputs.Inputs | None = None
        constant_losses = {}
        if config.do_train:
            chosen = {task.name: examples[task.name, TRAIN] for task in tasks}
            for task in tasks:
                if remark := task.remark(chosen[task.name], tokenizer):
                    say(remark)
            self.training = features(chosen, config.train_batch_size)
            constant_losses = {
                task.name: self._constant_loss(task, chosen[task.name])
                for task in tasks
            }
            self._check_parts()
            logged = LOGGED_EXAMPLES if config.log_examples else 0
            for index in range(min(logged, self.training.num_real)):
                say(inputs.described(self.training, index, tokenizer))
            self._print_losses(self.training, tokenizer, "to train on")
        self.evaluator = Evaluator(
            config,
            [
                self._split(*names, chosen, features, tokenizer)
                for names, chosen in examples.items()
                if names[1] != TRAIN
            ],
            self.strategy,
            self.length,
            constant_losses,
            self.chief,
        )

    def _constant_loss(self, task: Task, examples: list) -> float | None:
        """A constant's loss of a task, as a share of that of a mean example."""
        loss = task.constant_loss(examples)
        return loss and loss * len(examples) / len(self.training)

    def _check_parts(self):
        """Refuse to cut a batch within the choices of a question."""
        share = self.config.train_batch_size
        share //= self.strategy.num_replicas_in_sync
        parts = self.config.accumulation_steps
        if self.training.most_inputs > 1 and share % parts:
            raise UserError(
                "A replica's share of train_batch_size must be a multiple of "
                f"accumulation_steps. Received: {share} questions and {parts}."
            )

    def _split(self, task_name, name, examples, features, tokenizer) -> Split:
        config = self.config
        (task,) = (task for task in self.tasks if task.name == task_name)
        batch_size = (
            config.eval_batch_size if name == DEV else config.predict_batch_size
        )
        made = features({task_name: examples}, batch_size)
        self._print_losses(made, tokenizer, f"of {task_name} {name}")
        return Split(task, name, made, Source(examples, tokenizer), batch_size)

    def _print_losses(self, made: inputs.Inputs, tokenizer, where: str):
        config = self.config
        limits = f"max_seq_length {config.max_seq_length}"
        if config.asks_questions:
            limits += (
                ", or have a question longer than max_query_length "
                f"{config.max_query_length}"
            )
        inputs.print_losses(made, tokenizer, where, limits)

    @property
    def length(self) -> int | None:
        """Tokens to pad every batch to; None where shapes may vary."""
        fixed = self.config.batching == "fixed"
        return self.config.max_seq_length if fixed else None

    def run(self, stop=None) -> list[results.TaskResult]:
        """Run the trials that are not done yet.

        Args:
            stop: an object that is true once the run shall stop; None for
                never.

        Returns:
            The scores of each task in each trial, also of those done before.

        Raises:
            Stopped: when asked to stop; the trial's checkpoint has been saved.
        """
        config, self.stop, trained = self.config, stop, 0
        self.evaluator.stop = stop
        for number in itertools.count(1):
            if 0 <= config.num_trials < number:
                break
            take_over = functools.partial(self.evaluator.take_over, number)
            if not (
                config.do_train and workers.from_chief(self.strategy, take_over)
            ):
                self._trial(number)
                trained += 1
            replaces = config.do_train and not config.keep_all_models
            before = self._folder(number - 1)
            if self.chief and replaces and number > 1 and files.exists(before):
                _check_ours(before)
                files.remove_folder(before)
        # Those that wait see to it that the chief is done before they end.
        workers.from_chief(self.strategy, lambda: None)
        found = self.evaluator.results
        if not self.chief:
            return found
        if len(found) > len(self.tasks):
            print(*results.summary_lines(found), sep="\n")
        say(self._end(trained))
        return found

    def _end(self, trained: int) -> str:
        """Say where the results of a finished run are."""
        config = self.config
        places = [config.results_txt, config.report_dir] * config.do_eval
        if config.do_train and config.tuned_models == "best":
            places.append(config.tuned_model_dir)
        wanted = [*places, *self.evaluator.prediction_paths()]
        missing = [path for path in wanted if not files.exists(path)]
        places = [path for path in places if path not in missing]
        before = "" if trained else " already; nothing is left to do"
        said = (
            f"All trials are done{before}. Results: "
            f"{', '.join(places or [config.model_dir])}"
        )
        if missing:
            said += (
                f". Not there: {', '.join(missing)}; trials that are done "
                "write nothing again, unless their trial_<number>.json in "
                f"{config.model_dir} are removed"
            )
        return said

    def _trial(self, number: int):
        config, started = self.config, time.monotonic()
        seed = (config.seed + number) % SEEDS  # After the last, the first.
        keras.utils.set_random_seed(seed)
        with self.strategy.scope(), precision(config.precision):
            model = FinetuningModel(
                encoder_config(config),
                self.tasks,
                config.embedding_lookup,
                is_given=self.pretrained is not None or not config.do_train,
                recompute=config.recompute,
                scan=config.scan_layers,
            )
        steps = 0
        if config.do_train:
            steps = self._train(model, number, seed)
        else:
            if self.chief:
                values = checkpoints.read_variables(self._folder(number))
                assign(model.variables, values)
            workers.assign_from_chief(self.strategy, model.variables.values())

        def keep(is_best: bool):
            """Write a model folder, to predict with and to export."""
            if config.tuned_models == "all":
                folder = f"{config.tuned_model_dir}_{number}"
            elif config.tuned_models == "best" and is_best:
                folder = config.tuned_model_dir
            else:
                return
            values = {path: v.numpy() for path, v in model.variables.items()}
            finetuned_model.write(folder, config, self.tasks, values, steps)

        self.evaluator(model, Trial(number, seed, steps, started), keep)

    def _train(self, model: FinetuningModel, trial: int, seed: int) -> int:
        config = self.config
        if self.pretrained is not None:
            assign(
                model.variables,
                self.pretrained,
                required=lambda path: not path.startswith("task_specific/"),
            )
        steps = inputs.num_train_steps(
            self.training, config.train_batch_size, config.num_train_epochs
        )
        if self.chief:
            self._begin(trial, steps)
        order = inputs.training_order(
            self.training, config.train_batch_size, steps, seed, config.batching
        )
        with self.strategy.scope():
            adamw = self._optimizer(model, steps)
        loop = TrainingLoop(
            [Phase(0, model.losses)],
            adamw,
            model.variables,
            self._training_data(order),
            self.strategy,
            self._settings(trial, steps, seed, order),
            stop=self.stop,
            facts={"trial": trial, "vocab_sha256": self.vocab_sha256},
        )
        loop.train()
        return steps

    def _optimizer(self, model: FinetuningModel, steps: int):
        config = self.config
        return optimizer.of_config(
            config,
            model.variables,
            schedules.told(
                config.learning_rate,
                steps,
                steps * config.warmup_proportion,
                decay_after_warmup=config.decay_after_warmup,
            ),
            rate_multipliers(
                model.variables,
                model.encoder.config.num_hidden_layers,
                config.layerwise_lr_decay,
                config.layerwise_decay_top_exponent,
            ),
        )

    def _training_data(self, order):
        """Return the function from the first step to a dataset."""
        config = self.config

        def shares(start: int, context) -> tf.data.Dataset:
            # Of a trial that only is to be evaluated, nothing is drawn.
            left = order[start:] if start < len(order) else order
            # Repeated, because a dataset with an end makes every step of a
            # distributed loop ask whether it is there.
            return inputs.batches(
                self.training, left, self.length, config.max_seq_length, context
            ).repeat()

        return lambda start: distribution.distribute(
            functools.partial(shares, start), self.strategy
        )

    def _executed_flops(self, order):
        """Return the function from a number of updates to their operations."""
        config, replicas = self.config, self.strategy.num_replicas_in_sync
        widths = inputs.widths(
            self.training, order, self.length, config.max_seq_length, replicas
        )
        heads = [task.head for task in self.tasks]
        return finetuning_flops.flops_of_updates(
            config, heads, widths, self.training.most_inputs
        )

    def _settings(self, trial: int, steps: int, seed: int, order) -> Settings:
        config = self.config
        tokens = self.training.tokens / len(self.training)
        return Settings.of(
            config,
            num_train_steps=steps,
            steps_per_loop=min(
                config.iterations_per_loop, -(-steps // PROGRESS_LINES)
            ),
            model_dir=self._folder(trial),
            record_dir=config.model_dir,
            keep=1,
            seed=seed,
            jit_compile=config.must_compile,
            tokens_per_step=round(tokens * config.train_batch_size),
            executed_flops=self._executed_flops(order),
        )

    def _folder(self, trial: int) -> str:
        return finished_trials.trial_folder(self.config, trial)

    def _begin(self, trial: int, steps: int):
        """Announce a trial; its folder is new, or that of its beginning."""
        config = self.config
        of = "" if config.num_trials < 0 else f"/{config.num_trials}"
        say(
            f"Trial {trial}{of}: {config.joined_tasks}, {steps} updates, "
            f"{self.training.num_real} examples"
        )
        folder = self._folder(trial)
        _check_ours(folder)
        files.make_folder(folder)
        run_folder.save_config(folder, config)


def _check_ours(folder: str):
    """Raise `FileExistsError` for a folder that no trial can have made."""
    names = listing.names_in(folder)
    others = [name for name in names if not name.endswith(files.UNFINISHED)]
    if others and run_folder.CONFIG_FILE not in others:
        raise FileExistsError(
            f"{folder} is in the way, and holds no trial's "
            f"{run_folder.CONFIG_FILE}. Move it, or set model_dir."
        )
