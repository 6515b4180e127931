# %% [markdown]
# # Pre-training from your own text
#
# Two networks: a small generator fills in hidden tokens, the discriminator
# tells which ones it got wrong. `Pretraining` is a `keras.Model`, so callbacks
# do the rest. For days on many machines there is `run_pretraining.py`, whose
# losses, draws and updates these are.

# %%
import pathlib
import tempfile

import tensorflow as tf

import electra_tf
import toy

# %% [markdown]
# The text, a list of lines, and its vocabulary. `electra-build-vocab` learns
# one of word pieces from files, `electra-build-dataset` makes records of them.

# %%
lines = [one["text"] for one in toy.sentences(4096)]
tokenizer = toy.tokenizer()

# %%
model = electra_tf.Pretraining(
    tokenizer,
    max_seq_length=16,
    train_batch_size=64,
    num_train_steps=400,
    num_warmup_steps=40,
    learning_rate=2e-3,
    embedding_size=32,
    model_hparam_overrides={
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 128,
        "max_position_embeddings": 64,
    },
)
data = tf.data.Dataset.from_tensor_slices(tokenizer(lines, max_length=16))
data = data.shuffle(len(lines)).repeat().batch(64)
history = model.fit(
    data, epochs=4, steps_per_epoch=100, shuffle=False, verbose=2
).history

# %% [markdown]
# Both losses fall: that of hidden tokens, and that of telling replaced ones.

# %%
for name in ("mlm_loss", "disc_loss"):
    print(name, [f"{value:.2f}" for value in history[name]])
assert history["mlm_loss"][-1] < history["mlm_loss"][0]

# %% [markdown]
# What comes next starts from a folder: another run, fine-tuning, a conversion.

# %%
folder = pathlib.Path(tempfile.mkdtemp()) / "pretrained"
electra_tf.save(str(folder), model)
classifier = electra_tf.Classifier.load(str(folder), num_labels=2)
print(sorted(path.name for path in folder.iterdir()))
