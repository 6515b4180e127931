"""Scores by the command line, checked by the networks' own numbers."""

import io
import json

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import to_json
from electra_tf.conversion import model_folder, tensorflow_checkpoint
from electra_tf.pretraining import build, objectives, rerank, score, scoring
from electra_tf.pretraining.objectives import log_odds_of_noise
from electra_tf.text.tokenization import Tokenizer
from electra_tf.training import checkpoints
from electra_tf.training.checkpoint_folder import CheckpointFolder
from tests import tiny

WORDS = ("the", "cat", "sees", "dog", "##s", ".", "un", "##seen")
LONG = ("the cat", "the cat " * 20)
N_BEST = '{"hypotheses": [{"text": "a cat", "score": -1.0}]}'
TEXTS = ("The cat sees the dogs.", "unseen cat", "")


class SavedRun:
    """A run of random weights, which are far from all alike."""

    def __init__(self, folder, **changes):
        vocabulary = folder / "vocab.txt"
        special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
        vocabulary.write_text("\n".join((*special, *WORDS)) + "\n")
        self.tokenizer = Tokenizer(vocabulary)
        self.config = tiny.pretraining(
            vocab_file=str(vocabulary),
            vocab_size=self.tokenizer.vocab_size,
            **changes,
        )
        self.model = build.new_pretrainer(self.config, self.tokenizer)
        rng = np.random.default_rng(0)
        for variable in self.model.variables.values():
            variable.assign(variable + rng.normal(0, 0.3, variable.shape))
        step = tf.Variable(3, dtype=tf.int64)
        saved = checkpoints.checkpoint(self.model.variables, {}, step)
        CheckpointFolder(saved, str(folder)).save(3)
        (folder / "config.json").write_text(json.dumps(to_json(self.config)))
        self.path = str(folder)

    def ids(self, text: str) -> np.ndarray:
        ids = self.tokenizer.encode(text)
        return np.array([[2, *ids, 3]], np.int32)

    def hidden(self, ids):
        return self.model.main(ids).sequence_output

    def fake_logits(self, ids):
        return self.model.head.head(self.hidden(ids)).numpy()[0]

    def generator_log_probability(self, ids, place):
        generator = self.model.generator
        masked = ids.copy()
        masked[0, place] = 4
        vectors = generator.encoder(masked).sequence_output
        table = generator.encoder.embeddings.word_embeddings
        logits = generator.head(vectors, word_embeddings=table)[0, place]
        return tf.nn.log_softmax(logits).numpy()


def run(capsys, monkeypatch, saved, *flags, lines=TEXTS):
    """Give lines to the program; return its rows, and what it told people."""
    text = "".join(f"{line}\n" for line in lines)
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()))
    )
    score.main([f"--model_folder={saved.path}", "--input=-", *flags])
    printed = capsys.readouterr()
    return [json.loads(row) for row in printed.out.splitlines()], printed.err


@pytest.fixture
def rows_of(capsys, monkeypatch):
    return lambda *args, **more: run(capsys, monkeypatch, *args, **more)


def check(rows, expected):
    assert [row["text"] for row in rows] == list(TEXTS)
    assert [row["tokens"] for row in rows[:2]] == [7, 3]
    # The best possible sum would be that of no token.
    assert rows[2] == {
        "line": 3,
        "text": "",
        "error": "the text has no token, and so no score.",
    }
    for row, values in zip(rows[:2], expected[:2], strict=True):
        assert row["score"] == pytest.approx(sum(values), abs=1e-4)


def test_electric(tmp_path, rows_of):
    saved = SavedRun(tmp_path, objective="electric")
    energies = [saved.fake_logits(saved.ids(t))[1:-1] for t in TEXTS]
    check(rows_of(saved)[0], [-e for e in energies])
    rows, _ = rows_of(saved, "--per_token", "--batch_size=1")
    pieces, scores = zip(*rows[1]["token_scores"], strict=True)
    assert pieces == ("un", "##seen", "cat")
    np.testing.assert_allclose(scores, -energies[1], atol=1e-5)


