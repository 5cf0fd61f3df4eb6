"""Lines of a text: where they start and end, and by which characters."""


def line_end(text: str) -> str:
    """Return the characters by which the first line of `text` ends."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def start_of_line(text: str, position: int) -> int:
    """Return where the line that holds `position` starts."""
    return text.rfind("\n", 0, position) + 1


def end_of_line(text: str, position: int) -> int:
    """Return where the line that holds `position` ends, before its line end."""
    end = text.find("\n", position)
    if end < 0:
        return len(text)
    return end - 1 if end > position and text[end - 1] == "\r" else end


def column_of(text: str, position: int) -> int:
    """Return how many characters stand before `position` on its line."""
    return position - start_of_line(text, position)
