"""`python -m comparison.claims`."""

import sys

from comparison.claims import experiments

sys.exit(experiments.main())
