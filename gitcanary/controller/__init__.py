"""The loop: fetch once, read what changed, ask what the next decisions need, decide, chain one commit each, push once.

Knows ports, never adapters.
"""
