"""The digest by which revisions are told apart."""

import json
from hashlib import sha256


def hashed(value: object) -> str:
    """Return the digest of a value, `sha256:…`: of its JSON, in the one way in which equal values are equal bytes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{sha256(text.encode(errors='surrogatepass')).hexdigest()}"
