"""BERT's tokenizer by its rules, one character and one token at a time.

Slow, and in nothing like `electra_tf.text.tokenization`, so that the two can be
held against each other. The goldens of family E pin this one too.
"""

import functools
import unicodedata

UNK = "[UNK]"
LONGEST_WORD = 200
# First and last code points of the blocks whose characters are words.
IDEOGRAPHS = (
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0002a6df"),
    ("\U0002a700", "\U0002b73f"),
    ("\U0002b740", "\U0002b81f"),
    ("\U0002b820", "\U0002ceaf"),
    ("\U0002f800", "\U0002fa1f"),
)


class PlainTokenizer:
    """The ids of a text, worked out anew for every word.

    Args:
        vocab: Token -> id.
        do_lower_case: Lower-case the text.
        strip_accents: Remove accents, if the text is lower-cased.
        chinese_apart: Make each ideograph a word.
        longest_word: A longer one is unknown.
    """

    def __init__(
        self,
        vocab,
        do_lower_case=True,
        strip_accents=True,
        chinese_apart=True,
        longest_word=LONGEST_WORD,
    ):
        self.vocab = vocab
        self.do_lower_case = do_lower_case
        self.strip_accents = strip_accents
        self.chinese_apart = chinese_apart
        self.longest_word = longest_word

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""
        return [
            self.vocab[piece]
            for word in self.words(text)
            for piece in self.pieces(word)
        ]

    def words(self, text: str) -> list[str]:
        """Return the words and punctuation marks of a text."""
        words = []
        text = clean(text)
        if self.chinese_apart:
            text = set_ideographs_apart(text)
        for token in text.split():
            if self.do_lower_case:
                token = token.lower()
                if self.strip_accents:
                    token = without_accents(token)
            words += split_at_punctuation(token)
        return " ".join(words).split()

    def pieces(self, word: str) -> list[str]:
        """Return the longest piece at the start, the longest after it, ..."""
        if len(word) > self.longest_word:
            return [UNK]
        pieces = []
        rest = word
        while rest:
            prefix = "##" if pieces else ""
            length = len(rest)
            while length and prefix + rest[:length] not in self.vocab:
                length -= 1
            if not length:
                return [UNK]
            pieces.append(prefix + rest[:length])
            rest = rest[length:]
        return pieces


def clean(text: str) -> str:
    """Drop control characters and the like; make all blanks spaces."""
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if character in " \t\n\r" or category == "Zs":
            kept.append(" ")
        elif character != "\ufffd" and category[0] != "C":
            kept.append(character)
    return "".join(kept)


def set_ideographs_apart(text: str) -> str:
    """Put spaces around every ideograph."""
    return "".join(f" {c} " if is_ideograph(c) else c for c in text)


@functools.cache
def is_ideograph(character: str) -> bool:
    """Tell whether it is in one of the blocks."""
    return any(first <= character <= last for first, last in IDEOGRAPHS)


def without_accents(token: str) -> str:
    """Drop the marks that have no width of their own."""
    decomposed = unicodedata.normalize("NFD", token)
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def split_at_punctuation(token: str) -> list[str]:
    """Return runs of other characters, and each punctuation mark alone."""
    words = []
    after_punctuation = True
    for character in token:
        if is_punctuation(character):
            words.append(character)
            after_punctuation = True
        elif after_punctuation:
            words.append(character)
            after_punctuation = False
        else:
            words[-1] += character
    return words


@functools.cache
def is_punctuation(character: str) -> bool:
    """Tell whether it is; all ASCII symbols are."""
    code = ord(character)
    for first, last in ((33, 47), (58, 64), (91, 96), (123, 126)):
        if first <= code <= last:
            return True
    return unicodedata.category(character)[0] == "P"
