"""Scripts that put no blanks between words."""

# Ranges for a regular expression: Thai and Lao, Burmese, Khmer, kana,
# ideographs.
WITHOUT_BLANKS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# A character of such a script, or a word of another one.
UNIT = rf"[{WITHOUT_BLANKS}]|[^\s{WITHOUT_BLANKS}]+"
