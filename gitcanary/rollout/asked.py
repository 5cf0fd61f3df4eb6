"""Who asked for a decision, and why, in words that may stand in a commit."""

from dataclasses import dataclass

SPOKEN = frozenset(" .,;!?'()/%+-_")
LONGEST_NAME = 64
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A person's request: who put it, in which commit, and the reason that was given.

    `by` and `reason` hold nothing that a forge or a CI acts on, and cannot look like a trailer.
    """

    by: str
    commit: str | None = None
    reason: str = ""


def plain(text: str, longest: int) -> str:
    """Return a text as one line of letters, digits and harmless punctuation, cut to a length."""
    kept = "".join(letter if letter.isalnum() or letter in SPOKEN else " " for letter in text)
    return " ".join(kept.split())[:longest].rstrip()
