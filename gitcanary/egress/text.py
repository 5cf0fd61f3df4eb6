"""What others wrote, as it may be shown to people."""

LONGEST_SHOWN = 80


def shown(text: str) -> str:
    """Return what somebody else wrote as one short printable line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 1] + "…"
