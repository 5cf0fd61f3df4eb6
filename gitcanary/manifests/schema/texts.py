"""The texts and numbers of the Canary's schema: each type says what it allows."""

import re
from datetime import timedelta
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gitcanary.errors import InvalidLocation
from gitcanary.manifests.text.locations import parse_location


def _refusal(says: str) -> PydanticCustomError:
    return PydanticCustomError("not_allowed", "{says}", {"says": says})


def matching(pattern: str, says: str, *, longest: int = 253) -> AfterValidator:
    """Return the check that a text matches the whole pattern."""
    whole = re.compile(pattern)

    def check(text: str) -> str:
        if len(text) <= longest and whole.fullmatch(text):
            return text
        raise _refusal(says)

    return AfterValidator(check)


_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_DURATION = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?", re.ASCII)
_LONGEST_NAME = 64
_ACTED_ON = frozenset("[]#@:")  # what a forge or a CI acts on in a commit message
_ADDRESS_RULE = "an address that begins with http:// or https://, with a host"
_DURATION_RULE = "a duration such as 30s, 1m or 1m30s"


def duration(text: str) -> timedelta:
    """Return what a checked duration means."""
    parts = _DURATION.fullmatch(text)
    if parts is None or not text:
        raise _refusal(_DURATION_RULE)
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in parts.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)


def lasting(shortest: str, longest: str = "720h") -> AfterValidator:
    """Return the check that a text is a duration, no shorter than this and at most thirty days, or less."""

    def check(text: str) -> str:
        if not duration(shortest) <= duration(text) <= duration(longest):
            raise _refusal(f"{_DURATION_RULE}, from {shortest} to {longest}")
        return text

    return AfterValidator(check)


def _web_address(text: str) -> str:
    if not text.isprintable() or set(text) & set(" \\"):
        raise _refusal("an address without spaces, backslashes or control characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _refusal(_ADDRESS_RULE) from None
    if "@" in parts.netloc:
        raise _refusal("an address without user name and password: credentials belong to the operator's settings")
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise _refusal(_ADDRESS_RULE)
    return text


def _location(text: str) -> str:
    try:
        parse_location(text)
    except InvalidLocation as refusal:
        raise _refusal(f"file#key.key[name=x].key: {refusal.reason}") from None
    return text


def _message_name(text: str) -> str:
    is_line = 0 < len(text) <= _LONGEST_NAME and text.isprintable() and text == text.strip()
    if not is_line or set(text) & _ACTED_ON:
        raise _refusal("1 to 64 printable characters without [ ] # @ :, and no space at either end")
    return text


LABEL_RULE = "lower-case letters, digits and -, at most 63 characters"
LABEL = re.compile(rf"(?=.{{1,63}}\Z){_LABEL}")
Label: TypeAlias = Annotated[str, matching(LABEL.pattern, LABEL_RULE)]
Subdomain: TypeAlias = Annotated[
    str, matching(rf"{_LABEL}(?:\.{_LABEL})*", "lower-case letters, digits, - and ., at most 253 characters")
]
WorkloadName: TypeAlias = Annotated[
    str,
    matching(
        rf"{_LABEL}(?:\.{_LABEL})*",
        "lower-case letters, digits, - and ., at most 245 characters (-primary is added)",
        longest=245,
    ),
]
SERVICE_NAME_RULE = "lower-case letters, digits and -, a letter first, at most 55 characters (-primary is added)"
SERVICE_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,53}[a-z0-9])?")
ServiceName: TypeAlias = Annotated[str, matching(SERVICE_NAME.pattern, SERVICE_NAME_RULE)]
ServiceHost: TypeAlias = Annotated[
    str, matching(rf"{_LABEL}(?:\.{_LABEL})*", "the name of a Service, alone or with its namespace")
]
LocationText: TypeAlias = Annotated[str, AfterValidator(_location)]
MessageName: TypeAlias = Annotated[str, AfterValidator(_message_name)]
Interval: TypeAlias = Annotated[str, lasting("1s")]
Timeout: TypeAlias = Annotated[str, lasting("1ms", "1h")]
Pause: TypeAlias = Annotated[str, lasting("0s")]
IstioDuration: TypeAlias = Annotated[
    str,
    matching(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h))+", "a duration of Istio's, such as 10s or 1.5s", longest=64),
]
WebAddress: TypeAlias = Annotated[str, AfterValidator(_web_address), Field(max_length=2048)]
Percent: TypeAlias = Annotated[int, Field(ge=0, le=100)]
Weight: TypeAlias = Annotated[int, Field(ge=1, le=100)]
Port: TypeAlias = Annotated[int, Field(ge=1, le=65535)]
Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(ge=0, le=2**31 - 1)]
