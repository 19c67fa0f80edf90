"""One trial: a file made from a name, and the ways of reading it, which must agree."""

from __future__ import annotations

import copy
import hashlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from fuzz_codebooks import changed_codebook
from fuzz_files import IDENTITY, Part
from fuzz_mutations import changed_bytes, mutated
from fuzz_packs import changed_pack, packs, read_pack
from fuzz_seeds import Y4M, documents, picture, pictures, sounds
from moving_pictures import moving_frames
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec import user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import resolve_codebook
from vqcodec.errors import VQCodecError
from vqcodec.image.codec import decode_picture, decode_picture_part
from vqcodec.image.crop import Crop

INPUTS = ("picture", "y4m", "sound")
PACK = "pack"
CODEBOOKS = ("codebook:", "encoding:")
LIMITS = {"pixels": 1 << 22, "frames": 1000, "seconds": 300, "output_bytes": 1 << 24}
"""What is larger is refused, since it may honestly take longer than a trial may."""


class Disagreement(Exception):
    """Two ways of reading a file gave different results."""


@dataclass(frozen=True)
class Trial:
    """A trial, known by its name `TARGET:SEED:NUMBER`.

    A target is an engine, `codebook:ENGINE` (decoding with a changed codebook), `encoding:ENGINE` (encoding with one),
    PACK, or one of INPUTS.
    """

    target: str
    seed: int
    number: int

    @classmethod
    def named(cls, name: str) -> Trial:
        """Return the trial of a name."""
        target, seed, number = name.rsplit(":", 2)
        return cls(target, int(seed), int(number))

    def __str__(self) -> str:
        return f"{self.target}:{self.seed}:{self.number}"


class Trials:
    """Makes and runs trials; it makes the seeds first, which warms every engine up as well.

    Attributes:
        slowest_s: CPU time of the slowest reading of the last trial, in seconds.
    """

    def __init__(self) -> None:
        self.slowest_s = 0.0
        self._documents = documents()
        self._packs = packs()
        self._inputs = {"picture": pictures(), "y4m": [Y4M], "sound": sounds()}

    def targets(self) -> list[str]:
        """Return all targets."""
        engines = sorted({document.engine for document in self._documents.values()})
        return [*(way + engine for way in ("", *CODEBOOKS) for engine in engines), PACK, *INPUTS]

    def file_of(self, trial: Trial) -> bytes:
        """Return the file of a trial; what encodes has the codebook alone."""
        random = Random(str(trial))
        if trial.target in INPUTS:
            pool = self._inputs[trial.target]
            return changed_bytes(random, random.choice(pool), random.choice(pool))
        if trial.target == PACK:
            return changed_pack(random, random.choice(self._packs))
        engine = _engine_of(trial)
        pool = [document for document in self._documents.values() if document.engine == engine]
        document = copy.deepcopy(random.choice(pool))
        if trial.target == engine:
            return mutated(random, document, pool)
        codebook = changed_codebook(random, resolve_codebook(document.identity))
        if trial.target.startswith("encoding:"):
            return codebook.to_bytes()
        document.embedded = codebook.to_bytes()
        document.identity = document.embedded[IDENTITY]
        if random.random() < 0.5:
            _change_first_packet(random, document.streams[0])
        return document.to_bytes()

    def run(self, trial: Trial) -> str:
        """Run a trial and return its outcome: a digest, or the name of an error of vqcodec.

        Raises:
            Disagreement: ways of reading disagree.
            Exception: anything that is a defect.
        """
        data = self.file_of(trial)
        self.slowest_s = 0.0
        with user_limits.lowered(**LIMITS):
            if trial.target in INPUTS:
                return self._outcome(lambda: _encoded(trial.target, data))
            if trial.target == PACK:
                return self._read_pack(data)
            if trial.target.startswith("encoding:"):
                return self._outcome(lambda: _encoded_with(Codebook.from_bytes(data), trial.number))
            return self._read(data, _engine_of(trial).partition("/")[0])

    def _read(self, data: bytes, medium: str) -> str:
        """Return the outcome of decoding, after comparing it with the others."""
        decoded = self._outcome(lambda: _decode(data, medium))
        verified = self._outcome(lambda: vqcodec.verify(data, threads=1).checks)
        described = self._outcome(lambda: vqcodec.info(data, bits=True).medium)
        good = not decoded.endswith("Error")
        if not good and not verified.endswith("Error"):
            raise Disagreement(f"verify passes what decode refuses as {decoded}")
        if good:
            for way, outcome in (("verify", verified), ("info", described)):
                if outcome.endswith("Error"):
                    raise Disagreement(f"{way} refuses what decodes: {outcome}")
            for way, options in _other_ways(data, medium).items():
                other = self._outcome(lambda options=options: _decode(data, medium, **options))
                if other != decoded:
                    raise Disagreement(f"{way} gives {other}, decoding gives {decoded}")
        elif medium != "image":
            self._outcome(lambda: _decode(data, medium, salvage=True))
        return decoded

    def _read_pack(self, data: bytes) -> str:
        """Return the outcome of reading a pack with all its items, after comparing it with the others."""
        found: dict[str, str] = {}
        outcome = self._outcome(lambda: found.update(read_pack(data)) or found)
        verified = self._outcome(lambda: vqcodec.verify(data, threads=1).items)
        good = not outcome.endswith("Error") and not any(one.endswith("Error") for one in found.values())
        if not good and not verified.endswith("Error"):
            raise Disagreement(f"verify passes a pack of {found or outcome}")
        salvaged: dict[str, str] = {}
        self._outcome(lambda: salvaged.update(read_pack(data, salvage=True)))
        lost = [name for name, one in found.items() if not one.endswith("Error") and name not in salvaged]
        if lost:
            raise Disagreement(f"salvage loses {lost}")
        return outcome

    def _outcome(self, work: Callable[[], object]) -> str:
        """Return a digest of what work returns, or the name of the error of vqcodec; its message must be printable."""
        begun = time.process_time()
        try:
            result = work()
        except VQCodecError as error:
            message = str(error)
            if not message.isprintable() or len(message) > 1000:
                raise Disagreement(f"a message that is not printable: {message!r}") from None
            return type(error).__name__
        finally:
            self.slowest_s = max(self.slowest_s, time.process_time() - begun)
        return hashlib.sha256(result if isinstance(result, bytes) else repr(result).encode()).hexdigest()[:16]


