"""`python -m overstep` runs the binary."""

from overstep import main

if __name__ == "__main__":
    main()
