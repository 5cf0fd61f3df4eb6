"""Whose commits these are."""

import re
from dataclasses import dataclass
from typing import Self

from gitcanary.adapters.git.signers import AllowedSigners
from gitcanary.adapters.git.sshsig import Key
from gitcanary.errors import Usage

_NAME_AND_ADDRESS = re.compile(r"(?P<name>[^<>\n\0]*[^<>\n\0\s])\s+<(?P<email>[^<>\s\0]+)>")


@dataclass(frozen=True, slots=True)
class Person:
    """A name and an e-mail address, as Git writes them."""

    name: str
    email: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name <email>`. Raises `Usage` where it is anything else."""
        found = _NAME_AND_ADDRESS.fullmatch(text.strip())
        if found is None:
            raise Usage(f"not a name and an address: {text!r}; write it as 'name <email>'")
        return cls(found["name"], found["email"])

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True)
class Identity:
    """The author and the committer of every commit that is written, and the key that signs it; None signs nothing.

    `signers` says which keys speak for which committer in what is read; None has no signature checked.
    """

    author: Person
    committer: Person
    key: Key | None = None
    signers: AllowedSigners | None = None
