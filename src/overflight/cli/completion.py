"""``overflight --show-completion`` and ``--install-completion``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, get_args

from cyclopts import Parameter

from overflight.cli.screen import say
from overflight.errors import InvalidInput

Shell = Literal["bash", "zsh", "fish"]


def show_completion(shell: Annotated[Shell, Parameter(help="For which shell.")], /) -> None:
    """Print the completion script of a shell, to be sourced or installed by hand."""
    from overflight.cli.main import application

    say(application().generate_completion(shell=shell))


def install_completion(
    *, shell: Annotated[Shell | None, Parameter(help="For which shell; the one of $SHELL where not given.")] = None
) -> None:
    """Install completion for bash, zsh or fish in the user's home."""
    from overflight.cli.main import application

    own = Path(os.environ.get("SHELL", "")).name
    name = shell or next((known for known in get_args(Shell) if known == own), None)
    if name is None:
        raise InvalidInput("--shell", repr(own) if own else "nothing", "bash, zsh or fish")
    place = application().install_completion(shell=name)
    say(f"completion for {name} installed: {place}; it works in the next shell")
