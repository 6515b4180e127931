"""Fine-tunes a pre-trained ELECTRA on one or several tasks.

    python run_finetuning.py --data_dir=DIR --model_name=NAME \
        --task_names=cola --num_trials=3

reads the checkpoint in DIR/models/NAME with its vocabulary, or else
DIR/vocab.txt, and the raw data in DIR/finetuning_data/cola. It writes
DIR/models/NAME/results. Your own data (or --task=pair, multilabel, regression,
multiple_choice, tagging, qa; see docs/how_to/own_data.md):

    python run_finetuning.py --data_dir=DIR --model_name=NAME \
        --task=classification --train_file=train.tsv --dev_file=dev.tsv \
        --text_column=text --label_column=label

`--help` lists the flags that are used most and the exit statuses, `--helpfull`
all flags. The same command goes on with a run that was stopped.
"""

import dataclasses
import os
import signal
import sys

if __name__ == "__main__":
    # While modules are imported Ctrl-C has nothing to save.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from electra_tf import command_line
from electra_tf.configs import FinetuningConfig, from_flags, hparams
from electra_tf.configs.optimization import FinetuningUpdates, OptimizerSettings
from electra_tf.conversion import initial_checkpoint
from electra_tf.efficiency.memory import (
    finetuning_memory,
    out_of_memory_explained,
)
from electra_tf.errors import UserError
from electra_tf.finetuning import (
    example_hash,
    finished_trials,
    result_files,
)
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.task import DEV, TRAIN
from electra_tf.text import tokenization
from electra_tf.training import cluster, outputs, run_folder, stopping

# Settings that evaluation alone need not repeat.
OF_TRAINING = {
    "seed",
    "from_scratch",
    "train_batch_size",
    "accumulation_steps",
    *(field.name for field in dataclasses.fields(OptimizerSettings)),
    *(field.name for field in dataclasses.fields(FinetuningUpdates)),
}


def main(argv: list[str] | None = None):
    """Run the program with the command line `argv`, that of the process."""
    argv = argv or sys.argv
    config = from_flags.parse(FinetuningConfig, argv)
    with command_line.errors_of(os.path.basename(argv[0])):
        run(config)


def run(config: FinetuningConfig):
    """Check what is given, then fine-tune in a folder of one's own."""
    run_folder.check_name(config.model_name)
    cluster.check(
        config.distribution_strategy,
        train_batch_size=config.train_batch_size,
        eval_batch_size=config.eval_batch_size,
        predict_batch_size=config.predict_batch_size,
    )
    chief = cluster.is_chief(config.distribution_strategy)
    config, start = initial_checkpoint.finetuning(config)
    tasks = task_table.tasks(config)
    tokenizer = tokenization.Tokenizer.of(config.vocab_file, config)
    tokenization.check_vocab_size(tokenizer, config.vocab_size)
    initial_checkpoint.check_vocabulary(
        start, tokenizer, config.init_checkpoint
    )
    check_weights(config, chief)
    examples = read_examples(config, tasks)
    values = start and start.variables
    inputs = {"vocab_sha256": tokenizer.vocab_sha256}
    if values is not None:
        inputs["init_checkpoint_sha256"] = example_hash.of_arrays(values)
    for (task, split), rows in examples.items():
        if split in (TRAIN, DEV):
            inputs[f"{task} {split}"] = example_hash.of_examples(rows)
    for task in tasks:
        # Without training, too, they come from the training data.
        found = [getattr(task, of, None) for of in ("labels", "scale")]
        if any(found):
            inputs[f"{task.name} labels"] = example_hash.of_examples(found)
    folder = config.model_dir
    with run_folder.claimed(folder, chief):
        # A worker that ended here by itself would leave the others waiting.
        if chief:
            check_outputs(config, tasks)
            if config.do_train:
                run_folder.save_config(folder, config)
            else:
                run_folder.check_config(folder, config, OF_TRAINING)
            run_folder.check_inputs(
                folder, inputs, config.accept_changed_inputs
            )
        heads = [task.head for task in tasks]
        with out_of_memory_explained(
            config, lambda: finetuning_memory(config, heads)
        ):
            finetune(config, tasks, tokenizer, examples, values, inputs)


def check_weights(config: FinetuningConfig, chief: bool = True):
    """Refuse to do nothing, or to evaluate what nobody has trained."""
    if not config.num_trials:
        raise UserError(
            "There is nothing to do: num_trials is 0. Give 1 or more, or -1 "
            "for trials without end."
        )
    if config.do_train:
        return
    if not (config.do_eval or config.write_test_outputs):
        raise UserError("There is nothing to do: give --do_train or --do_eval.")
    folder = finished_trials.trial_folder(config, 1)
    if chief and not run_folder.has_checkpoint(folder):
        raise UserError(
            f"There is no checkpoint in {folder} to evaluate. Expected the "
            "settings of a run whose trials have been trained and kept."
        )


def check_outputs(config: FinetuningConfig, tasks: list):
    """Refuse to replace what this run has not written.

    Where it was begun, what it writes by default is its own.
    """
    folder = config.model_dir
    usual = {field.name for field in dataclasses.fields(config)}
    usual = usual - config.given if run_folder.has_config(folder) else set()
    outputs.check(folder, result_files.written(config, tasks), usual)


def read_examples(config: FinetuningConfig, tasks: list) -> dict:
    """Read all that the run needs, so that mistakes in it show at once."""
    examples = {}
    for task in tasks:
        splits = [TRAIN] if config.do_train else []
        splits += [DEV] if config.do_eval else []
        splits += task.test_splits if config.write_test_outputs else ()
        for split in splits:
            examples[task.name, split] = task.examples(split)
    return examples


def finetune(
    config: FinetuningConfig,
    tasks: list,
    tokenizer,
    examples: dict,
    start: dict | None,
    inputs: dict,
):
    """Train and evaluate; TensorFlow is imported here."""
    from electra_tf.finetuning.finetuner import Finetuner
    from electra_tf.training import distribution, workers

    command_line.leave_graphs_as_they_are()
    strategy = distribution.strategy(config)
    stop = stopping.stop_signal(config.distribution_strategy)
    with workers.loss_explained(strategy):
        workers.check_same(strategy, inputs | hparams.in_common(config))
        finetuner = Finetuner(
            config, tasks, tokenizer, examples, start, strategy
        )
        with stop:
            finetuner.run(workers.agreed_stop(strategy, stop))


if __name__ == "__main__":
    main()
