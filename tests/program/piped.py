"""Runs a program with pipes for its three streams: under wine it finds no other kind of file.

Told to end, it ends the program; it ends as the program ends.
"""

import signal
import subprocess
import sys


def main(command: list[str]) -> int:
    running = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    signal.signal(signal.SIGTERM, lambda *_: running.terminate())
    assert running.stdout is not None
    for line in running.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.flush()
    return running.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
