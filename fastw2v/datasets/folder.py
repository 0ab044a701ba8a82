"""The folder of data sets, and the files in it to evaluate vectors with."""

from __future__ import annotations

import os
from pathlib import Path


def data_dir() -> Path:
    """Return the folder of data sets, named by the environment variable FASTW2V_DATA_DIR.

    Raises
    ------
    FileNotFoundError
        The variable is not set, or is not the path of a folder.
    """
    named = os.environ.get("FASTW2V_DATA_DIR")
    if not named:
        raise FileNotFoundError("FASTW2V_DATA_DIR is not set; set it to the folder that holds the data sets")
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"FASTW2V_DATA_DIR is {named!r}, which is no folder; set it to that of the data sets")
    return folder


def evaluation_files() -> tuple[list[Path], list[Path]]:
    """Return the word-pair files and the analogy files in `data_dir`.

    Returns
    -------
    pairs, analogies : list of Path
        Those of wordsim353.tsv and simlex999.txt, and of questions-words.txt, that exist; not both lists are empty.

    Raises
    ------
    FileNotFoundError
        There is no folder of data sets, or none of these files is in it.
    """
    folder = data_dir()
    pairs = [path for name in ("wordsim353.tsv", "simlex999.txt") if (path := folder / name).exists()]
    analogies = [path for name in ("questions-words.txt",) if (path := folder / name).exists()]
    if not pairs and not analogies:
        raise FileNotFoundError(
            f"{folder} holds no evaluation file; expected wordsim353.tsv, simlex999.txt or questions-words.txt"
        )
    return pairs, analogies