def test_two_towers(tmp_path, rows_of):
    saved = SavedRun(tmp_path, objective="two_tower")
    expected = []
    for text in TEXTS:
        ids = saved.ids(text)
        states = [
            tower(ids, direction=way).sequence_output[0]
            for tower, way in (
                (saved.model.generator.left_to_right, "ltr"),
                (saved.model.generator.right_to_left, "rtl"),
            )
        ]
        table = saved.model.generator.left_to_right.embeddings.word_embeddings
        values = []
        for place in range(1, ids.shape[1] - 1):
            both = tf.concat([states[0][place - 1], states[1][place + 1]], 0)
            logits = saved.model.generator.head(
                both[None], word_embeddings=table
            )[0]
            values.append(tf.nn.log_softmax(logits).numpy()[ids[0, place]])
        expected.append(values)
    check(rows_of(saved)[0], expected)


@pytest.mark.parametrize("objective", ["mlm", "rtd"])
def test_masked_language_model(tmp_path, rows_of, objective):
    saved = SavedRun(tmp_path, objective=objective)
    expected = [
        [
            saved.generator_log_probability(ids, place)[ids[0, place]]
            for place in range(1, ids.shape[1] - 1)
        ]
        for ids in map(saved.ids, TEXTS)
    ]
    check(rows_of(saved, "--method=masked_lm")[0], expected)


def data_probability(original, proposed, share=0.15):
    """The formula of the paper's appendix G, as it stands there."""
    a = (1 - share) / share
    return original * proposed / (a * (1 - original) + proposed)


def test_electra_and_its_model_folder(tmp_path, rows_of):
    saved = SavedRun(tmp_path)
    expected = []
    for ids in map(saved.ids, TEXTS):
        originals = 1 / (1 + np.exp(saved.fake_logits(ids)))
        expected.append(
            [
                np.log(
                    data_probability(
                        originals[place],
                        np.exp(
                            saved.generator_log_probability(ids, place)[
                                ids[0, place]
                            ]
                        ),
                    )
                )
                for place in range(1, ids.shape[1] - 1)
            ]
        )
    check(rows_of(saved)[0], expected)
    folder = tmp_path / "folder"
    model_folder.write(str(folder), tensorflow_checkpoint.read_run(saved.path))
    saved.path = str(folder)
    check(rows_of(saved)[0], expected)


def test_filling_by_generator_and_discriminator(tmp_path, rows_of):
    saved = SavedRun(tmp_path)
    rows, _ = rows_of(
        saved, "--fill", "--top=13", lines=["the [MASK] sees the dog"]
    )
    ids = saved.ids("the cat sees the dog")
    proposed = np.exp(saved.generator_log_probability(ids, 2))
    for one in rows[0]["candidates"]:
        number = saved.tokenizer.tokens.index(one["token"])
        ids[0, 2] = number
        original = 1 / (1 + np.exp(saved.fake_logits(ids)[2]))
        expected = data_probability(original, proposed[number])
        assert one["probability"] == pytest.approx(expected, rel=1e-4)
    found = [one["probability"] for one in rows[0]["candidates"]]
    assert len(found) == 13 and found == sorted(found, reverse=True)


def test_the_right_discriminator_tells_the_datas_probability():
    rng = np.random.default_rng(0)
    data, generator = rng.dirichlet(np.ones(5), size=2)
    share = 0.15
    a = (1 - share) / share
    original = data * (a + generator) / (a * data + generator)
    found = scoring.log_data_probabilities(
        np.log((1 - original) / original), np.log(generator), share
    )
    np.testing.assert_allclose(np.exp(found), data, rtol=1e-6)


