"""Measure training from tables and from lists: seconds and memory, next to pandas + gensim.

`python -m benchmarks.studies.tables` writes a Parquet file of sessions and one of a long table, and trains one epoch of
CBOW on each, by fastw2v and by pandas + gensim, each in a process of its own. The last two trainings read the film
reviews (without FASTW2V_DATA_DIR, the text of Python's standard library) as lists of words. It prints the
seconds of each phase, without compilation, the CPU seconds of all, and the most memory: all of it, and what is the
process' own. The rest are pages of files, which the system takes back when it needs them. `--tokens` and `--rows` set
the sizes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corpora import reviews
from fastw2v.runtime.memory import peak_rss_bytes

N_TOKENS, N_ROWS, N_ITEMS = 50_000_000, 10_000_000, 500_000
PER_SESSION = 20
OPTIONS: dict[str, Any] = {"vector_size": 100, "window": 5, "epochs": 1, "min_count": 5, "seed": 1}
_AT_ONCE = 2_000_000


def _items(rng: np.random.Generator, n_tokens: int) -> Any:  # noqa: ANN401 - an array of Arrow
    """Names of items as text, frequent ones by Zipf's law."""
    import pyarrow

    ids = np.minimum((N_ITEMS ** rng.random(n_tokens)).astype(np.int32), N_ITEMS - 1)  # the share of rank r is ~ 1/r
    names = pyarrow.array([f"item{number:06d}" for number in range(N_ITEMS)])
    return pyarrow.DictionaryArray.from_arrays(ids, names).dictionary_decode()


def write_sessions(path: Path, n_tokens: int) -> None:
    """Write a Parquet file with a list of items in each row."""
    import pyarrow.parquet

    rng = np.random.default_rng(1)
    schema = pyarrow.schema([("items", pyarrow.list_(pyarrow.string()))])
    with pyarrow.parquet.ParquetWriter(path, schema) as file:
        for first in range(0, n_tokens, _AT_ONCE):
            n_here = min(_AT_ONCE, n_tokens - first)
            starts = np.append(np.arange(0, n_here, PER_SESSION), n_here).astype(np.int32)
            lists = pyarrow.ListArray.from_arrays(starts, _items(rng, n_here))
            file.write_table(pyarrow.table({"items": lists}, schema), row_group_size=50_000)


