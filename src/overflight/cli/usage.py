"""What is wrong with a command line, an environment or a configuration file, in the form of every other error."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal, get_args, get_origin

import cyclopts
from cyclopts import exceptions

from overflight.errors import InvalidInput

TYPES = {int: "a whole number", float: "a number", bool: "true or false"}


def as_invalid(problem: cyclopts.CycloptsError, verbs: Mapping[str, Collection[str]]) -> InvalidInput:
    """Return the one line for what cyclopts refused; ``verbs`` are those of each group, those of none under ""."""
    verb = " ".join(problem.command_chain or ())
    text = str(problem)
    close = re.search(r"Did you mean \"?([^\"?]+)", text)
    hint = f"did you mean {close[1].strip()}?" if close else f"overflight {verb} --help".replace("  ", " ")
    token = getattr(problem, "token", None)
    where, field = _place(token, verb)
    if isinstance(problem, exceptions.UnknownCommandError):
        known = ", ".join(verbs[verb])  # cyclopts tells no more than eight
        return InvalidInput("verb", repr(_first(problem)), f"one of {known}", verb, hint if close else "")
    if isinstance(problem, exceptions.UnknownOptionError):
        told = field or (token.value if token is not None else _first(problem))  # cyclopts tells some as a value
        given = str(told).partition("=")[0]
        return InvalidInput(given, "an unknown option", f"an option of {verb}", where, hint)
    if isinstance(problem, exceptions.UnusedCliTokensError):
        return InvalidInput("argument", repr(_first(problem)), "no more of them", verb, hint)
    if isinstance(problem, exceptions.RepeatArgumentError):
        return InvalidInput(field, "it twice", "it once", where)
    if isinstance(problem, exceptions.MissingArgumentError) and problem.argument is not None:
        return InvalidInput(_name(problem.argument), "nothing", "a value", verb, hint)
    return _of_value(problem, token, where, field) or InvalidInput("usage", text, "what --help lists", where)


def _of_value(problem: Any, token: Any, where: str, field: str) -> InvalidInput | None:
    """Return the line for a value of the wrong type or out of its range."""
    argument = problem.argument
    if argument is None:
        return None
    if token is None and argument.tokens:
        token = argument.tokens[0]
        where, field = _place(token, where)
    got = repr(token.value) if token is not None else "nothing"
    if isinstance(problem, exceptions.ValidationError):
        return InvalidInput(field or _name(argument), got.strip("'"), problem.exception_message, where)
    if isinstance(problem, exceptions.CoercionError):
        return InvalidInput(field or _name(argument), got, _expected(problem, argument), where)
    return None


def _expected(problem: Any, argument: Any) -> str:
    if isinstance(problem.__cause__, ValueError) and problem.msg is not None:
        return str(problem.msg)
    for kind in (problem.target_type, *get_args(argument.hint), argument.hint):
        if get_origin(kind) is Literal:
            return f"one of {', '.join(map(str, get_args(kind)))}"
        if kind in TYPES:
            return TYPES[kind]
    return "another value"


def _place(token: Any, verb: str) -> tuple[str, str]:
    """Return where a token came from, and the name it had there."""
    if token is None or token.source in ("", "cli"):
        return verb, (token.keyword or "") if token is not None else ""
    if token.source == "env":
        return "environment", token.keyword
    return f"{token.source}: [{verb.replace(' ', '.')}]", re.sub(r"[\[\]]+", " ", token.keyword).strip()


def _name(argument: Any) -> str:
    """Return an option's name, or a positional argument's in capitals as the help has it."""
    return str(argument.name if argument.field_info.is_keyword_only else argument.name.lstrip("-").upper())


def _first(problem: cyclopts.CycloptsError) -> str:
    return (problem.unused_tokens or [""])[0]
