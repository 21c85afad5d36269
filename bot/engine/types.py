"""Names for the few array shapes that the engine passes around."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

# One- and two-dimensional int64 arrays; a Row is a view of one line of such an array. Any: indexing
# gives numpy scalars when interpreted and machine integers when compiled, and both are integers.
Ints: TypeAlias = Any
Row: TypeAlias = Any
Floats: TypeAlias = Any
IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]
