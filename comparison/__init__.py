"""How activation functions are compared; `python -m comparison`.

Importing it imports Keras; see `process.start`.
"""

from comparison import process

process.start()
