# %% [markdown]
# # Multiple choice
#
# Which of some texts goes with another one? Each choice gets a score of its
# own, so that questions may have any number of them.

# %%
import random

import electra_tf
import toy

draw = random.Random(6)
kinds = list(toy.KINDS)
asked, right = [], []
for one in toy.sentences(768, seed=6):
    other = kinds[1 - kinds.index(one["kind"])]
    choices = [toy.sentence(draw, other)["thing"] for _ in range(2)]
    right.append(draw.randrange(3))
    choices.insert(right[-1], one["thing"])
    asked.append((f"{one['who']} {one['does']}", choices))
print(asked[0], right[0])

# %%
chooser = electra_tf.MultipleChoice.load(toy.pretrained(), max_length=16)
chooser.optimizer.learning_rate = 2e-3
chooser.fit(asked, right, epochs=3, verbose=2)

# %%
question = ("the old bird smells", ["the red bus", "the good seed"])
(answer,) = chooser.answers([question])
print(answer)
assert answer["text"] == "the good seed"
