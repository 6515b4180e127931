"""Bounds of answers in many scripts, beside offsets of another library."""
# ruff: noqa: RUF001 - letters of other scripts are what it is about.

import itertools
import random
import unicodedata

import pytest

from benchmarks import answer_oracle, languages
from electra_tf.finetuning.tasks.question_answering import reach
from electra_tf.finetuning.tasks.question_answering.passages import (
    Asked,
    Passage,
)
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.vocabulary import SPECIAL_TOKENS

TEXTS = {
    "ar": "تَعِيشُ القِطَطُ في البُيُوتِ، وتأكل السمك\u200f كلَّ يوم.",
    "de": "Der Verein zählt 10\u00a0000 Mit\xadglieder, 30\u00a0% in Köln.",
    "el": "Ο Οδυσσέας γύρισε στην Ιθάκη· ο Όμηρος το διηγείται.",
    "hi": "दिल्ली भारत की राजधानी है, जहाँ हिन्दी बोली जाती है।",
    "ja": "彼は１年間、東京で「ﾊﾟﾝ」を焼いて、か\u3099いこくに行った。",
    "ko": "서울은 한국의 수도, \u1112\u1161\u11ab\u1100\u116e\u11a8도 그렇다.",
    "ligatures": "\ufeffThe ofﬁce ofﬂine, ﬁrst ⅷ and ĳ of Ǆ.",
    "ru": "Ёжик и Йод: «ещё» в Москве, а\u0301втор жив.",
    "th": "น้ำตกเอราวัณอยู่ที่กาญจนบุรี\u200bประเทศไทย",
    "tr": "İzmir'de İstanbul'dan I\u0307ğdır'a: ılık ŞİİR.",
    "vi": "Hội An nằm ở Quảng Nam, phố cổ\u0301 rất đẹp.",
    "zh": "他在北京工作，她也在北京學習；𠀀字很少見。",
}


def vocabulary(tmp_path, text: str, **settings) -> Tokenizer:
    """Pieces of one and of two characters."""
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(SPECIAL_TOKENS), "utf-8")
    words = Tokenizer(path, **settings).basic.words(text)
    pieces = [*SPECIAL_TOKENS, "?", *itertools.chain(*words)]
    pieces += [f"##{letter}" for word in words for letter in word]
    pairs = [a + b for word in words for a, b in itertools.pairwise(word)]
    pieces += [f"##{pair}" for pair in pairs[::3]]
    path.write_text("\n".join(dict.fromkeys(pieces)), "utf-8")
    return Tokenizer(path, **settings)


def asked(text: str, number: int) -> list[Asked]:
    """Ask for random characters with their accents; none that are dropped."""
    draw, passage = random.Random(text), Passage(text)
    places = [
        i
        for i, c in enumerate((*text, " "))
        if not unicodedata.category(c).startswith(("M", "C"))
    ]
    questions = []
    for name in map(str, range(number)):
        begin, end = sorted(draw.sample(places, 2))
        answer = text[begin:end].strip().rstrip("\xad\u200b\u200f")
        begin = text.index(answer, begin)
        if answer:
            found = [(answer, begin)]
            questions.append(
                Asked(name, name, "?", passage, [answer], False, found)
            )
    return questions


@pytest.mark.parametrize("lower", [True, False], ids=["uncased", "cased"])
@pytest.mark.parametrize("language", TEXTS)
def test_not_below_other_offsets(tmp_path, language, lower):
    text = TEXTS[language]
    tokenizer = vocabulary(tmp_path, text, do_lower_case=lower)
    questions = asked(text, 150)
    config = answer_oracle.settings(do_lower_case=lower, max_answer_length=200)
    found = answer_oracle.bound(questions, tokenizer, config)
    other = languages.by_other_offsets(questions, tokenizer, 200)
    assert found.exact_match >= other > 20
    assert found.outcomes.keys() <= {reach.EXACT, reach.BORDER}


@pytest.mark.parametrize("language", TEXTS)
def test_pieces_of_one_character_reach_all(tmp_path, language):
    text = TEXTS[language]
    path = tmp_path / "vocab.txt"
    words = [*text, *unicodedata.normalize("NFD", text)]
    letters = dict.fromkeys([*words, *"".join(words).lower()])
    pieces = [*SPECIAL_TOKENS, *(x for a in letters for x in (a, f"##{a}"))]
    path.write_text("\n".join(dict.fromkeys(p for p in pieces if p.strip())))
    config = answer_oracle.settings(max_answer_length=200)
    questions = asked(text, 150)
    found = answer_oracle.bound(questions, Tokenizer(path), config)
    assert found.exact_match == 100, found


def test_the_best_answer_of_a_question_counts(tmp_path):
    passage = Passage("a good film . a very bad book .")
    answers = {"one": [("ilm", 8), ("film", 7)], "two": [("film", 6)]}
    questions = [
        Asked("f", name, "good", passage, [t for t, _ in found], False, found)
        for name, found in answers.items()
    ]
    tokenizer = vocabulary(tmp_path, passage.text)
    found = answer_oracle.bound(questions, tokenizer, answer_oracle.settings())
    assert found.exact_match == 50
    assert found.outcomes == {reach.EXACT: 1, answer_oracle.MISPLACED: 1}
    assert str(found).startswith("2 questions, exact match at most 50.00, F1 ")
