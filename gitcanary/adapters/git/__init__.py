"""Git: one branch of one remote, mirrored in a bare clone, written to by chained commits and one push.

Fetch and push are the system's git, run by GitPython, for its credentials, SSH, proxies and because a process can be
killed; objects are read and written by pygit2. Nothing here may use a worktree or an index, force a push, or let a
secret reach an argument, an address or a log line.
"""

from gitcanary.adapters.git.cache import own_cache
from gitcanary.adapters.git.caller import Upstream, find_identity, find_upstream
from gitcanary.adapters.git.environment import Credentials, Environment, Ssh, hardened, personal
from gitcanary.adapters.git.identity import Identity, Person
from gitcanary.adapters.git.mirror import Mirror
from gitcanary.adapters.git.signers import AllowedSigners
from gitcanary.adapters.git.sshsig import Key

__all__ = [
    "AllowedSigners",
    "Credentials",
    "Environment",
    "Identity",
    "Key",
    "Mirror",
    "Person",
    "Ssh",
    "Upstream",
    "find_identity",
    "find_upstream",
    "hardened",
    "own_cache",
    "personal",
]
