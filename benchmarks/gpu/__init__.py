"""What runs on a machine with a GPU: parity, speed, quality and checkers, started by `box.py`."""
