"""`python -m fastw2v` is the command line."""

from fastw2v.cli import main

main()
