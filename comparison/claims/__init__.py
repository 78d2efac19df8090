"""The article's claims C1 to C8: one room a claim.

A room holds its claim's experiment over seeds, its rule and its figure.
`python -m comparison.claims` makes the records that are missing from
`results/claims`; `... --again cost` makes one anew.
"""

from comparison.claims import (  # noqa: F401
    cost,
    dying,
    gradients,
    linear,
    probes,
    sparsity,
    step,
    swish,
    training,
)
from comparison.claims.registry import (  # noqa: F401
    EXPERIMENTS,
    RULES,
    decide,
    page,
    recorded,
)
