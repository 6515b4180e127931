# %% [markdown]
# # Replaced words
#
# This is what ELECTRA is trained for: to see which words of a text were put in
# the place of others. Here is what it suspects, as a picture.

# %%
import matplotlib.pyplot as plt
import numpy as np

import electra_tf
import toy

discriminator = electra_tf.Discriminator.load(toy.pretrained(), max_length=16)

# %% [markdown]
# One word in each of these sentences, but the first, does not belong there. In
# its minute the tiny model learns what may stand where; who eats what takes
# more.

# %%
texts = [
    "the old cat eats the small fish .",
    "the old cat red the small fish .",
    "the quiet pilot parks the eats plane .",
    "the small the finds the good seed .",
]
inputs = discriminator.tokenizer(texts, max_length=16)
logits = discriminator.predict(inputs, verbose=0)
suspicion = 1 / (1 + np.exp(-logits))  # (texts, length)

# %%
figure, axes = plt.subplots(figsize=(9, 3))
pieces = [discriminator.tokenizer.tokenize(text) for text in texts]
longest = max(map(len, pieces))
shown = suspicion[:, 1 : longest + 1]  # Without [CLS].
axes.imshow(shown, cmap="Reds", vmin=0, vmax=1, aspect="auto")
for row, words in enumerate(pieces):
    for column, word in enumerate(words):
        axes.text(column, row, word, ha="center", va="center")
axes.set_axis_off()
figure.savefig("replaced_words.png", bbox_inches="tight")

# %%
for words, row in zip(pieces, shown, strict=True):
    most = int(row[: len(words)].argmax())
    print(f"{row[most]:.0%} suspect {words[most]!r}: {' '.join(words)}")
