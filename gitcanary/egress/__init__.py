"""The one way out over HTTP: which addresses may be called, and calls with a deadline and a bounded answer.

Nothing here follows a redirect, reads a proxy, a netrc or a cookie, or keeps a credential: who calls hands them over,
call by call. What an answer means is decided elsewhere.
"""

from gitcanary.egress.allowed import Allowed
from gitcanary.egress.sender import Answer, Call, Sender

__all__ = ["Allowed", "Answer", "Call", "Sender"]
