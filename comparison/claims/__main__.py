"""`python -m comparison.claims`."""

import sys

from comparison import claims

sys.exit(claims.main())
