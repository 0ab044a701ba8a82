"""The options of `fastw2v train` for a cluster, the first of which may have no value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from fastw2v.cli import console

if TYPE_CHECKING:
    from fastw2v.cluster import Cluster

_ADDRESS = re.compile(r"auto|local|[^/]+:\d+")

Address = Annotated[
    str | None,
    typer.Option(
        metavar="[ADDRESS]",
        help='Train on a Ray cluster: "auto" (without ADDRESS too), "local", or HOST:PORT of its head.',
    ),
]
Nodes = Annotated[int | None, typer.Option(help="With --cluster: use so many nodes; default: all.")]
Rounds = Annotated[
    int | None,
    typer.Option(help="With --cluster: equal rounds in an epoch; default: about 190 in all, short at first."),
]
Cycle = Annotated[
    int | None, typer.Option(help="With --cluster: merge all rows after so many rounds, a power of two; default: 4.")
]
BlockMb = Annotated[
    int | None, typer.Option(help="With --cluster: megabytes of rows that travel together, 1 to 64; default: 32.")
]
Deadline = Annotated[
    float | None,
    typer.Option(help="With --cluster: seconds without progress after which a node is lost; default: 300."),
]


class ClusterCommand(TyperCommand):
    """A command with an option `--cluster` whose value may be left out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's, or typer's own copy of it
        """Parse the arguments, with the value of `--cluster` where it is left out."""
        if not ctx.resilient_parsing:  # as the completion of a shell does
            try:
                args = with_address(args)
            except ValueError as error:  # not by `friendly_errors`, after which Ctrl-C is ignored
                console.say(f"fastw2v: {error}", to_stderr=True)
                raise typer.Exit(1) from None
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


def with_address(arguments: list[str]) -> list[str]:
    """Return arguments in which `--cluster` has a value.

    Raises
    ------
    ValueError
        What follows it is no address, as the name of a file.

    Examples
    --------
    >>> from fastw2v.cli.clusters import with_address
    >>> with_address(["text.txt", "--cluster", "-o", "vectors.bin"])
    ['text.txt', '--cluster', 'auto', '-o', 'vectors.bin']
    """
    if "--cluster" not in arguments:
        return arguments
    place = arguments.index("--cluster")
    if "--" in arguments[:place]:
        return arguments
    head, following = arguments[: place + 1], arguments[place + 1 :]
    if not following or following[0].startswith("-"):
        return [*head, "auto", *following]
    if not _ADDRESS.fullmatch(following[0]):
        raise ValueError(
            f'{following[0]!r} follows --cluster, and is no address: expected "auto", "local" or HOST:PORT; with the '
            "address left out, files stand before --cluster, or write --cluster=auto"
        )
    return arguments


def cluster_of(address: str | None, **options: float | None) -> Cluster | None:
    """Return the cluster of a command line; None without `--cluster`.

    Parameters
    ----------
    address : str, optional
    options
        Those of `Cluster`; None: its default.

    Raises
    ------
    ValueError, TypeError
        An option is out of its range, or given without `--cluster`.
    """
    from fastw2v.cluster import Cluster

    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if address is not None:
        return Cluster(address, **given)
    for name in given:
        flag = f"--cluster-{name.replace('_', '-')}"
        raise ValueError(f"{flag} is for training on a cluster; pass --cluster too, or leave it out")
    return None
