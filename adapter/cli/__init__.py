"""The command line. The only place that prints; results on stdout, everything else on stderr.

Commands are imported when they are called, so that `second-opinion --help` costs little more than click itself.
"""

from adapter.cli.app import main

__all__ = ["main"]
