"""Plan of a span's launch on the GPU, where a caller gives none; quality is measured with these numbers."""

CHUNK_TOKENS = 512  # at either end a warp reads up to `window` rows that it does not train
MAX_WARPS = 1024