def _change_first_packet(random: Random, part: Part) -> None:
    number, start, data = part.packets[0]
    part.packets[0] = (number, start, changed_bytes(random, data))


def _engine_of(trial: Trial) -> str:
    return trial.target.rpartition(":")[2]


def _encoded_with(codebook: Codebook, number: int) -> bytes:
    """Return a file that was encoded with a codebook; it must decode."""
    asked = {} if codebook.engine in ("speech/celp-fixed", "speech/ld-celp") else {"quality": number * 37 % 101}
    if codebook.engine.startswith("image/"):
        encoded = vqcodec.encode_image(picture(30, 44, 3 - number % 3), codebook=codebook, effort=number % 4, **asked)
    elif codebook.engine.startswith("speech/"):
        talk = synthetic_speech(0.8, 16000, seed=number).astype(np.int16)
        talk[4000 : 4000 + number % 3 * 2000] = 0
        encoded = vqcodec.encode_speech(talk, 16000, codebook=codebook, **asked)
    else:
        frames = moving_frames(4 + number % 3, 40, 52, seed=number)
        encoded = vqcodec.encode_video(frames, 25, codebook=codebook, effort=number % 3, **asked)
    try:
        vqcodec.decode(encoded, codebook=codebook, threads=1)
    except VQCodecError as error:
        raise Disagreement(f"what was encoded does not decode: {error}") from None
    return encoded


def _encoded(target: str, data: bytes) -> bytes:
    medium = {"picture": "image", "y4m": "video", "sound": "speech"}[target]
    codebook = {"picture": "classic-4x4-256", "y4m": "video-st3d", "sound": "celp-4800"}[target]
    effort = {} if target == "sound" else {"effort": 0}
    return vqcodec.encode(data, None, medium=medium, codebook=codebook, threads=1, **effort).data or b""


def _other_ways(data: bytes, medium: str) -> dict[str, dict[str, Any]]:
    """Return options of decoding that must give all samples of a good file."""
    if medium == "image":
        shape = vqcodec.info(data)
        return {"a crop of all": {"crop": (0, 0, shape.width, shape.height)}}
    return {"salvage": {"salvage": True}, "reading by the index": {"start": 0.0}}


def _decode(data: bytes, medium: str, **options: Any) -> bytes:
    form = {"image": "ppm", "speech": "wav", "video": "y4m"}[medium]
    if medium == "image":
        if options:
            return decode_picture_part(io.BytesIO(data), Crop(*options["crop"]), threads=1).samples.tobytes()
        return np.ascontiguousarray(decode_picture(data, threads=1).samples).tobytes()
    return vqcodec.decode(data, None, format=form, threads=1, **options).data or b""
