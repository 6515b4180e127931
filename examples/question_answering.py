# %% [markdown]
# # Question answering
#
# An answer is a part of a passage: its text, and the number of its first
# character.

# %%
import electra_tf
import toy

asked, answers = [], []
for number, one in enumerate(toy.sentences(1024, seed=5)):
    part = "who" if number % 2 else "thing"
    rest = one["thing"] if part == "who" else one["who"]
    question = f"who {one['does']} {rest} ?"
    if part == "thing":
        question = f"what {one['does']} {rest} ?"
    asked.append((question, one["text"]))
    answers.append((one[part], one["text"].index(one[part])))
print(asked[0], answers[0])

# %%
answerer = electra_tf.QuestionAnswerer.load(toy.pretrained(), max_length=32)
answerer.optimizer.learning_rate = 2e-3
answerer.fit(asked, answers, epochs=6, verbose=2)

# %% [markdown]
# Of the places that it considers the likeliest is the answer.

# %%
passage = "The tired horse smells the red grass."
for question in ("Who smells the red grass?", "What smells the tired horse?"):
    answer = answerer.answers([(question, passage)])[0]
    print(question, answer["answer"])
    assert passage[answer["begin"] : answer["end"]] == answer["answer"]