def write_clicks(path: Path, n_rows: int) -> None:
    """Write a Parquet file with a row for each item of a session, in random order."""
    import pyarrow.parquet

    rng = np.random.default_rng(2)
    schema = pyarrow.schema([("session", pyarrow.int64()), ("item", pyarrow.string()), ("time", pyarrow.int64())])
    with pyarrow.parquet.ParquetWriter(path, schema) as file:
        for first in range(0, n_rows, _AT_ONCE):
            n_here = min(_AT_ONCE, n_rows - first)
            sessions = rng.integers(0, n_rows // PER_SESSION + 1, n_here)
            times = rng.integers(1_600_000_000, 1_700_000_000, n_here)
            file.write_table(pyarrow.table([sessions, _items(rng, n_here), times], schema=schema))


class Phases:
    """Wall seconds of the phases of a run, and CPU seconds of all of them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_s = 0.0

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the work returns
        """Do the work, and keep its seconds."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.seconds[name] = time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu
        return result


def _fastw2v(phase: Phases, workers: int, corpus: Callable[[], Any]) -> Any:  # noqa: ANN401
    from fastw2v import Word2Vec, warmup

    warmup(sg=0, vector_size=OPTIONS["vector_size"])
    model = phase("read", lambda: Word2Vec(corpus(), workers=workers, progress=False, **OPTIONS))
    phase.seconds["train"] = model.seconds["train"]
    phase.seconds["read"] -= model.seconds["train"] + model.seconds["compile"]
    return model


def _gensim(phase: Phases, workers: int, sentences: Callable[[], Any]) -> Any:  # noqa: ANN401
    from gensim.models import Word2Vec

    lists = phase("read", sentences)
    model = Word2Vec(workers=workers, **OPTIONS)
    phase("build_vocab", lambda: model.build_vocab(lists))
    phase("train", lambda: model.train(lists, total_examples=model.corpus_count, epochs=model.epochs))
    return model


def fastw2v_column(phase: Phases, path: Path, workers: int) -> Any:  # noqa: ANN401
    """Train on a column of lists."""
    from fastw2v.corpus import table_corpus

    return _fastw2v(phase, workers, lambda: table_corpus(path, column="items"))


def pandas_column(phase: Phases, path: Path, workers: int) -> Any:  # noqa: ANN401
    """Read the column of lists with pandas; gensim does not train on its arrays."""
    import pandas

    return _gensim(phase, workers, lambda: list(map(list, pandas.read_parquet(path)["items"])))


def fastw2v_group(phase: Phases, path: Path, workers: int) -> Any:  # noqa: ANN401
    """Train on a long table."""
    from fastw2v.corpus import table_corpus

    names = {"group": "session", "items": "item", "order": "time"}
    return _fastw2v(phase, workers, lambda: table_corpus(path, **names))


def pandas_group(phase: Phases, path: Path, workers: int) -> Any:  # noqa: ANN401
    """Sort and group the long table with pandas."""
    import pandas

    def sentences() -> list[list[str]]:
        frame = pandas.read_parquet(path).sort_values(["session", "time"], kind="stable")
        return list(frame.groupby("session", sort=False)["item"].agg(list))

    return _gensim(phase, workers, sentences)


def fastw2v_lists(phase: Phases, path: Path, workers: int) -> Any:  # noqa: ANN401
    """Train on lists of words."""
    lists = _lists(path)
    return _fastw2v(phase, workers, lambda: lists)


def fastw2v_file(phase: Phases, path: Path, workers: int) -> Any:  # noqa: ANN401
    """Train on the file of these words."""
    return _fastw2v(phase, workers, lambda: path)


def gensim_lists(phase: Phases, path: Path, workers: int) -> Any:  # noqa: ANN401
    """Train on lists of words with gensim."""
    lists = _lists(path)
    return _gensim(phase, workers, lambda: lists)


def _lists(path: Path) -> list[list[str]]:
    with open(path, encoding="utf-8", errors="surrogateescape") as lines:
        return [line.split() for line in lines]


CASES: dict[str, dict[str, Callable[[Phases, Path, int], Any]]] = {
    "sessions.parquet": {"fastw2v": fastw2v_column, "pandas + gensim": pandas_column},
    "clicks.parquet": {"fastw2v": fastw2v_group, "pandas + gensim": pandas_group},
    "reviews.txt": {"fastw2v, lists": fastw2v_lists, "fastw2v, the file": fastw2v_file, "gensim, lists": gensim_lists},
}


def run(path: Path, tool: str, workers: int) -> dict[str, Any]:
    """Train in this process, and return the figures."""
    phase = Phases()
    model = CASES[path.name][tool](phase, path, workers)
    peak = (peak_rss_bytes() or 0) / 1e6
    return {"seconds": phase.seconds, "cpu_s": phase.cpu_s, "peak_mb": peak, "n_words": len(model.wv)}


def measured(path: Path, tool: str, workers: int) -> dict[str, Any]:
    """Train in a process of its own; watch its own memory."""
    command = [sys.executable, "-m", __spec__.name, "--run", str(path), tool, "--workers", str(workers)]
    own = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            with suppress(OSError, TypeError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                own = max(own, int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) * 1024 / 1e6)  # type: ignore[index]
            time.sleep(0.05)
        assert process.stdout is not None
        figures: dict[str, Any] = json.loads(process.stdout.read().splitlines()[-1])
    return figures | {"own_mb": own}


def row(case: str, tool: str, figures: dict[str, Any]) -> str:
    """Return a line of the table."""
    seconds: dict[str, float] = figures["seconds"]
    phases = ", ".join(f"{name} {wall:.1f}" for name, wall in seconds.items())
    cells = case, tool, phases, f"{sum(seconds.values()):.1f}", f"{figures['cpu_s']:.1f}"
    memory = (f"{figures[name]:,.0f} MB" for name in ("peak_mb", "own_mb"))
    return f"| {' | '.join([*cells, *memory])} | {figures['n_words']:,} |"


def main(n_tokens: int, n_rows: int, workers: int) -> None:
    """Write the files, train, and print a row for each training."""
    print("| input | tool | seconds | in all | CPU seconds | peak memory | of it the process' own | words |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        sessions, clicks, text = (Path(folder, name) for name in CASES)
        write_sessions(sessions, n_tokens)
        write_clicks(clicks, n_rows)
        reviews(text, quick=False)
        for path in (sessions, clicks, text):
            for tool in CASES[path.name]:
                print(row(path.name, tool, measured(path, tool, workers)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=N_TOKENS, help="items in the sessions")
    parser.add_argument("--rows", type=int, default=N_ROWS, help="rows of the long table")
    parser.add_argument("--workers", type=int, default=2, help="threads of each training")
    parser.add_argument("--run", nargs=2, metavar=("FILE", "TOOL"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        print(json.dumps(run(Path(chosen.run[0]), chosen.run[1], chosen.workers)))
    else:
        main(chosen.tokens, chosen.rows, chosen.workers)
