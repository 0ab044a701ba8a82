"""What `fastw2v train` does beside training: checkpoints, signals, and vectors that must not be lost."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from fastw2v.cli import console
from fastw2v.runtime.signals import finished_first, name_of

if TYPE_CHECKING:
    from fastw2v.cluster import Cluster
    from fastw2v.corpus import Corpus
    from fastw2v.distributed import ClusterCorpus
    from fastw2v.model import Word2Vec

_LOGGED_WORDS = 1_000_000


class Plan:
    """How a model is trained: from the beginning, or from a checkpoint.

    Parameters
    ----------
    corpus : Corpus, or ClusterCorpus with `cluster`
    output : Path, optional
        Where the vectors will go.
    checkpoint, every : Path, str, optional
        As `--checkpoint` and `--checkpoint-every`.
    resume : bool
        Go on from the checkpoint, if there is one.
    log : Path, optional
        As `--log`.
    cluster : Cluster, optional
        Of `--cluster`.

    Raises
    ------
    ValueError
        `resume` without a checkpoint, or one file for two things.
    OSError
        The log cannot be written.
    """

    def __init__(
        self,
        corpus: Corpus | ClusterCorpus,
        output: Path | None = None,
        checkpoint: Path | None = None,
        *,
        every: str | None = None,
        resume: bool = False,
        log: Path | None = None,
        cluster: Cluster | None = None,
    ) -> None:
        self._cluster: dict[str, Any] = {} if cluster is None else {"cluster": cluster}
        if cluster is not None and log is not None:
            raise ValueError("--log is not for --cluster: a callback writes it; --json prints the losses of all epochs")
        self._corpus, self._checkpoint, self._resume = corpus, checkpoint, resume
        self._every = int(every) if every is not None and every.isdecimal() else every
        if resume and checkpoint is None:
            raise ValueError("--resume goes on from a checkpoint; name it: --checkpoint FILE")
        if checkpoint is not None and output is not None and checkpoint.resolve() == output.resolve():
            raise ValueError(f"{output} is the checkpoint and the output; give the checkpoint another name")
        self._callbacks = callbacks_of(log, (output, checkpoint, *files_of(corpus)))

    def trained(self, options: dict[str, Any]) -> Word2Vec:
        """Return the trained model; raises as `Word2Vec` and `Word2Vec.resume`."""
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "stopped by (Ctrl-C|SIGTERM)", RuntimeWarning
            )  # `exit_if_stopped` says it
            return self._trained(options)

    def _trained(self, options: dict[str, Any]) -> Word2Vec:
        from fastw2v import FastText, Word2Vec, resuming

        kind = FastText if "min_n" in options else Word2Vec
        if self._cluster and kind is FastText:
            raise ValueError("--subwords is not for --cluster, which does not train FastText; leave it out")
        path = self._checkpoint
        if path is not None and self._resume:
            if resuming.exists(path):
                resuming.check_options(path, options)
                chosen = {"workers": options["workers"], "device": options["device"]}
                return kind.resume(
                    path,
                    self._corpus,
                    callbacks=self._callbacks,
                    checkpoint_every=self._every,
                    **self._cluster,
                    **chosen,
                )
            console.say(f"there is no checkpoint {path} yet: training begins anew", to_stderr=True)
        watching: dict[str, Any] = {"callbacks": self._callbacks, "checkpoint": path, "checkpoint_every": self._every}
        return kind(self._corpus, **watching, **self._cluster, **options)


def files_of(corpus: Corpus | ClusterCorpus) -> list[Path]:
    """Return the files of a corpus that are known by name."""
    sources = getattr(corpus, "sources", ()) or map(Path, getattr(corpus, "paths", ()))
    return [source for source in sources if isinstance(source, Path)]


def subword_options(lengths: str | None) -> dict[str, Any]:
    """Return the options of FastText for `--subwords`: none without it.

    Raises
    ------
    ValueError
        It is not two numbers, the first no greater than the second.
    """
    if lengths is None:
        return {}
    found = re.fullmatch(r"(\d{1,4})-(\d{1,4})", lengths)
    numbers = [int(number) for number in found.groups()] if found else [1, 0]
    if not 1 <= numbers[0] <= numbers[1]:
        raise ValueError(f"--subwords is {lengths!r}; expected lengths of n-grams in characters, such as 3-6")
    return {"min_n": numbers[0], "max_n": numbers[1]}


def callbacks_of(log: Path | None, others: Iterable[object]) -> list[object]:
    """Return the callback that writes a log, if there is one; it must be none of the command's other files."""
    if log is None:
        return []
    from fastw2v.callbacks import JsonLines
    from fastw2v.runtime.files import writable_target

    if writable_target(log) in {path.resolve() for path in others if isinstance(path, Path)}:
        raise ValueError(f"{log} is the log and another file of this command; give the log another name")
    return [JsonLines(log, every_words=_LOGGED_WORDS)]


def save(model: Word2Vec, output: Path, format: str | None) -> None:
    """Save the vectors; if the output cannot be written, in another folder. A signal is obeyed when the file is whole.

    Raises
    ------
    OSError
        The output could not be written; the message says where the vectors are.
    """
    is_saved = False
    try:
        with finished_first(str(output)):
            try:
                model.wv.save(output, format=format)
            except OSError as error:
                where = "; ".join(getattr(error, "__notes__", ())) or _saved_elsewhere(model, output, format)
                raise OSError(f"{output} could not be written ({error.strerror or error}); {where}") from None
            is_saved = True
    except KeyboardInterrupt as stop:
        if not is_saved:
            raise
        console.say(f"stopped by {name_of(stop)}; the vectors are in {output}", to_stderr=True)
        raise typer.Exit(console.STATUS_OF[name_of(stop)]) from None


def _saved_elsewhere(model: Word2Vec, output: Path, format: str | None) -> str:
    """Save the vectors in the first other folder that takes them; say where they are."""
    for folder in (Path.cwd(), Path.home(), Path(tempfile.gettempdir()), Path("/dev/shm")):
        with suppress(OSError):
            own = Path(tempfile.mkdtemp(prefix="fastw2v-", dir=folder))
            try:
                place = own / f"vectors{''.join(output.suffixes[-2:])}"
                model.wv.save(place, format=format)
                return f"the vectors are in {place}; move them from there"
            except OSError:
                own.rmdir()
    return "no other folder took the vectors; free some space and train again, with --checkpoint FILE on another disk"


def exit_if_stopped(model: Word2Vec, checkpoint: Path | None = None) -> None:
    """Say where a signal stopped the training, and exit with its status."""
    report = model.report
    if report.stopped_at is not None:
        stopped = f"stopped by {report.stopped_by} in {report.stopped_at}; these are the vectors so far"
        cure = "" if checkpoint is None else "; the same command with --resume goes on"
        console.say(stopped + cure, to_stderr=True)
        raise typer.Exit(console.STATUS_OF.get(report.stopped_by or "", 1))
