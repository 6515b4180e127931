"""Fine-tunes a pre-trained ELECTRA on one or several tasks.

    python run_finetuning.py --data_dir=DIR --model_name=NAME \
        --task_names=cola --num_trials=3

reads DIR/vocab.txt, the checkpoint in DIR/models/NAME and the raw data in
DIR/finetuning_data/cola, and writes DIR/models/NAME/results. Your own data
(or --task=pair, regression, multilabel, tagging, qa; see docs/own_data.md):

    python run_finetuning.py --data_dir=DIR --model_name=NAME \
        --task=classification --train_file=train.tsv --dev_file=dev.tsv \
        --text_column=text --label_column=label

`--help` lists all flags.
"""

import os
import sys

from electra_tf import command_line
from electra_tf.configs import FinetuningConfig
from electra_tf.conversion import initial_checkpoint
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.task import DEV, TRAIN
from electra_tf.text import tokenization
from flags import from_config


def main(argv: list[str]):
    """Run the program with the command line `argv`."""
    config = from_config.parse(FinetuningConfig, argv)
    with command_line.errors_of(os.path.basename(argv[0])):
        config, start = initial_checkpoint.finetuning(config)
        tasks = task_table.tasks(config)
        tokenizer = tokenization.Tokenizer.of(config.vocab_file, config)
        tokenization.check_vocab_size(tokenizer, config.vocab_size)
        initial_checkpoint.check_vocabulary(
            start, tokenizer, config.init_checkpoint
        )
        examples = read_examples(config, tasks)
        finetune(config, tasks, tokenizer, examples, start and start.variables)


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
):
    """Train and evaluate; TensorFlow is imported here."""
    from electra_tf.finetuning.finetuner import Finetuner

    Finetuner(config, tasks, tokenizer, examples, start).run()


if __name__ == "__main__":
    main(sys.argv)
