"""Serves an application over HTTP from a thread of the demo."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import uvicorn
from starlette.applications import Starlette

from gitcanary.demo.waiting import wait_until


@contextmanager
def serving(application: Starlette) -> Iterator[str]:
    """Serve on a free port of loopback for as long as the context lasts; gives the address `http://host:port`."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="http", daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, timedelta(seconds=10), lambda: "the demo's HTTP server does not start")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
