"""Default sizes of a launch on the GPU; all measurements of quality use them."""

CHUNK_TOKENS = 512  # at either end a warp also reads up to `window` rows of its neighbours
MAX_WARPS = 1024
