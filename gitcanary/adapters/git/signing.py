"""The signature in a commit: a header of its raw bytes, over all the others."""

from gitcanary.adapters.git.sshsig import Key

_HEADER = b"gpgsig"  # what Git calls it, whatever signed


def signed(commit: bytes, key: Key | None) -> bytes:
    """Return a commit's bytes with the signature, as its last header; as they are without a key."""
    if key is None:
        return commit
    end = commit.index(b"\n\n") + 1
    folded = key.sign(commit).encode().replace(b"\n", b"\n ")
    return b"".join((commit[:end], _HEADER, b" ", folded, b"\n", commit[end:]))


def parted(commit: bytes) -> tuple[bytes, str | None]:
    """Return a commit's bytes without its signature, which are those that were signed, and the signature.

    None where there is none, and where there are several: nobody can tell what was signed.
    """
    headers, gap, message = commit.partition(b"\n\n")
    lines = headers.split(b"\n")
    begins = [number for number, line in enumerate(lines) if line.startswith(_HEADER + b" ")]
    if len(begins) != 1:
        return commit, None
    [begin] = begins
    end = begin + 1
    while end < len(lines) and lines[end].startswith(b" "):
        end += 1
    unfolded = b"\n".join((lines[begin].removeprefix(_HEADER + b" "), *(line[1:] for line in lines[begin + 1 : end])))
    return b"\n".join(lines[:begin] + lines[end:]) + gap + message, unfolded.decode("ascii", "replace")