def test_energies_at_the_optimum_are_those_of_the_data():
    """NCE: the best logits are log(k q / ((n - k) p)), so E = -log p."""
    rng = np.random.default_rng(0)
    data, noise = rng.dirichlet(np.full(5, 3.0), size=2)
    share = 0.15
    energies = tf.Variable(np.zeros(5))

    @tf.function
    def update():
        with tf.GradientTape() as tape:
            logits = energies + log_odds_of_noise(np.log(noise), share)
            loss = tf.reduce_sum(
                share * noise * detection_losses(logits, 1)
                + (1 - share) * data * detection_losses(logits, 0)
            )
        energies.assign_sub(20 * tape.gradient(loss, energies))

    for _ in range(3000):
        update()
    np.testing.assert_allclose(energies, -np.log(data), atol=1e-3)
    ratio = np.log(share * noise / ((1 - share) * data))
    np.testing.assert_allclose(
        energies + log_odds_of_noise(np.log(noise), share), ratio, atol=1e-3
    )


def detection_losses(logits, label):
    labels = np.full(5, label, np.float64)
    logits = tf.cast(logits, tf.float32)
    losses = objectives.detection_losses(logits, labels)
    return tf.cast(losses, tf.float64)


def n_best(*hypotheses, **more) -> str:
    lists = [{"text": t, "score": s} for t, s in hypotheses]
    return json.dumps({"id": "x", "hypotheses": lists, **more})


def test_reranking_with_a_tuned_weight(tmp_path, rows_of):
    saved = SavedRun(tmp_path, objective="electric")
    texts = ("the cat", "unseen dogs .")
    rows, _ = rows_of(saved, lines=texts)
    values = [row["score"] for row in rows]
    worse, better = sorted((0, 1), key=lambda number: values[number])
    # The better one wins from a weight of 0.525 on.
    lead = 0.525 * (values[better] - values[worse])
    scores = {better: 0.0, worse: lead}
    pairs = [(texts[number], scores[number]) for number in (0, 1)]
    dev = tmp_path / "dev.jsonl"
    dev.write_text(n_best(*pairs, reference=texts[better]) + "\n")
    found, told = rows_of(
        saved, "--rerank", f"--dev={dev}", lines=[n_best(*pairs)]
    )
    assert "weight 0.55, word error rate" in told
    assert "0.00%, without the model" in told
    (row,) = found
    assert (row["id"], row["text"]) == ("x", texts[better])
    assert row["best"] == better and row["weight"] == 0.55
    for one, value in zip(row["hypotheses"], values, strict=True):
        assert one["likelihood"] == pytest.approx(value, abs=1e-4)
    (row,), _ = rows_of(
        saved, "--rerank", "--weight=0.5", lines=[n_best(*pairs)]
    )
    assert row["text"] == texts[worse]


def test_hypotheses_without_a_token_have_no_likelihood(tmp_path, rows_of):
    saved = SavedRun(tmp_path)
    lines = [
        n_best(("\u200b", 0.0), ("the cat", -99.0)),
        n_best(("", -2.0), ("\0", -1.0)),
    ]
    rows, _ = rows_of(saved, "--rerank", "--weight=1", lines=lines)
    assert [row["best"] for row in rows] == [1, 1]
    empty, cat = rows[0]["hypotheses"]
    assert empty["likelihood"] is None and cat["likelihood"] < 0
    assert rerank.best(rows[0]["hypotheses"], weight=0.0) == 0


def test_unknown_tokens_are_told_at_the_end(tmp_path, rows_of):
    saved = SavedRun(tmp_path)
    _, told = rows_of(saved, lines=["the horse", "the cat"])
    assert "score: Warning: 25% of the tokens are [UNK]" in told
    assert "have characters that the vocabulary lacks, such as 'horse'" in told
    _, told = rows_of(saved, lines=["the cat"])
    assert not told
    _, told = rows_of(saved, "--fill", lines=["horse [MASK]"])
    assert "score: Warning: 50% of the tokens are [UNK]" in told


