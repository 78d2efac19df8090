"""How activation functions are compared; `python -m comparison`.

Importing it imports Keras; see `process.start`.
"""

from comparison import terminal

terminal.prepare()

# Behind that: it opens files, and takes a while.
from comparison import process  # noqa: E402

with terminal.starting():
    process.start()
