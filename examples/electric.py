# %% [markdown]
# # Electric: how likely is a text?
#
# Electric (Clark et al., 2020) is an ELECTRA whose logits are energies. One
# pass over a text scores each of its tokens by all the others: the higher the
# sum, the likelier the text. So one can choose among what a recogniser of
# speech has heard. It learns by telling true tokens from noise, so it knows
# little of what its noise never proposes.

# %%
import electra_tf
import toy

scorer = electra_tf.Discriminator.load(
    toy.pretrained("electric"), max_length=16
)

# %% [markdown]
# The score of a token is its negated energy: about the logarithm of its
# probability. It counts for the words alone, not for [CLS], [SEP] and padding.

# %%
heard = [
    "the small bird eats the old seed .",
    "the small bird eats the old the .",
    "the the bird eats the old seed .",
]
inputs = scorer.tokenizer(heard, max_length=16)
energies = scorer.predict(inputs, verbose=0)  # (texts, length)
words = inputs["input_mask"].copy()
words[:, 0] = 0
words[range(len(heard)), inputs["input_mask"].sum(axis=1) - 1] = 0
scores = (-energies * words).sum(axis=1)

# %%
for score, text in sorted(zip(scores, heard, strict=True), reverse=True):
    print(f"{score:7.2f}  {text}")
