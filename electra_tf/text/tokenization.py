"""WordPiece tokenization, identical to BERT's.

Two steps. The basic tokenizer cleans the text, sets CJK characters apart,
lower-cases, strips accents and splits on white space and punctuation;
WordPiece then cuts each word greedily into the longest known pieces.

Special tokens get no special treatment in text: `[MASK]` in a line is split
on its brackets, as in the original.

It is plain Python, and fast because both steps are taken once for a part of
a text that comes again; see `Tokenizer.encode`.

Reference: Devlin et al., 2019, BERT, https://arxiv.org/abs/1810.04805
"""

import functools
import hashlib
import itertools
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from electra_tf.configs.tokenizer import TokenizerConfig
from electra_tf.errors import UserError
from electra_tf.text import vocabulary
from electra_tf.text.vocabulary import CONTINUATION, SPECIAL_TOKENS

TokenizerT = TypeVar("TokenizerT", bound="Tokenizer")
# Parts of texts whose pieces are remembered; then the memory starts afresh.
MAX_REMEMBERED_PARTS = 500_000
# A longer part hardly comes again.
MAX_CHARACTERS_REMEMBERED = 40
# Words without pieces that are remembered, to say why there are some.
MAX_UNKNOWN_WORDS = 1000

# The blocks of CJK ideographs, each of which is a word (as in BERT).
CJK_RANGES = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)

# What is neither plain ASCII nor tab, line feed or carriage return.
_NOT_PLAIN_ASCII = re.compile(r"[^\t\n\r\x20-\x7e]")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]")

