"""A load tester that answers Flagger's protocol, for those who have none.

It stands alone: nothing but the command line imports it, and it imports nothing of gitcanary but the errors.
"""

from gitcanary.loadtester.limits import Limits
from gitcanary.loadtester.server import LoadTester, bind, serve

__all__ = ["Limits", "LoadTester", "bind", "serve"]
