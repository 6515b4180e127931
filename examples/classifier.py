# %% [markdown]
# # A classifier in 20 lines
#
# A classifier is a `keras.Model`: `fit`, `evaluate` and `predict` take texts.
# It is compiled when it is made, with AdamW and the loss of its task.

# %%
import electra_tf
import toy

train, test = toy.sentences(512, seed=2), toy.sentences(128, seed=3)

classifier = electra_tf.Classifier.load(
    toy.pretrained(), labels=["animals", "traffic"], max_length=16
)
classifier.optimizer.learning_rate = 1e-3  # The model is tiny.
classifier.fit(
    [one["text"] for one in train],
    [one["kind"] for one in train],
    epochs=2,
    verbose=2,
)
scores = classifier.evaluate(
    [one["text"] for one in test],
    [one["kind"] for one in test],
    return_dict=True,
    verbose=0,
)
print(scores)
assert scores["accuracy"] > 0.9

# %% [markdown]
# What it says of new texts, with probabilities:

# %%
for answer in classifier.answers(["the red bird finds the good seed ."]):
    print(answer)

# %% [markdown]
# `electra_tf.save("FOLDER", classifier)` writes a folder that
# `electra_tf.load_predictor`, `electra-predict`, `electra-export` and
# `electra-convert` read.
