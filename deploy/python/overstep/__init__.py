"""overstep: contract tests for HTTP APIs. The command is a binary; `find_overstep` returns its path."""

from __future__ import annotations

import os
import sys
import sysconfig


def find_overstep() -> str:
    """Returns the path of the installed binary. Raises FileNotFoundError if it is not beside this package."""
    name = "overstep" + sysconfig.get_config_var("EXE") if sysconfig.get_config_var("EXE") else "overstep"
    folders = [sysconfig.get_path("scripts")]
    # `pip install --user` and `pip install --target` have folders of their own.
    folders.append(sysconfig.get_path("scripts", scheme=f"{os.name}_user"))
    folders.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"))
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"overstep's binary is in none of {folders}; install the package again")


def main() -> None:
    """Runs the binary with the arguments of this process and takes its place."""
    try:
        path = find_overstep()
    except FileNotFoundError as error:
        sys.exit(str(error))
    os.execv(path, [path, *sys.argv[1:]])
