"""``python -m vits`` is the same as ``vits``."""

import sys

from vits.cli import main

sys.exit(main())
