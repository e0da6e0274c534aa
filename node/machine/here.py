"""Which of the two systems this is: `here` answers the same questions on both."""

import sys

if sys.platform == "win32":
    from node.machine import windows as here
else:
    from node.machine import linux as here

__all__ = ["here"]