@pytest.mark.parametrize(
    ("flags", "lines", "message"),
    [
        (["--method=two_tower"], ["x"], "'two_tower' does not fit .*'rtd'"),
        (["--rerank", "--dev=/dev/null"], ["{}"], "references with words"),
        (["--rerank"], ["{}"], "either --weight or --dev"),
        (["--strict"], LONG, "line 2: the text has 40 tokens; the model"),
    ],
)
def test_mistakes(tmp_path, rows_of, flags, lines, message):
    saved = SavedRun(tmp_path)
    with pytest.raises(SystemExit, match=message):
        rows_of(saved, *flags, lines=lines)


# For flags a line that is scored, and others with what is said of them.
LINES = {
    "": (
        "the cat",
        {"the cat " * 20: "the text has 40 tokens; the model"},
    ),
    "--json_lines": (
        '{"text": "a"}',
        {
            "{": "no JSON: ",
            '{"txt": 1}': "an object with 'text'",
            '{"text": 1}': "an object with 'text'",
            '{"text": "\\ud83d"}': "holds '",
            '{"text": 1, "text": "a"}': "twice",
        },
    ),
    "--fill": (
        "the [MASK]",
        {
            "the cat": "expected one [MASK]. Received",
            f"{'a ' * 40}[MASK]": "the text has 41 tokens",
        },
    ),
    "--rerank --weight=1": (
        N_BEST,
        {
            "{}": "object with 'hypotheses'",
            '{"hypotheses": [{"text": "a", "score": NaN}]}': "hypotheses must "
            "be objects with 'text' and a finite 'score'",
        },
    ),
}


@pytest.mark.parametrize("flags", LINES)
def test_other_lines_are_scored_all_the_same(tmp_path, rows_of, flags):
    saved = SavedRun(tmp_path)
    good, errors = LINES[flags]
    command = [*flags.split(), "--batch_size=1"]
    (expected,), _ = rows_of(saved, *command, lines=[good])
    rows, _ = rows_of(saved, *command, lines=[good, *errors, good])
    first, *bad, last = rows
    assert "error" not in expected
    assert {**last, "line": 1} == first == expected
    for number, (row, error) in enumerate(
        zip(bad, errors.values(), strict=True), 2
    ):
        assert error in row["error"] and row["line"] == number
        assert "score" not in row


def test_a_bad_development_list_ends_the_program(tmp_path, rows_of):
    dev = tmp_path / "dev.jsonl"
    dev.write_text(N_BEST + "\n")
    with pytest.raises(SystemExit, match=r"dev.jsonl, line 1: expected .*'ref"):
        rows_of(SavedRun(tmp_path), "--rerank", f"--dev={dev}", lines=[N_BEST])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--batch_size=0"], "--batch_size must be at least 1. Received: 0"),
        (["--top=3"], "--top has no effect on scores"),
        (["--rerank", "--weight=nan"], "--weight must be finite"),
        (["--fill", "--method=electric"], "--method has no effect on fill"),
        (["--fill", "--rerank", "--weight=1"], "--rerank, --weight has no"),
    ],
)
def test_flags_without_an_effect(flags, message):
    with pytest.raises(SystemExit, match=message):
        score.main(["--model_folder=none", "--input=-", *flags])


def test_json_lines_keep_what_else_they_hold(tmp_path, rows_of):
    saved = SavedRun(tmp_path, objective="electric")
    lines = [json.dumps({"text": "the cat", "id": 7})]
    lines.append(json.dumps({"text": "the cat" * 40, "id": 8}))
    taken = {"line": 7, "error": "none", "score": 9, "tokens": 8}
    lines.append(json.dumps({"text": "the cat", **taken}))
    (row, bad, last), _ = rows_of(saved, "--json_lines", lines=lines)
    assert {**last, "id": 7, "line": 1} == row
    assert (row["id"], row["text"], row["tokens"]) == (7, "the cat", 2)
    assert (bad["line"], bad["id"]) == (2, 8) and "Split" in bad["error"]
