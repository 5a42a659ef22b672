"""``completion``: the script that teaches a shell our verbs, options and environment names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from jupyter_envs.cli.main import COMPLETE_VARIABLE, cli

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of SHELL for the command jupyter-envs.

    \b
    bash: eval "$(jupyter envs completion bash)"     in ~/.bashrc
    zsh:  eval "$(jupyter envs completion zsh)"      in ~/.zshrc
    fish: jupyter envs completion fish > ~/.config/fish/completions/jupyter-envs.fish
    """  # noqa: D301 click's mark for lines that stay as they are
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "jupyter-envs", COMPLETE_VARIABLE).source())
