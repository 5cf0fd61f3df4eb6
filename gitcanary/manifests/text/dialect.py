"""What an unquoted word means: YAML as the Kubernetes tools read it, which is neither YAML 1.1 nor 1.2.

`yes` and `on` are booleans, `0644` is octal and `1e3` a number; dates, `1:30` and `=` are text, as Kubernetes has no
type for them.
"""

import math
import re

from gitcanary.manifests.text.values import Scalar

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_NUMERIC_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([-+]?)(?:0b([01]+)|0x([0-9a-fA-F]+)|0o?([0-7]+)|([1-9][0-9]*|0))")
_BASES = (2, 16, 8, 10)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_MOST_DIGITS = 64  # of the longest number that fits 64 bits, in base 2
_INT64, _UINT64 = -(2**63), 2**64

# Text to this reader, something else to an older one: one-letter booleans, base 60, dates, the value and merge keys.
_OLD_WORDS = frozenset(("y", "Y", "n", "N", "=", "<<"))
_OLD_NUMBER = re.compile(
    r"""[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?           # base 60
    | [-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]*)(?:[eE][-+]?[0-9]+)?  # one dot: 6.0.1 is text to all
    """,
    re.VERBOSE,
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?")


def meaning(word: str) -> Scalar:
    """Return what `word` means where it stands without quotes and tag: most often itself."""
    if word in _WORDS:
        return _WORDS[word]
    return _number(word) if word[0] in _NUMERIC_STARTS else word


def is_ambiguous(text: str) -> bool:
    """Tell whether some reader of YAML, of whichever version, would take `text` without quotes for another type."""
    if not isinstance(meaning(text), str) or text in _OLD_WORDS:
        return True
    return any(pattern.fullmatch(text) for pattern in (_OLD_NUMBER, _DATE))


def _number(word: str) -> Scalar:
    digits = word.replace("_", "")
    whole = _integer(digits)
    if whole is not None:
        return whole
    if _FLOAT.fullmatch(digits) and math.isfinite(number := float(digits)):
        return number
    return word


def _integer(digits: str) -> int | None:
    match = _INTEGER.fullmatch(digits)
    if match is None or len(digits) > _MOST_DIGITS + len("-0b"):
        return None
    sign, *magnitudes = match.groups()
    number = next(int(sign + text, base) for text, base in zip(magnitudes, _BASES, strict=True) if text)
    return number if _INT64 <= number < _UINT64 else None
