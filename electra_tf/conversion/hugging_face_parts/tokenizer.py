"""The tokenizer in a folder of Hugging Face's transformers: in and out.

    tokenizer_config.json   its settings
    tokenizer.json          the same, of the program that is faster, with the
                            longest word, which the first does not know

As in transformers the first counts where it names a setting, and their
default where neither does.
"""

import os
from collections.abc import Mapping
from typing import Any

from electra_tf.configs.tokenizer import UNNAMED, TokenizerConfig
from electra_tf.conversion import model_folder
from electra_tf.conversion.hugging_face_parts.files import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    added_tokens,
)
from electra_tf.conversion.model import Model
from electra_tf.errors import UserError, shown
from electra_tf.io import files
from electra_tf.io.json_text import misspelt
from electra_tf.text import vocabulary
from electra_tf.text.tokenization import BasicTokenizer

# How their tokenizer changes text where no file says; None: as do_lower_case.
DEFAULTS = {"do_lower_case": True, "strip_accents": None, **UNNAMED}
# Where tokenizer.json has a setting.
IN_TOKENIZER_FILE = {
    "do_lower_case": ("normalizer", "lowercase"),
    "strip_accents": ("normalizer", "strip_accents"),
    "tokenize_chinese_chars": ("normalizer", "handle_chinese_chars"),
    "max_input_chars_per_word": ("model", "max_input_chars_per_word"),
}
# Classes that cut text as BERT does, some of them as tokenizer.json says.
KINDS = (
    "ElectraTokenizer",
    "ElectraTokenizerFast",
    "BertTokenizer",
    "BertTokenizerFast",
    "PreTrainedTokenizerFast",
    "TokenizersBackend",
)
NORMALIZER = "BertNormalizer"
# Parts of tokenizer.json that make the ids; there the types stand by name.
PARTS = {
    "normalizer": NORMALIZER,
    "pre_tokenizer": "BertPreTokenizer",
    "model": "WordPiece",
}
# The only values that we compute of other settings of theirs.
FIXED = {"do_basic_tokenize": (True, None), "never_split": (None, [])}
FIXED_IN_TOKENIZER_FILE = {
    ("normalizer", "clean_text"): True,
    ("model", "unk_token"): vocabulary.UNK,
    ("model", "continuing_subword_prefix"): vocabulary.CONTINUATION,
}
_AROUND_A_PAIR = "[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1"
SPECIAL = dict(
    zip(
        ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"),
        vocabulary.SPECIAL_TOKENS,
        strict=True,
    )
)
# All that is read of tokenizer_config.json, here and in `files` and `heads`.
SETTINGS = (
    *(*DEFAULTS, *FIXED, *SPECIAL, "tokenizer_class", "model_max_length"),
    *("truncation_side", "padding_side"),
    *("additional_special_tokens", "added_tokens_decoder"),
)


def write(path: str, model: Model) -> None:
    """Write the files of a model's tokenizer into a folder."""
    settings = TokenizerConfig.of(model.config).tokenizer_settings
    limit = settings.pop("max_input_chars_per_word")
    content = {
        "tokenizer_class": KINDS[0],
        **settings,
        "model_max_length": model.config.encoder.max_position_embeddings,
        **SPECIAL,
    }
    files.write_json(os.path.join(path, CONFIG_FILE), content)
    vocab = vocabulary.load_vocabulary(model.vocab)
    files.write_json(
        os.path.join(path, TOKENIZER_FILE), _fast(vocab, settings, limit)
    )


def _fast(vocab: dict[str, int], settings: dict, limit: int) -> dict:
    """Return the content of tokenizer.json."""
    exact = dict.fromkeys(
        ("single_word", "lstrip", "rstrip", "normalized"), False
    )
    special = {t: vocab[t] for t in vocabulary.SPECIAL_TOKENS if t in vocab}
    cls, sep = ([t, vocab.get(t, 0)] for t in (vocabulary.CLS, vocabulary.SEP))
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": number, "content": token, **exact, "special": True}
            for token, number in sorted(special.items(), key=lambda t: t[1])
        ],
        "normalizer": {
            "type": NORMALIZER,
            "clean_text": True,
            "handle_chinese_chars": settings["tokenize_chinese_chars"],
            "strip_accents": settings["strip_accents"],
            "lowercase": settings["do_lower_case"],
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": sep, "cls": cls},
        "decoder": {
            "type": "WordPiece",
            "prefix": vocabulary.CONTINUATION,
            "cleanup": True,
        },
        "model": {
            "type": "WordPiece",
            "unk_token": vocabulary.UNK,
            "continuing_subword_prefix": vocabulary.CONTINUATION,
            "max_input_chars_per_word": limit,
            "vocab": {token: i for token, i in vocab.items() if token},
        },
    }


