"""Certificates that nobody vouches for, for servers on loopback."""

import subprocess
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext


def self_signed(cert: Path, key: Path) -> SSLContext:
    """Write a certificate for 127.0.0.1 and its key, and return a server's context with both."""
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*make, "-keyout", str(key), "-out", str(cert), *subject], check=True, capture_output=True)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context
