"""A language of a few dozen words, and a tiny ELECTRA that learns it.

The examples run on it, so that they need no network and a minute at most. Set
ELECTRA_MODEL to a folder or to a name on Hugging Face's hub, such as
google/electra-small-discriminator, and they take that model instead.
"""

import os
import pathlib
import random
import tempfile

import tensorflow as tf

import electra_tf

# Who does what with which things.
KINDS = {
    "animals": (
        ("cat", "dog", "horse", "bird"),
        ("eats", "smells", "finds"),
        ("fish", "bone", "grass", "seed"),
    ),
    "traffic": (
        ("woman", "driver", "pilot", "girl"),
        ("drives", "repairs", "parks"),
        ("car", "bus", "plane", "bike"),
    ),
}
ADJECTIVES = ("old", "small", "red", "quiet", "good", "tired")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
FOLDER = pathlib.Path(tempfile.gettempdir()) / "electra_tf_toy"
UPDATES, BATCH, LENGTH = 1200, 64, 16


def sentence(draw: random.Random, kind: str | None = None) -> dict[str, str]:
    """Return a sentence, its kind, its two parts, and its words."""
    kind = kind or draw.choice(list(KINDS))
    who, does, what = map(draw.choice, KINDS[kind])
    subject = f"the {draw.choice(ADJECTIVES)} {who}"
    thing = f"the {draw.choice(ADJECTIVES)} {what}"
    text = f"{subject} {does} {thing} ."
    return {"text": text, "kind": kind, "who": subject, "thing": thing,
            "does": does}  # fmt: skip


def sentences(count: int, seed: int = 1) -> list[dict[str, str]]:
    """Return so many sentences, the same for the same seed."""
    draw = random.Random(seed)
    return [sentence(draw) for _ in range(count)]


def tokenizer() -> electra_tf.Tokenizer:
    """Return a tokenizer whose word pieces are the language's words."""
    words = {"the", "who", "what", ".", "?", *ADJECTIVES}
    for parts in KINDS.values():
        words.update(*parts)
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "vocab.txt"
    path.write_text("\n".join((*SPECIAL, *sorted(words))))
    return electra_tf.Tokenizer(str(path))


def pretrained(objective: str = "rtd") -> str:
    """Return a folder with a model: yours, or one that is trained now."""
    if given := os.environ.get("ELECTRA_MODEL"):
        return given
    folder = FOLDER / objective
    if not folder.exists():
        electra_tf.save(str(folder), pretrain(objective))
    return str(folder)


def pretrain(objective: str = "rtd", updates: int = UPDATES):
    """Return a tiny model after some seconds of pre-training."""
    reads = tokenizer()
    # So small a language is soon known to a generator, whose replacements all
    # fit then. Any word of the vocabulary teaches more here.
    proposes = {"generator": "uniform"} if objective == "rtd" else {}
    model = electra_tf.Pretraining(
        reads,
        objective=objective,
        **proposes,
        max_seq_length=LENGTH,
        train_batch_size=BATCH,
        num_train_steps=updates,
        learning_rate=2e-3,
        num_warmup_steps=updates // 10,
        embedding_size=32,
        model_hparam_overrides={
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 128,
            "max_position_embeddings": 64,
        },
    )
    texts = [one["text"] for one in sentences(8192)]
    batch = reads(texts, max_length=LENGTH)
    data = tf.data.Dataset.from_tensor_slices(batch).shuffle(8192).repeat()
    data = data.batch(BATCH)
    model.fit(data, steps_per_epoch=updates, shuffle=False, verbose=0)
    return model
