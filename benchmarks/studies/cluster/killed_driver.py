"""A driver that kills itself at a random moment, once it has written a checkpoint.

Usage: python -m benchmarks.studies.cluster.killed_driver TEXT ADDRESS CHECKPOINT NOTE NUMBER SETTINGS
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path

from benchmarks.studies.cluster.phases import PHASES, Strike, watched
from fastw2v import Word2Vec
from fastw2v.distributed import Cluster


def main(arguments: list[str]) -> None:
    """Train until the end, or until the strike falls; the file NOTE then tells when."""
    text, address, checkpoint, note, number, given = arguments
    settings = json.loads(given)
    (rounds, cycle), options = settings["schedule"], settings["options"]

    def kill() -> None:
        struck = strike.struck
        Path(note).write_text(json.dumps(struck and struck._asdict()))
        os.kill(os.getpid(), signal.SIGKILL)

    draw = random.Random(f"driver {number} {options['epochs']}")
    strike = Strike(draw, PHASES, settings["n_rounds"], action=kill, is_due=Path(checkpoint).exists)
    where = Cluster(address, rounds=rounds, cycle=cycle)
    with watched(strike):
        Word2Vec(corpus_file=text, cluster=where, checkpoint=checkpoint, checkpoint_every="1s", **options)


if __name__ == "__main__":
    main(sys.argv[1:])
