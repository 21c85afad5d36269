"""How often chance alone gives a t as large as the one seen."""

from __future__ import annotations

import math

from bot.stats.incomplete_beta import incomplete_beta


def two_sided_p(t: float, degrees: float) -> float | None:
    """P(|T| >= |t|) = I_x(v/2, 1/2), with x = v / (v + t^2), of Student's t with v degrees.

    Parameters
    ----------
    t : the statistic.
    degrees : degrees of freedom v, above 0; n - 1 for a mean of n values.

    Returns
    -------
    A probability in [0, 1]. None for a missing t or no degree of freedom.

    Examples
    --------
    >>> round(two_sided_p(2.0, 10), 9)
    0.073388035
    """
    if not math.isfinite(t) or not degrees > 0.0:
        return None
    return incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t))
