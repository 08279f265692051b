"""Names for the arrays that cross the doors of the rooms."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]
ImageArray = NDArray[np.uint8]
