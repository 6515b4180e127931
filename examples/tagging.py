# %% [markdown]
# # Tagging words
#
# Who does it, and with what? A tag for each word, where `B-` begins a span and
# `I-` goes on with it.

# %%
import electra_tf
import toy


def tagged(one: dict) -> tuple[list[str], list[str]]:
    """Return the words of a sentence and their tags."""
    tags = ["B-WHO", "I-WHO", "I-WHO", "O", "B-WHAT", "I-WHAT", "I-WHAT", "O"]
    return one["text"].split(), tags


words, tags = zip(*map(tagged, toy.sentences(512, seed=4)), strict=True)
print(*zip(words[0], tags[0], strict=True))

# %%
tagger = electra_tf.Tagger.load(
    toy.pretrained(),
    labels=["O", "B-WHO", "I-WHO", "B-WHAT", "I-WHAT"],
    max_length=16,
)
tagger.optimizer.learning_rate = 2e-3
tagger.fit([*words], [*tags], epochs=3, verbose=2)

# %% [markdown]
# Tags come with the places of words in the text, and spans are put together.

# %%
(answer,) = tagger.answers(["The quiet girl repairs the old bike."])
for span in answer["spans"]:
    print(span)
assert [span["type"] for span in answer["spans"]] == ["WHO", "WHAT"]
