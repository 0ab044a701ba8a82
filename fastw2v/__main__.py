"""The command line: `python -m fastw2v`, and the script `fastw2v`."""

from __future__ import annotations

from fastw2v.runtime.interrupts import end_on_ctrl_c


def main() -> None:
    """Entry point of the `fastw2v` command."""
    end_on_ctrl_c()
    from fastw2v.runtime.streams import open_closed_streams

    open_closed_streams()
    from fastw2v.cli import app  # with packages that take a second to load

    app()


if __name__ == "__main__":
    main()
