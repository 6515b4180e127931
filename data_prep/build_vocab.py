"""Learns a WordPiece vocabulary from text.

    python -m data_prep.build_vocab --corpus_dir=corpus \\
        --output_file=data/vocab.txt --vocab_size=8192

The text is cut into words by the very code that tokenizes later. The same
text gives the same vocabulary.
"""

import bisect
import collections
import dataclasses
import itertools
import math
import os
import string
import sys
from collections.abc import Iterable, Mapping, Sequence

from data_prep import command_line, corpus
from data_prep.dataset_config import CorpusConfig
from data_prep.sources import data_issues, formats
from data_prep.sources.unit import Reading
from electra_tf.configs import TokenizerConfig, effects, hparam
from electra_tf.errors import UserError
from electra_tf.io import claims, files
from electra_tf.text import marks, scripts
from electra_tf.text.marks import Marks
from electra_tf.text.tokenization import BasicTokenizer, Tokenizer
from electra_tf.text.unknown import WORTH_A_WARNING, reasons
from electra_tf.text.vocabulary import CONTINUATION, SPECIAL_TOKENS

BYTES_PER_MB = 1_000_000
# The trainer counts pairs of tokens in 32 bits with a sign.
MOST_PAIRS = (1 << 31) - 1
CHARACTERS_AT_ONCE = 10_000_000
# Characters that are covered however rare they are.
ALWAYS_COVERED = 1000
# Share of words that nothing cuts, from which on it is advised to.
MUCH_UNCUT = 0.2
# Every one of these is known, in the text or not, unless the vocabulary is
# smaller than that.
LEAST_WITH_ASCII = 256
ALWAYS_KNOWN = string.ascii_letters + string.digits + string.punctuation


@dataclasses.dataclass(frozen=True, kw_only=True)
class VocabConfig(TokenizerConfig, CorpusConfig):
    """Learns a WordPiece vocabulary from text."""

    effects = effects.VOCABULARY

    output_file: str = hparam(help_text="vocabulary file to write")
    vocab_size: int = hparam(
        30522, "number of tokens, special ones included", at_least=6
    )
    num_reserved_tokens: int = hparam(
        0,
        "number of tokens [unused0], [unused1], ... that no text gives, for"
        " tokens to come",
        at_least=0,
    )
    character_coverage: float = hparam(
        0.9995,
        "share of the text whose characters are all covered; the 1,000 most"
        " frequent ones are in any case",
        more_than=0,
        at_most=1,
    )
    max_characters: int | None = hparam(
        None,
        "number of most frequent characters to cover; null: by"
        " character_coverage",
        at_least=1,
    )
    min_frequency: int = hparam(
        2, "how often the parts of a learned token must meet", at_least=1
    )
    split_words: bool = hparam(
        False,
        "cut text without blanks between words, such as Thai or Japanese, by a"
        " dictionary before it is learnt from, so that few tokens go beyond a"
        " word; needs the package icu4py",
    )
    max_mb: float | None = hparam(
        None,
        "megabytes to learn from, as the files are stored; null: all",
        more_than=0,
    )
    seed: int = hparam(0, "seed of the choice of text, if not all", at_least=0)


def main(config: VocabConfig) -> None:
    """Learn the vocabulary and write it.

    Raises:
        FileNotFoundError: No corpus.
        UserError: The output file exists, cannot be written, or would be
            within the text; or the text is too little.
        DiskFullError: There is no room for the output file.
    """
    if config.split_words and not scripts.word_breaker():
        raise command_line.not_installed("--split_words", "icu4py", "sentences")
    path = config.output_file
    files.check_new_file(path, "--output_file")
    corpus.check_apart(config, "--output_file", path)
    if files.exists(path):
        raise UserError(
            f"{path} exists. Give another --output_file, or delete it first."
        )
    basic = BasicTokenizer(
        config.do_lower_case,
        config.strip_accents,
        config.tokenize_chinese_chars,
    )
    with corpus.standard_input_as_file(config) as config:
        counts = _count_words(config, basic)
    if not counts:
        raise UserError(f"There is no word in {config.source}.")
    characters = covered_characters(config, counts)
    _advise_to_split(config, counts)
    if config.vocab_size >= LEAST_WITH_ASCII:
        for character in ALWAYS_KNOWN:
            characters.update(dict.fromkeys(basic.words(character)))
    tokens = learn(
        counts,
        [
            *(f"[unused{k}]" for k in range(config.num_reserved_tokens)),
            *single_tokens(characters, basic),
        ],
        config.vocab_size,
        config.min_frequency,
    )
    folder = os.path.dirname(path) or "."
    left = "No vocabulary is there: make room, and run the same command again."
    with claims.write_errors_explained(folder, path, "--output_file", left):
        files.write(path, "".join(f"{token}\n" for token in tokens))
    _report(config, tokens, counts)


