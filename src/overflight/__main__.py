"""``python -m overflight``."""

from overflight.cli.main import run

if __name__ == "__main__":
    run()
