"""Help, version and completion: what they say, and that nothing heavy is loaded for them."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from cli_calls import command, options_of

from overflight import __version__
from overflight.cli.main import GROUPS, VERBS, main

EVERY = [[verb] for verb in VERBS] + [[group, verb] for group, (_, verbs) in GROUPS.items() for verb in verbs]
HEAVY = ("numba", "xarray", "numpy", "scipy", "matplotlib", "pandas", "shapely", "h5py", "zarr", "httpx", "eccodes")
UNITS = {
    "--hours": " h.", "--hours-back": " h.", "--hours-ahead": " h.", "--pressure": "hPa", "--density": "kg/m3",
    "--position-sd-km": "km", "--step": "s.", "--every": "min", "--lat": "degrees north", "--lon": "degrees east",
    "--ascent-rate": "m/s", "--burst-altitude": "m,", "--descent-rate": "m/s", "--float-altitude": "m,",
    "--levels": "hPa", "--area": "degrees", "--older-than": "days", "--resolution": "degrees", "--altitude": "m",
}  # fmt: skip


@pytest.mark.parametrize("verb", EVERY, ids=" ".join)
def test_every_verb_has_help_in_which_each_option_is_told_with_its_unit(capsys, verb):
    assert main([*verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Usage: overflight {' '.join(verb)}")
    for names, about in options_of(verb):
        assert all(name in text for name in names if name.startswith("--"))
        assert about, names
        unit = "Hours" if verb == ["winds", "fetch"] and names[0] == "--step" else UNITS.get(names[0], "")
        assert unit in about, (names, about)


def test_help_names_every_verb_and_where_options_can_stand(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for verb in (*VERBS, *GROUPS, "--install-completion", "--show-completion", "--version", "overflight.toml"):
        assert verb in text


@pytest.mark.parametrize("verb", [[], *EVERY], ids=" ".join)
def test_help_imports_nothing_heavy(tmp_path, verb):
    script = (
        "import sys\nfrom overflight.cli.main import main\n"
        f"main({[*verb, '--help']!r})\n"
        f"print([m for m in {HEAVY} if m in sys.modules], len(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True)
    heavy, _, count = done.stdout.splitlines()[-1].rpartition(" ")
    assert heavy == "[]"
    assert int(count) < 700


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"overflight {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_sound(capsys, tmp_path, shell):
    assert main(["--show-completion", shell]) == 0
    script = capsys.readouterr().out
    for verb in (*VERBS, "fetch", "verify", "--members", "shab12v"):
        assert verb in script
    if shutil.which(shell):
        (tmp_path / "script").write_text(script)
        subprocess.run([shell, "-n", "script"], cwd=tmp_path, check=True)


def test_bash_completes_verbs_options_and_choices(capsys, tmp_path):
    if not shutil.which("bash"):
        pytest.skip("there is no bash")
    assert main(["--show-completion", "bash"]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)
    ask = (
        'source ./script\nCOMP_WORDS=(overflight $1)\n[ -z "$2" ] || COMP_WORDS+=("")\n'
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\ncur=${COMP_WORDS[COMP_CWORD]}\nprev=${COMP_WORDS[COMP_CWORD - 1]}\n"
        'complete=$(complete -p overflight)\ncomplete=${complete#*-F }\n${complete%% *} overflight "$cur" "$prev"\n'
        'echo "${COMPREPLY[@]}"\n'
    )
    answers = {("fo", ""): "forecast", ("winds f", ""): "fetch", ("forecast --me", ""): "--members --method --memory",
               ("forecast --method", "next"): "rk4 rk2 adaptive", ("demo", "next"): "shab12v february-2023"}  # fmt: skip
    for (words, following), answer in answers.items():
        run = ["bash", "-c", ask, "bash", words, following]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.split() == answer.split(), words


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_installed_in_the_home(tmp_path, shell):
    home = {"HOME": str(tmp_path), "SHELL": "/bin/sh", "ZDOTDIR": "", "ZSH": "", "ZSH_CUSTOM": ""}
    done = command("--install-completion", "--shell", shell, cwd=tmp_path, **home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"completion for {shell} installed: {tmp_path}")
    assert any("overflight" in path.name for path in tmp_path.rglob("*") if path.is_file())


def test_completion_for_a_shell_that_is_not_known(tmp_path):
    done = command("--install-completion", cwd=tmp_path, HOME=str(tmp_path), SHELL="/bin/tcsh")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "overflight: --shell: got 'tcsh', expected bash, zsh or fish\n"
