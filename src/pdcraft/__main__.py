"""``python -m pdcraft`` is the command line."""

from pdcraft.app.cli import main

if __name__ == "__main__":
    main()
