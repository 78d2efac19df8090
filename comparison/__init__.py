"""How activation functions are compared; `python -m comparison`.

Importing it imports Keras without the lines that TensorFlow writes to the
process's standard error at its start, which no setting silences.
"""

import contextlib
import logging
import os
import sys


@contextlib.contextmanager
def _silenced():
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with _silenced():
    import keras  # noqa: F401
# A study traces a network a run, which TensorFlow takes for a mistake.
logging.getLogger("tensorflow").setLevel(logging.ERROR)
