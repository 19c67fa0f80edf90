"""A plug-in for Pillow: `Image.open("x.vqc")`, and `image.save("x.vqc", quality=70)`.

    >>> from PIL import Image
    >>> from vqcodec import pillow
    >>> pillow.register()
    >>> import io
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (64, 48), "tomato").save(file, "VQC", quality=50)
    >>> Image.open(file).size
    (64, 48)

`save` takes what `vqcodec.encode_image` takes, by name: quality, target_psnr, target_size, effort, codebook and so on;
also Pillow's `icc_profile`, `exif`, `xmp` and `dpi`, which are otherwise taken from `image.info`. A picture that is
turned by its EXIF orientation is saved upright. Opening reads the headers; samples are decoded when they are needed.
"""

from __future__ import annotations

import io
from typing import IO, Any

from PIL import Image, ImageFile

from vqcodec.codebook.library import chosen_codebook
from vqcodec.container import is_media, load_media
from vqcodec.errors import UnsupportedError, VQCodecError
from vqcodec.image.codec import MEDIUM, decode_picture, describe, encode_picture
from vqcodec.image.metadata import save_options
from vqcodec.image.pixels import MODES, picture_of
from vqcodec.media.encoding import EncodeOptions
from vqcodec.media.keywords import ImageKeywords

FORMAT = "VQC"
_OF_PILLOW = ("icc_profile", "exif", "xmp", "dpi")
_INFO = {"icc_profile": "icc", "exif": "exif", "xmp": "xmp", "dpi": "density"}


class VqcImageFile(ImageFile.ImageFile):
    """A `.vqc` picture as Pillow opens it."""

    format = FORMAT
    format_description = "vqcodec picture"

    def _open(self) -> None:
        assert self.fp is not None  # Pillow opens it before
        data = self.fp.read()
        try:
            media = load_media(data)
            if media.medium != MEDIUM:
                raise UnsupportedError(f"a {media.medium} file of vqcodec, not a picture")
            said: dict[str, Any] = describe(data)
        except VQCodecError as error:
            raise SyntaxError(str(error)) from None  # by which Pillow knows that it is not for this plug-in
        self._size = said["width"], said["height"]
        self._mode = MODES[said["channels"]]
        options, _ = save_options("JPEG", media.metadata, channels=said["channels"])
        self.info = {name: options[name] for name in _OF_PILLOW if name in options}
        self.tile = []
        self._coded: bytes | None = data

    def load(self) -> Any:
        """Decode the samples, if that is not done yet.

        Raises:
            OSError: the picture is damaged, or its codebook is not found.
        """
        if self._coded is not None:
            try:
                samples = decode_picture(self._coded).samples
            except VQCodecError as error:
                raise OSError(str(error)) from error
            self._coded = None
            self.fp = io.BytesIO(samples.tobytes())
            self.tile = [ImageFile._Tile("raw", (0, 0, *self.size), 0, self.mode)]
        return super().load()


def _save(image: Image.Image, file: IO[bytes], _name: str | bytes) -> None:
    """Write an image as a `.vqc` file, as Pillow calls it."""
    given: dict[str, Any] = dict(getattr(image, "encoderinfo", {}))
    shown = image.copy()
    shown.info = {**image.info, **{name: given.pop(name) for name in _OF_PILLOW if name in given}}
    options = EncodeOptions.of_function("save", MEDIUM, ImageKeywords.__optional_keys__, given)
    encoded = encode_picture(
        picture_of(shown),
        codebook=chosen_codebook(options.codebook),
        target=options.target,
        work=options.work,
        embed_codebook=options.embed_codebook,
        keep_hidden=bool(options.keep_hidden),
        options=options.engine,
    )
    file.write(encoded.data)


def register() -> None:
    """Let Pillow open and save `.vqc` pictures, in this process from now on."""
    Image.register_open(FORMAT, VqcImageFile, is_media)
    Image.register_save(FORMAT, _save)
    Image.register_extension(FORMAT, ".vqc")
    Image.register_mime(FORMAT, "image/x-vqc")
