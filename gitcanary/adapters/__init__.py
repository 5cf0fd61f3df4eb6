"""The world: one adapter for each outside system, behind the ports.

An adapter imports the ports, what lies below them and its own library. None may import another or the controller.
"""
