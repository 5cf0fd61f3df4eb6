"""The verbs. Exit code 0, 1 for "no", 2 for bad usage or input."""

from gitcanary.cli.app import main

__all__ = ["main"]
