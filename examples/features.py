# %% [markdown]
# # Features of a text
#
# An encoder turns a text into vectors: one for each token, and one for the
# whole text. Similar texts have similar vectors. The model here is tiny and
# knows only a toy language; `toy.py` explains how to use your own.

# %%
import numpy as np

import electra_tf
import toy

folder = toy.pretrained()
tokenizer = electra_tf.Tokenizer.load(folder)
encoder = electra_tf.Encoder.load(folder)

# %% [markdown]
# A batch is three arrays: ids, where there are tokens, and segments.

# %%
texts = [
    "the old cat eats the small fish .",
    "the tired dog finds the old bone .",
    "the quiet pilot parks the red plane .",
    "the good woman drives the old bus .",
]
batch = tokenizer(texts, max_length=16)
print(tokenizer.tokenize(texts[0]))

# %% [markdown]
# The vector of a text: the mean over its tokens.

# %%
output = encoder(
    batch["input_ids"],
    input_mask=batch["input_mask"],
    segment_ids=batch["segment_ids"],
)
tokens = np.array(output.sequence_output)  # (texts, length, hidden)
mask = batch["input_mask"][..., None]
vectors = (tokens * mask).sum(axis=1) / mask.sum(axis=1)
print(vectors.shape)

# %% [markdown]
# How alike are they? Cosines, after taking away what all have in common.

# %%
apart = vectors - vectors.mean(axis=0)
apart /= np.linalg.norm(apart, axis=1, keepdims=True)
print(np.round(apart @ apart.T, 2))
