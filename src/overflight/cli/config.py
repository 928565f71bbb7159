"""Options from the environment and from ``overflight.toml``; what is no option of a verb is refused.

The command line comes first, then the environment, then the file here, then the user's own.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from cyclopts.config import Env, Toml

from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from cyclopts import App, ArgumentCollection

CONFIG = "overflight.toml"
PREFIX = "OVERFLIGHT_"
OPTIONS = ""
"""Among the tables of a table: it holds options as well."""
Tables = Mapping[str, Collection[str]]
Source = Callable[["App", tuple[str, ...], "ArgumentCollection"], None]


def sources(verbs: Collection[str], groups: Mapping[str, Collection[str]]) -> tuple[Source, ...]:
    """Return where options come from beside the command line, the weightiest first.

    Parameters
    ----------
    verbs : names of verbs, which are tables of the file.
    groups : names of groups and of their verbs, which are tables of tables; one that is a verb holds options too.
    """
    both = {name: (OPTIONS, *below) for name, below in groups.items() if name in verbs}
    tables: Tables = {**dict.fromkeys(verbs, ()), **groups, **both}
    return (partial(from_environment, groups), *(partial(from_file, path, tables) for path in config_files()))


def config_files() -> tuple[Path, Path]:
    """Return the configuration files: here, then the user's own."""
    return Path(CONFIG), platformdirs.user_config_path("overflight") / CONFIG


def from_environment(groups: Tables, app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Take ``OVERFLIGHT_FORECAST_MEMBERS`` and the like; what belongs to a verb below this one is passed over."""
    prefix = f"{PREFIX}{'_'.join(commands).upper().replace('-', '_')}_"
    known = {f"{prefix}{name.lstrip('-').replace('-', '_').upper()}" for a in arguments for name in a.names}
    below = tuple(f"{prefix}{verb.upper()}_" for verb in groups.get(" ".join(commands), ()))
    for name in sorted(os.environ):
        if commands and name.startswith(prefix) and not name.startswith(below) and name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise InvalidInput(name, "an unknown name", f"an option of {' '.join(commands)}", "environment",
                               f"did you mean {close[0]}?" if close else "")  # fmt: skip
    Env(PREFIX, command=True)(app, commands, arguments)


def from_file(
    path: Path,
    tables: Mapping[str, Collection[str]],
    app: App,
    commands: tuple[str, ...],
    arguments: ArgumentCollection,
) -> None:
    """Take the table of a verb."""
    _require_tables(_read(path), tables, str(path))
    Toml(path, must_exist=False, search_parents=False, source=str(path))(app, commands, arguments)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InvalidInput("configuration", reason, "TOML, a table a verb", str(path)) from None


def _require_tables(content: Mapping[str, Any], tables: Tables, where: str) -> None:
    for name, value in content.items():
        if name not in tables:
            raise InvalidInput(name, "an unknown name", f"a table of {', '.join(tables)}", where)
        if not isinstance(value, dict):
            raise InvalidInput(name, repr(value), f"a table, [{name}]", where)
        if tables[name]:
            inner = {
                key: table for key, table in value.items() if OPTIONS not in tables[name] or isinstance(table, dict)
            }
            _require_tables(inner, dict.fromkeys(filter(None, tables[name]), ()), f"{where}: {name}")
