"""The rules: what the next decision is, given what is known.

Computation only. Nothing here may read a clock, a file, a log, the environment or the network, or import a
third-party package: time is a field of the evidence, and replaying history calls the same functions.
"""
