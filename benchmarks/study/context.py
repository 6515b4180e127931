"""Whether a discriminator looks at a token's neighbours yet.

    python -m benchmarks.study.context --model_folder=RUN

Beside it stands a detector that knows a token alone: what share of its places
in training records were replaced, by the run's own generator. On held-out
records both get an AUC, the chance that a replaced token is told from one that
is not. What counts are the tokens that the discriminator is trained on, less
[CLS] and [SEP].
"""

import argparse

import numpy as np

from electra_tf import command_line
from electra_tf.io import record_files

SEED = 7
BATCH_SIZE = 64
# A token counts as if it had been seen so often at the mean share.
PRIOR = 5


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line.parser("benchmarks.study.context", __doc__)
    add = parser.add_argument
    add("--model_folder", required=True, help="what run_pretraining.py wrote")
    add("--training_batches", type=int, default=300, help="to count shares in")
    add("--held_out_batches", type=int, default=60, help="to compare on")
    return parser.parse_args()


def main():
    """Print both AUCs."""
    args = arguments()
    command_line.set_up_tensorflow()
    from sklearn.metrics import roc_auc_score

    from electra_tf.pretraining import detector

    pretrainer, tokenizer = detector.load(args.model_folder)
    config = pretrainer.config
    ids, is_fake, _ = detected(
        pretrainer, tokenizer, config.pretrain_tfrecords, args.training_batches
    )
    shares = shares_replaced(ids, is_fake, tokenizer.vocab_size)
    ids, is_fake, logits = detected(
        pretrainer, tokenizer, config.held_out_tfrecords, args.held_out_batches
    )
    print(f"{len(ids)} held-out tokens, {is_fake.mean():.1%} replaced")
    print(f"AUC of the token alone: {roc_auc_score(is_fake, shares[ids]):.3f}")
    print(f"AUC of the network:     {roc_auc_score(is_fake, logits):.3f}")


def detected(pretrainer, tokenizer, pattern: str, batches: int) -> tuple:
    """Return ids, whether each is replaced, and logits, each `(tokens,)`."""
    import tensorflow as tf

    from electra_tf.pretraining import inputs
    from electra_tf.randomness import RandomStream

    @tf.function
    def run(batch, step):
        output = pretrainer(batch, RandomStream(SEED, step), training=False)
        corrupted = output.corrupted
        return (
            corrupted.input_ids,
            corrupted.is_fake,
            output.disc_logits,
            output.disc_weights,
        )

    config = pretrainer.config.replace(eval_batch_size=BATCH_SIZE)
    files = record_files.find(pattern)
    dataset = inputs.evaluation_dataset(config, files).take(batches)
    found = [
        [part.numpy().ravel() for part in run(batch, step)]
        for step, batch in dataset.enumerate()
    ]
    ids, is_fake, logits, weights = map(
        np.concatenate, zip(*found, strict=True)
    )
    ends = (tokenizer.cls_id, tokenizer.sep_id)
    counts = (weights > 0) & ~np.isin(ids, ends)
    return ids[counts], is_fake[counts], logits[counts]


def shares_replaced(ids, is_fake, vocab_size: int) -> np.ndarray:
    """Return what share of each token's places was replaced, float `(V,)`.

    >>> ids = np.array([1] * 5 + [2] * 5)
    >>> shares_replaced(ids, ids == 2, 3).tolist()
    [0.5, 0.25, 0.75]
    """
    fakes = np.bincount(ids, weights=is_fake, minlength=vocab_size)
    places = np.bincount(ids, minlength=vocab_size)
    return (fakes + PRIOR * np.mean(is_fake)) / (places + PRIOR)


if __name__ == "__main__":
    main()
