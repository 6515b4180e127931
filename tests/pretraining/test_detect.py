import json

import pytest
import tensorflow as tf

from electra_tf.configs import to_json
from electra_tf.pretraining import detect
from electra_tf.pretraining.masking import SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.tokenization import Tokenizer
from electra_tf.training import checkpoints
from electra_tf.training.checkpoint_folder import CheckpointFolder
from tests import tiny

WORDS = ("the", "cat", "sees", "dog", "##s", ".", "un", "##seen")


@pytest.fixture
def model_dir(tmp_path):
    vocabulary = tmp_path / "vocab.txt"
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    vocabulary.write_text("\n".join((*special, *WORDS)) + "\n")
    tokenizer = Tokenizer(vocabulary)
    config = tiny.pretraining(
        vocab_file=str(vocabulary), vocab_size=tokenizer.vocab_size
    )
    pretrainer = Pretrainer(
        config,
        SpecialTokens(tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id),
    )
    step = tf.Variable(3, dtype=tf.int64)
    saved = checkpoints.checkpoint(pretrainer.variables, {}, step)
    CheckpointFolder(saved, str(tmp_path)).save(3)
    (tmp_path / "config.json").write_text(json.dumps(to_json(config)))
    return str(tmp_path)


def test_corrupts_and_detects(model_dir):
    pretrainer, tokenizer = detect.load(model_dir)
    texts = ["The cat sees the dogs.", "unseen cat"]
    found = detect.corrupt_and_detect(pretrainer, tokenizer, texts, seed=0)
    for text, tokens in zip(texts, found, strict=True):
        assert [t.original for t in tokens] == tokenizer.tokenize(text)
        assert all(0 < token.probability < 1 for token in tokens)
    assert any(token.replaced for tokens in found for token in tokens)


def test_marks_word_pieces():
    tokens = [
        detect.Token("un", "un", 0.1),
        detect.Token("##s", "##seen", 0.75),
        detect.Token("cat", "cat", 0.6),
    ]
    assert detect.marked(tokens, 0.5) == "un[s<seen]!75% cat!60%"


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(FileNotFoundError):
        detect.load(str(tmp_path))