def read_settings(path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return how a folder's tokenizer changes text, and what is not taken.

    Returns:
        The settings by our names; what another file says, and why it does not
        count.

    Raises:
        UserError: for a value of a wrong type, or what we do not have.
    """
    file = os.path.join(path, CONFIG_FILE)
    values = model_folder.read_json(file)
    fast = os.path.join(path, TOKENIZER_FILE)
    of_fast = model_folder.read_json(fast)
    in_fast = _settings_of_fast(of_fast, fast)
    in_config = {n: values[n] for n in DEFAULTS if n in values}
    _check_types(in_config, file)
    _check_types(in_fast, fast)
    found = {**DEFAULTS, **in_fast, **in_config}
    _check_rules(values, file)
    if found["strip_accents"] and not found["do_lower_case"]:
        raise UserError(
            f"{file} has strip_accents true and do_lower_case false. Text "
            "that is not lower-cased keeps its accents here, so it would "
            "become other ids than the model was trained on."
        )
    overruled = _overruled(found, in_fast) | _other_sides(values, of_fast)
    overruled |= misspelt(values, SETTINGS, CONFIG_FILE)
    names = values.get("additional_special_tokens") or []
    names = [n for n in names if isinstance(n, str)]
    cut = _cut([*names, *added_tokens(path)], found)
    if cut:
        overruled[f"the tokens {shown(cut)}"] = (
            "they are no words; texts that have them are cut within them"
        )
    return found, overruled


def _other_sides(values: Mapping, of_fast: Mapping) -> dict[str, str]:
    """Return what of either file is done at the left, and why it is not."""
    sides = {
        f"{name} {values[name]}": values[name]
        for name in ("truncation_side", "padding_side")
        if name in values
    }
    for part in ("truncation", "padding"):
        holder = of_fast.get(part)
        if isinstance(holder, Mapping) and f"{part}_side" not in values:
            side = holder.get("direction", "Right")
            sides[f"{part} {side} of {TOKENIZER_FILE}"] = side
    return {
        what: "texts lose their end here, and are padded there"
        for what, side in sides.items()
        if side not in ("right", "Right")
    }


def _cut(tokens: list[str], settings: Mapping[str, Any]) -> list[str]:
    """Return the tokens that no text becomes, without BERT's own."""
    strips = settings["strip_accents"] is not False
    lower, chinese = map(
        settings.get, ("do_lower_case", "tokenize_chinese_chars")
    )
    basic = BasicTokenizer(lower, strips, chinese)
    return [
        token
        for token in dict.fromkeys(tokens)
        if token not in vocabulary.SPECIAL_TOKENS
        and basic.words(token) != [token]
    ]


def check_vocab(path: str, vocab: bytes) -> None:
    """Check a folder's vocabulary against that of its tokenizer.json.

    Raises:
        UserError: naming a token whose ids differ.
    """
    fast = os.path.join(path, TOKENIZER_FILE)
    model = model_folder.read_json(fast).get("model")
    theirs = model.get("vocab") if isinstance(model, Mapping) else None
    if not isinstance(theirs, Mapping):
        return
    ours = vocabulary.load_vocabulary(vocab, path)
    words = [token for token in theirs if token == "".join(token.split())]
    for token in (*ours, *words):
        # Added tokens are in our vocabulary alone.
        one, other = ours.get(token), theirs.get(token, ours.get(token))
        if one != other:
            raise UserError(
                f"The vocabularies of {path} differ: {token!r} has the id "
                f"{one} in its vocab.txt and {other} in {TOKENIZER_FILE}. "
                "Remove the one that the model was not trained with."
            )


def _overruled(found: dict[str, Any], in_fast: dict[str, Any]) -> dict:
    """Return the settings of tokenizer.json that are not taken, and why."""
    return {
        f"{name} {value} of {TOKENIZER_FILE}": (
            f"{CONFIG_FILE} has {found[name]}, which counts in transformers"
        )
        for name, value in in_fast.items()
        if value != found[name]
        # None: as do_lower_case.
        and {value, found[name]} != {None, found["do_lower_case"]}
    }


def _settings_of_fast(values: Mapping, file: str) -> dict[str, Any]:
    """Return the settings that tokenizer.json names, if there is one."""
    found: dict[str, Any] = {}
    if not values:
        return found
    # What is not there is not BERT's: then nothing is done to texts.
    for part, kind in PARTS.items():
        received = _type_of(values, part)
        if received != kind:
            raise UserError(
                f"{part} in {file} must have the type {kind}, as ELECTRA's. "
                f"Received: {shown(received)}. Texts would become other ids "
                "than the model was trained on."
            )
    for name, (part, theirs) in IN_TOKENIZER_FILE.items():
        if theirs in values[part]:
            found[name] = values[part][theirs]
    processor = values.get("post_processor")
    received = _around_a_pair(processor) or shown(processor)
    _check_fixed("post_processor", received, _AROUND_A_PAIR, file)
    for (part, name), fixed in FIXED_IN_TOKENIZER_FILE.items():
        received = values[part].get(name, fixed)
        _check_fixed(f"{part}.{name}", received, fixed, file)
    return found


def _type_of(values: Mapping, part: str) -> Any:
    """Return the type of a part of tokenizer.json, or what is there instead."""
    holder = values.get(part)
    if not isinstance(holder, Mapping):
        return holder
    # Older files do not name the model's; no other one has this setting.
    of_words = part == "model" and "max_input_chars_per_word" in holder
    return holder.get("type", PARTS[part] if of_words else None)


def _around_a_pair(processor) -> str:
    """Return what an input of two texts, A and B, is, with its segments."""
    try:
        if processor["type"] != "TemplateProcessing":
            (cls, _), (sep, _) = processor["cls"], processor["sep"]
            is_berts = processor["type"] == "BertProcessing"
            return f"{cls}:0 A:0 {sep}:0 B:1 {sep}:1" if is_berts else ""
        parts = [part for piece in processor["pair"] for part in piece.values()]
        return " ".join(f"{part['id']}:{part['type_id']}" for part in parts)
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


def _check_fixed(name: str, value, fixed, file: str) -> None:
    if value != fixed:
        raise UserError(
            f"{name} in {file} must be {fixed!r}. Received: {value!r}. Texts "
            "would become other ids than the model was trained on."
        )


def _check_types(settings: Mapping[str, Any], file: str) -> None:
    for name, value in settings.items():
        default = DEFAULTS[name]
        whole = type(default) is int
        if value is default or type(value) is (int if whole else bool):
            continue
        text = "a whole number" if whole else "true or false"
        raise UserError(
            f"{name} in {file} must be {text}. Received: {shown(value)}."
        )


def _check_rules(values: Mapping, file: str) -> None:
    """Refuse other rules than BERT's, and special tokens of other names."""
    kind = values.get("tokenizer_class") or KINDS[0]
    if kind not in KINDS:
        raise UserError(
            f"tokenizer_class in {file} must be one of {', '.join(KINDS)}. "
            f"Received: {kind!r}. It may cut texts into other words than the "
            "model would get here. If yours come with blanks between its "
            "words, remove the setting."
        )
    for name, fixed in FIXED.items():
        if values.get(name) not in fixed:
            _check_fixed(name, values[name], fixed[0], file)
    for name, ours in SPECIAL.items():
        theirs = values.get(name, ours)
        if isinstance(theirs, Mapping):  # As a token with its properties.
            theirs = theirs.get("content", ours)
        if theirs != ours:
            raise UserError(
                f"{name} in {file} must be {ours!r}. Received: "
                f"{shown(theirs)}. "
                f"Rename the token {theirs!r} to {ours!r} in a copy of the "
                f"vocabulary and of {CONFIG_FILE}: its id stays the same."
            )
