"""What servers do wrong that is the same whoever asks, by its name in the tables of the documentation."""

from support.http_server import Script, drip, drip_headers, endless, hang, raw, reply, reset, slam

GARBAGE = b"\x00\x16\x03garbage\r\n\r\n"
MANY_HEADERS = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(1000)) + b"\r\n"

# They take as long as whoever asks is patient.
SILENT: dict[str, Script] = {
    "it takes the connection and says nothing": hang,
    "its headers never end": drip_headers,
    "its answer comes a byte at a time, for ever": drip,
}
FAULTS: dict[str, Script] = {
    "its answer comes as fast as it is read, for ever": endless,
    "the connection is closed instead of an answer": slam,
    "the connection is reset": reset,
    "garbage instead of HTTP": raw(GARBAGE),
    "a megabyte of headers": raw(MANY_HEADERS),
    "a status that is none of HTTP's": raw(b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n"),
}


def redirect(status: int, to: str = "http://127.0.0.1:1/") -> Script:
    """Answer with a redirect."""
    return reply(status, "", Location=to)
