"""Short programs from data to result, a lesson each: ``python -m fastw2v.examples.NAME``. README.md lists them."""