# Blanks, and characters that are always words of their own: between these a
# text can be cut before anything else is done to it. There are more, but all
# versions of Unicode agree on these.
BLANKS = r" \t\n\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_ALONE = r"!-/:-@\[-`{-~\u2010-\u2027\u3001-\u3003\u3008-\u3011\uff0c"
_IDEOGRAPHS_ALONE = r"\u4e00-\u9fef"
# The one letter whose lower case depends on its neighbours, beyond
# punctuation too.
SIGMA = "\u03a3"


def _is_punctuation(character: str) -> bool:
    # All ASCII symbols count, also those Unicode does not call punctuation.
    if character.isascii():
        return character.isprintable() and not (
            character.isalnum() or character == " "
        )
    return unicodedata.category(character).startswith("P")


def is_cjk(code: int) -> bool:
    """Return whether a code point is of a CJK ideograph, by BERT's blocks."""
    return any(first <= code <= last for first, last in CJK_RANGES)


class _Table(dict):
    """For `str.translate`; works out what replaces a character once."""

    def __init__(self, replacement: Callable[[str], str | None]):
        super().__init__()
        self._replacement = replacement

    def __missing__(self, code: int) -> str | None:
        self[code] = self._replacement(chr(code))
        return self[code]


def _cleaned(tokenize_chinese_chars: bool, character: str) -> str | None:
    """Drop control characters; may set ideographs apart."""
    category = unicodedata.category(character)
    if character in "\t\n\r" or category == "Zs":
        return " "
    if category.startswith("C") or character == "\ufffd":
        return None
    if tokenize_chinese_chars and is_cjk(ord(character)):
        return f" {character} "
    return character


def _punctuation_apart(drop_accents: bool, character: str) -> str | None:
    """Set punctuation apart; may drop accents."""
    if drop_accents and unicodedata.category(character) == "Mn":
        return None
    return f" {character} " if _is_punctuation(character) else character


class BasicTokenizer:
    """Cuts text into words and punctuation marks.

    Args:
        do_lower_case: Lower-case the text.
        strip_accents: Remove accents. Has no effect without
            `do_lower_case`, as in the original.
        tokenize_chinese_chars: Make each CJK ideograph a word.

    Attributes:
        alone: Characters that are always words, as in a pattern's brackets.
        part: Pattern of what text can be cut into beforehand.

    Example:

    >>> BasicTokenizer().words("The caf\u00e9's 5%.")
    ['the', 'cafe', "'", 's', '5', '%', '.']
    """

    def __init__(
        self,
        do_lower_case: bool = True,
        strip_accents: bool = True,
        tokenize_chinese_chars: bool = True,
    ):
        self.do_lower_case = do_lower_case
        self.strip_accents = do_lower_case and strip_accents
        self.alone = _ALONE + _IDEOGRAPHS_ALONE * tokenize_chinese_chars
        self.part = re.compile(rf"[^{BLANKS}{self.alone}]+|[{self.alone}]")
        self.cleaning = _Table(
            functools.partial(_cleaned, tokenize_chinese_chars)
        )
        self.punctuation = _Table(
            functools.partial(_punctuation_apart, self.strip_accents)
        )

    def words(self, text: str) -> list[str]:
        """Return the words and punctuation marks of a text, in order."""
        if _NOT_PLAIN_ASCII.search(text) is None:
            return _ASCII_WORD.findall(
                text.lower() if self.do_lower_case else text
            )
        # The whole text at once: white space and dropped characters neither
        # join words nor change how their neighbours are lower-cased.
        text = self.cleaned(text)
        if self.do_lower_case:
            text = text.lower()
        if self.strip_accents:
            text = unicodedata.normalize("NFD", text)
        return text.translate(self.punctuation).split()

    def keeps_any(self, text: str) -> bool:
        """Return whether a text has any word.

        >>> [*map(BasicTokenizer().keeps_any, ("\u200b ?", "\u200b"))]
        [True, False]
        """
        # Nearly all texts say so by their beginning.
        return bool(self.words(text[:20]) or self.words(text))

    def cleaned(self, text: str) -> str:
        """Return a text without control characters, and with plain blanks."""
        return text.translate(self.cleaning)


class WordPieces:
    """Cuts words into the ids of their pieces.

    Attributes:
        max_characters: The longest word that is cut.
        unknown_words: Some of the words that became [UNK]; of those that are
            too long, the beginning.
    """

    def __init__(self, vocab: dict[str, int], unk_id: int, max_characters: int):
        self.max_characters = max_characters
        self.unknown_words: dict[str, None] = {}
        self._at_start = vocab
        self._further_on = {
            token.removeprefix(CONTINUATION): number
            for token, number in vocab.items()
            if token.startswith(CONTINUATION)
        }
        self._longest = max(map(len, vocab))
        self._unk_id = unk_id

    def _unknown(self, word: str) -> list[int]:
        if len(self.unknown_words) < MAX_UNKNOWN_WORDS:
            self.unknown_words[word[: self.max_characters + 1]] = None
        return [self._unk_id]

    def __call__(self, word: str) -> list[int]:
        """Return the ids; that of [UNK] if it cannot be cut."""
        if len(word) > self.max_characters:
            return self._unknown(word)
        pieces = []
        start, known = 0, self._at_start
        while start < len(word):
            for end in range(min(start + self._longest, len(word)), start, -1):
                piece = known.get(word[start:end])
                if piece is not None:
                    break
            else:
                return self._unknown(word)
            pieces.append(piece)
            start, known = end, self._further_on
        return pieces


class Memory(dict):
    """Part of a text -> its ids, worked out by `encode` on first use."""

    def __init__(self, encode: Callable[[str], Sequence[int]]):
        super().__init__()
        self._encode = encode

    def __missing__(self, part: str) -> tuple[int, ...]:
        ids = tuple(self._encode(part))
        if len(part) <= MAX_CHARACTERS_REMEMBERED:
            if len(self) >= MAX_REMEMBERED_PARTS:
                self.clear()
            self[part] = ids
        return ids


class Tokenizer:
    """Text to WordPiece ids and back, from a BERT vocabulary file.

    Args:
        vocab_file: Path of the vocabulary, one token a line.
        do_lower_case: Whether the vocabulary is an uncased one.
        strip_accents: Remove accents; None means the same as
            `do_lower_case`. Without lower-casing accents always stay.
        tokenize_chinese_chars: Make each CJK ideograph a word.
        max_input_chars_per_word: A longer word becomes [UNK].

    Raises:
        FileNotFoundError: There is no such file.
        UserError: It is not UTF-8, or has not each of `SPECIAL_TOKENS`
            once.
    """

    def __init__(
        self,
        vocab_file: str,
        do_lower_case: bool = True,
        strip_accents: bool | None = None,
        tokenize_chinese_chars: bool = True,
        max_input_chars_per_word: int = 200,
    ):
        content = vocabulary.read_file(vocab_file)
        self.vocab_file = str(vocab_file)
        self.vocab_sha256 = hashlib.sha256(content).hexdigest()
        self.vocab = vocabulary.load_checked(content, vocab_file)
        self.config = TokenizerConfig(
            do_lower_case=do_lower_case,
            strip_accents=do_lower_case and strip_accents is not False,
            tokenize_chinese_chars=tokenize_chinese_chars,
            max_input_chars_per_word=max_input_chars_per_word,
        )
        self.do_lower_case = do_lower_case
        self.strip_accents = self.config.strip_accents
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = (
            self.vocab[token] for token in SPECIAL_TOKENS
        )
        self.basic = BasicTokenizer(
            do_lower_case, self.strip_accents, tokenize_chinese_chars
        )
        self.pieces = WordPieces(
            self.vocab, self.unk_id, max_input_chars_per_word
        )
        self._remembered = Memory(self.encode_part)

    @classmethod
    def of(cls: type[TokenizerT], vocab_file: str, settings) -> TokenizerT:
        """Return the tokenizer of what `TokenizerConfig.of` takes."""
        return cls(
            vocab_file, **TokenizerConfig.of(settings).tokenizer_settings
        )

    @classmethod
    def of_content(
        cls: type[TokenizerT], content: bytes, settings
    ) -> TokenizerT:
        """Return `of` the bytes of a vocabulary file."""
        with tempfile.NamedTemporaryFile(suffix=".txt") as file:
            file.write(content)
            file.flush()
            return cls.of(file.name, settings)

    @functools.cached_property
    def vocab_size(self) -> int:
        """One more than the highest id this tokenizer can give."""
        return 1 + max(number for token, number in self.vocab.items() if token)

    @functools.cached_property
    def tokens(self) -> list[str]:
        """The token of each id; "" for ids that no token has."""
        tokens = [""] * self.vocab_size
        for token, number in self.vocab.items():
            if token:
                tokens[number] = token
        return tokens

    @property
    def continues_word(self) -> list[bool]:
        """Whether the token of each id continues a word (`##...`)."""
        return [token.startswith(CONTINUATION) for token in self.tokens]

    def tokenize(self, text: str) -> list[str]:
        """Return the word pieces of a text."""
        return [self.tokens[number] for number in self.encode(text)]

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, without [CLS] and [SEP].

        The text is cut where words end in any case. What a part becomes
        does not depend on the other parts, so it is remembered.
        """
        if SIGMA in text:
            return self.encode_part(text)
        ids: list[int] = []
        remembered = self._remembered
        for part in self.basic.part.findall(text):
            ids += remembered[part]
        return ids

    def forget_unknown(self) -> None:
        """Let `pieces.unknown_words` begin anew, as for the first text."""
        self.pieces.unknown_words.clear()
        for part, ids in list(self._remembered.items()):
            if self.unk_id in ids:
                self._remembered.pop(part, None)

    def encode_part(self, text: str) -> list[int]:
        """Return the ids of a text that is neither cut nor remembered."""
        if text.isascii() and text.isalnum():  # One word, as it stands.
            return self.pieces(text.lower() if self.do_lower_case else text)
        return self.encode_words(self.basic.words(text))

    def encode_words(self, words: Iterable[str]) -> list[int]:
        """Return the ids of words as `BasicTokenizer.words` gives them."""
        return list(itertools.chain.from_iterable(map(self.pieces, words)))


def joined_pieces(tokens: list[str]) -> str:
    """Return the words of some pieces.

    >>> joined_pieces(["##ing", "a", "film", "##s"])
    'ing a films'
    """
    text = " ".join(tokens).replace(f" {CONTINUATION}", "")
    return " ".join(text.replace(CONTINUATION, "").split())


def check_vocab_size(tokenizer: Tokenizer, vocab_size: int) -> None:
    """Raise UserError unless a model of `vocab_size` fits the tokenizer."""
    if tokenizer.vocab_size != vocab_size:
        raise UserError(
            f"The vocabulary {tokenizer.vocab_file} has"
            f" {tokenizer.vocab_size} tokens, but the model is configured"
            f" with vocab_size={vocab_size}. Set vocab_size to"
            f" {tokenizer.vocab_size}, or give the vocabulary the model was"
            " made for."
        )
