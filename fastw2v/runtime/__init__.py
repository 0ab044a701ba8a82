"""What every program needs and no word2vec is in: threads and Ctrl-C, stopwatch, memory, files, device names."""
