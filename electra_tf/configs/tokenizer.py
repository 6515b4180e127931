"""The settings that decide, beside the vocabulary, what ids a text becomes.

They have Hugging Face's names. Every config of a program that tokenizes has
them among its own, and they travel with all that is made by them: see the
table of settings in docs/explanation/architecture.md.
"""

import dataclasses
import functools
from typing import Any

from electra_tf.configs.hparams import Config, Derived, hparam, to_json
from electra_tf.errors import UserError

_text = functools.partial(hparam, group="text")
# Settings that files do not name where they have these values: BERT's, and
# those of files that are older than the setting.
UNNAMED = {"tokenize_chinese_chars": True, "max_input_chars_per_word": 200}
IN_OLDER_FILES = {"strip_accents": None, **UNNAMED}


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenizerConfig(Config):
    """How text is cut into the words and pieces of a vocabulary.

    >>> TokenizerConfig(do_lower_case=False).strip_accents
    False
    """

    do_lower_case: bool = _text(True, "whether text is lower-cased")
    strip_accents: bool = _text(
        Derived(lambda c: c.do_lower_case, "the same as do_lower_case"),
        "whether accents are removed; text that is not lower-cased keeps them",
    )
    tokenize_chinese_chars: bool = _text(
        True, "whether each Chinese character is a word of its own"
    )
    max_input_chars_per_word: int = _text(
        200,
        "longest word, in characters, that is cut into pieces; a longer one "
        "is [UNK], as proteins and text without blanks soon are",
        at_least=1,
    )

    @classmethod
    def of(cls, settings: Any) -> "TokenizerConfig":
        """Return the settings of anything that has them as attributes."""
        names = [field.name for field in dataclasses.fields(TokenizerConfig)]
        return TokenizerConfig(**{n: getattr(settings, n) for n in names})

    def check(self):
        """Raise a `UserError` if accents go and capitals stay."""
        super().check()
        if self.strip_accents and not self.do_lower_case:
            raise UserError(
                "strip_accents needs do_lower_case: text that is not "
                "lower-cased keeps its accents. Received: do_lower_case False."
            )

    @property
    def tokenizer_settings(self) -> dict[str, Any]:
        """These settings alone, by name."""
        return to_json(TokenizerConfig.of(self))


def named(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings without those that files do not name.

    >>> named({"do_lower_case": True, "tokenize_chinese_chars": True})
    {'do_lower_case': True}
    """
    return {
        name: value
        for name, value in settings.items()
        if name not in UNNAMED or value != UNNAMED[name]
    }
