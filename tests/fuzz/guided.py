"""A process that runs one target under atheris, which counts the branches that an input goes through.

`python -m tests.fuzz.guided TARGET FOLDER PLANT [options of libFuzzer]`: the corpus is in `FOLDER/corpus`. PLANT is the
name of a planted bug, or empty.
"""

from __future__ import annotations

import contextlib
import gc
import random
import shlex
import sys
from pathlib import Path
from types import FunctionType

import atheris

from tests.fuzz.harness import Target

WATCHED = {
    "codec": ("protocols",), "tlv": ("protocols",), "frame": ("protocols",),
    "server": ("protocols", "simulators.issuer", "rigs.timeline"),
}  # fmt: skip
"""The packages whose branches count."""
GENERATED = "<codec of"
"""How the file names of code begin that is made while the program runs."""


def main() -> None:
    name, folder, planted, *options = sys.argv[1:]
    with atheris.instrument_imports(include=list(WATCHED[name])):
        from tests.fuzz.targets import target_of

        target = target_of(name)
    for made in gc.get_objects():
        if isinstance(made, FunctionType) and made.__code__.co_filename.startswith(GENERATED):
            atheris.instrument_func(made)
    bug = next((plant.planted() for plant in target.plants if plant.name == planted), contextlib.nullcontext())
    with bug:
        _fuzz(target, Path(folder), options)


def _fuzz(target: Target, folder: Path, options: list[str]) -> None:
    """Never returns: libFuzzer ends the process."""

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        dice = random.Random(seed)
        if dice.random() < target.share:
            return target.mutate(data, dice)[:longest]
        return bytes(atheris.Mutate(data, longest))

    options = [f"-max_len={target.longest}", f"-artifact_prefix={folder}/", "-timeout=120", *options]
    if target.words:  # libFuzzer's dictionary: each word in quotes, in hex
        words = folder / "words"
        words.write_text("".join(f'"{_in_hex(word)}"\n' for word in target.words), encoding="ascii")
        options.append(f"-dict={words}")
    corpus = str(folder / "corpus")
    myself = shlex.join([sys.executable, "-m", "tests.fuzz.guided", target.name, str(folder), ""])  # run by a shell
    atheris.Setup(
        [myself, corpus, "-rss_limit_mb=4096", "-print_final_stats=1", *options], target.run, custom_mutator=mutate
    )
    atheris.Fuzz()


def _in_hex(word: bytes) -> str:
    return "".join("\\x" + f"{byte:02X}" for byte in word)


if __name__ == "__main__":
    main()
