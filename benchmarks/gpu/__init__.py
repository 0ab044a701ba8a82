"""Programs for a machine with a GPU: parity, speed, quality and checkers. `box.py` starts them."""
