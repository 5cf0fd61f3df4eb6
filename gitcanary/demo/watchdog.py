"""Ends the demo's processes when the demo itself was killed: `python -m gitcanary.demo.watchdog`.

It leads the process group that all of them are started in, and reads a pipe that the demo alone holds open. End of file
means that the demo is gone, in whatever way: then the whole group is killed, this process with it. Nobody has to report
what was started, so nothing is missed between a start and its report; and it is portable, which a parent-death signal
is not.
"""

import os
import signal
import sys

if __name__ == "__main__":
    sys.stdin.read()
    if os.getpgrp() == os.getpid():  # else the group is somebody's who tried this command
        os.killpg(0, signal.SIGKILL)
