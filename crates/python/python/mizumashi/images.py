"""What counts as an array of images."""

import numpy as np


def as_images(x):
    """``x`` as a ``uint8`` or ``float32`` array of rank 4, copied where its type is another."""
    x = np.asarray(x)
    if x.ndim != 4:
        raise ValueError(f"the images have the shape {x.shape}; four axes are needed")
    return x if x.dtype in (np.uint8, np.float32) else x.astype(np.float32)