def _count_words(
    config: VocabConfig, basic: BasicTokenizer
) -> collections.Counter:
    counts = collections.Counter()
    issues, removed = data_issues.DataIssues(), Marks()
    apart = scripts.words_apart if config.split_words else str
    size = math.inf if config.max_mb is None else config.max_mb * BYTES_PER_MB
    texts = corpus.list_files(config)
    for unit in corpus.sample(texts, size, config, config.seed):
        for document in formats.documents(unit, Reading(config, issues)):
            for line in document:
                removed += marks.count([line], config)
                counts.update(basic.words(apart(line)))
    for warning in data_issues.warnings(issues.counts, issues.places):
        print(f"Warning: {warning}")
    if advice := removed.advice():
        print(f"Warning: {advice}")
    return counts


def covered_characters(
    config: VocabConfig, counts: Mapping[str, int]
) -> dict[str, None]:
    """Return the characters to cover, the most frequent first; tell others."""
    characters = character_counts(counts)
    total = sum(characters.values())
    number = config.max_characters or max(
        ALWAYS_COVERED,
        number_covering(characters.values(), config.character_coverage),
    )
    chosen, others = [*characters][:number], [*characters][number:]
    if others:
        share = sum(characters[c] for c in others) / total
        print(
            f"{len(others)} of {len(characters)} characters are not covered,"
            f" {share:.3%} of the text, such as {others[0]!r}; words that have"
            " them are [UNK]. Raise --character_coverage or --max_characters"
            " to have more."
        )
    return dict.fromkeys(chosen)


def _advise_to_split(config: VocabConfig, counts: Mapping[str, int]) -> None:
    """Tell people whose text is mostly of words that nothing cuts."""
    uncut = sum(n for w, n in counts.items() if scripts.RUN.match(w) and w[1:])
    if uncut > MUCH_UNCUT * counts.total() and not config.split_words:
        print(
            f"{uncut / counts.total():.0%} of what stands between blanks is in"
            " scripts without blanks between words, such as Thai: tokens will"
            " go beyond words, and answers and tags begin within tokens."
            " --split_words learns from words."
        )


