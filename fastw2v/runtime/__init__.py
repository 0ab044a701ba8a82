"""What a program needs apart from word2vec: worker threads, Ctrl-C, timing, memory, files, warnings, device names."""
