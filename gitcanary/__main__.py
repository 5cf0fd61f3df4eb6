"""`python -m gitcanary` is `gitcanary`."""

from gitcanary.cli import main

main()