def character_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how often characters come in words, the most frequent first.

    >>> character_counts({"aab": 1, "bc": 3})
    {'b': 4, 'c': 3, 'a': 2}
    """
    characters = collections.Counter()
    for word, count in counts.items():
        for character in word:
            characters[character] += count
    return dict(sorted(characters.items(), key=lambda c: (-c[1], c[0])))


def number_covering(counts: Iterable[int], share: float) -> int:
    """Return how many of the first counts add up to a share of all.

    >>> number_covering([6, 3, 1], 0.9), number_covering([6, 3, 1], 1.0)
    (2, 3)
    """
    sums = list(itertools.accumulate(counts))
    return 1 + bisect.bisect_left(sums, share * sums[-1])


def single_tokens(
    characters: Iterable[str], basic: BasicTokenizer
) -> list[str]:
    """Return the tokens of one character each, in order.

    Every character is there for the start of a word and, unless it always
    is a word of its own, for the rest, so that only words with other
    characters become [UNK].

    >>> single_tokens("b!a", BasicTokenizer())
    ['!', '##a', '##b', 'a', 'b']
    """
    joining = (c for c in characters if len(basic.words(f"a{c}")) == 1)
    return sorted({*characters, *(CONTINUATION + c for c in joining)})


def learn(
    counts: Mapping[str, int],
    single: Sequence[str],
    vocab_size: int,
    min_frequency: int,
) -> list[str]:
    """Return a vocabulary: special tokens, characters, learned tokens.

    Args:
        counts: How often each word occurs. Of those with a character that is
            no token nothing is learnt.
        single: Reserved tokens, and those of one character.
        vocab_size: Number of tokens; there are fewer if the text is short.
        min_frequency: How often two tokens must meet to be joined.

    Raises:
        UserError: The single tokens alone are more than `vocab_size`.
    """
    fixed = [*SPECIAL_TOKENS, *single]
    if len(fixed) > vocab_size:
        raise UserError(
            f"vocab_size={vocab_size} has no room for the {len(fixed)} tokens"
            " of one character, special and reserved ones. Raise"
            " --vocab_size, or cover fewer characters: --max_characters."
        )
    # The trainer would join what stands beside a character that it lacks.
    known = {token for token in single if len(token) == 1}
    words = {word: n for word, n in counts.items() if known.issuperset(word)}
    divisor = divisor_for(words, MOST_PAIRS)
    if divisor > 1:
        print(
            "The text is long: the vocabulary is learned from 1 of"
            f" {divisor} occurrences of each word, and at least one."
        )
        words = {word: max(1, n // divisor) for word, n in words.items()}
        # As each word comes once, what met once only shall not count as often.
        least = math.ceil(min_frequency / divisor)
        min_frequency = max(least, min(min_frequency, 2))
    from tokenizers import Tokenizer as Trained
    from tokenizers import models, pre_tokenizers, trainers

    model = Trained(models.WordPiece(unk_token=SPECIAL_TOKENS[1]))
    model.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        show_progress=False,
        # All known characters go here, not only special tokens. Otherwise
        # their ids, and with them equally frequent pairs, are in an order
        # that changes from run to run.
        special_tokens=fixed,
        limit_alphabet=0,
        continuing_subword_prefix=CONTINUATION,
    )
    model.train_from_iterator(_repeated(words), trainer)
    by_id = model.get_vocab()
    return sorted(by_id, key=by_id.get)


def divisor_for(counts: Mapping[str, int], most: int) -> int:
    """Return by what to divide counts so that no pair comes too often.

    Two tokens meet at most as often as the two characters at which they do;
    a character at the start of a word is another one. What has to be divided
    becomes half of the most, as every word stays.

    Args:
        counts: How often each word occurs.
        most: How often two characters may meet.

    >>> divisor_for({"baa": 50, "aaaa": 20}, 90)  # 90 times aa, 20 at a start
    1
    >>> divisor_for({"baa": 50, "aaaa": 20}, 89)
    3
    """
    pairs = collections.Counter()
    for word, count in counts.items():
        if len(word) > 1:
            pairs["start", word[:2]] += count
        for pair in map("".join, itertools.pairwise(word[1:])):
            pairs[pair] += count
    found = max(pairs.values(), default=0)
    return 1 if found <= most else math.ceil(2 * found / most)


def _repeated(counts: Mapping[str, int]) -> Iterable[str]:
    """Yield each word as often as it occurs, for a trainer that counts."""
    for word in sorted(counts):
        times = counts[word]
        while times > 0:
            piece = min(times, 10_000, 1 + CHARACTERS_AT_ONCE // len(word))
            yield " ".join([word] * piece)
            times -= piece


def _report(config: VocabConfig, tokens: list[str], counts) -> None:
    tokenizer = Tokenizer.of(config.output_file, config)
    unknown = sum(
        count
        for word, count in counts.items()
        if tokenizer.unk_id in tokenizer.encode(word)
    )
    print(
        f"{len(tokens)} tokens in {config.output_file}, learned from"
        f" {counts.total()} words; {unknown} of them are [UNK]"
    )
    if unknown >= WORTH_A_WARNING * counts.total():
        words = tokenizer.pieces.unknown_words
        print(f"Warning: {' '.join(reasons(tokenizer, words))}")
    if len(tokens) < config.vocab_size:
        print(
            f"The text gives no {config.vocab_size} tokens. Set the model's"
            f" vocab_size to {len(tokens)}."
        )


def program() -> None:
    """Run the program with the arguments of the command line."""
    command_line.run(main, VocabConfig, sys.argv)


if __name__ == "__main__":
    program()
