"""Prometheus, the metrics provider: queries of many canaries asked as few, each answer a value or a trouble.

What a value means for a rollout is decided elsewhere.
"""

from gitcanary.adapters.prometheus.batch import Prometheus
from gitcanary.adapters.prometheus.client import Basic, Bearer

__all__ = ["Basic", "Bearer", "Prometheus"]
