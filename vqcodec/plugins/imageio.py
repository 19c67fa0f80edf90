"""A plug-in for imageio's API of version 3: `.vqc` pictures and clips.

    from vqcodec.plugins.imageio import VqcPlugin, register
    register()
    imageio.v3.imread("photo.vqc")              # or plugin=VqcPlugin, without register()
    imageio.v3.imwrite("photo.vqc", samples, quality=60)
    for frame in imageio.v3.imiter("clip.vqc"):
        ...
    imageio.v3.imwrite("clip.vqc", frames, is_batch=True, rate=25)

Options of writing are those of `vqcodec.encode_image` and `vqcodec.encode_video`, by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from imageio import config
from imageio.core.request import URI_BYTES, InitializationError, IOMode, Request
from imageio.core.v3_plugin_api import ImageProperties, PluginV3

from vqcodec.api.opened_video import Video, open_video
from vqcodec.container import is_media, load_media
from vqcodec.errors import VQCodecError
from vqcodec.image import decode_image, encode_image
from vqcodec.video.arrays import encode_video

NAME = "vqcodec"


class VqcPlugin(PluginV3):
    """Reads and writes one resource, as imageio asks."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._video: Video | None = None
        self._picture: np.ndarray | None = None
        if request.mode.io_mode == IOMode.write:
            if request.extension not in (".vqc", None):
                raise InitializationError("vqcodec writes .vqc files")
            return
        data = request.get_file().read()
        if not is_media(data):
            raise InitializationError("not a file of vqcodec")
        try:
            medium = load_media(data).medium
            if medium == "video":
                self._video = open_video(data)
            elif medium == "image":
                self._picture = decode_image(data)
            else:
                raise InitializationError("speech of vqcodec has no pictures")
        except VQCodecError as error:
            raise OSError(str(error)) from error

    def read(self, *, index: int | None = None) -> np.ndarray:
        """Return a picture, uint8 (height, width) or (height, width, channels); of a clip frame `index`, or all."""
        if self._video is None:
            assert self._picture is not None  # opened for reading
            self._check_first(index)
            return self._picture
        if index is None or index is ...:
            return np.stack(list(self._video))
        number = range(self._length)[index]
        return next(iter(self._video.rgb(number, number + 1)))

    def iter(self) -> Iterator[np.ndarray]:
        """Yield the picture, or the frames of a clip one by one."""
        yield from [self.read()] if self._video is None else self._video

    def write(self, ndimage: Any, *, is_batch: bool | None = None, rate: float = 25, **options: Any) -> bytes | None:
        """Write a picture, or the frames of a clip.

        Args:
            ndimage: uint8, a picture or a series of RGB pictures.
            is_batch: whether it is a clip; None: if it is a list, or has four axes.
            rate: frames a second, of a clip.
            options: of `encode_image` or `encode_video`.
        """
        several = is_batch if is_batch is not None else isinstance(ndimage, list) or np.ndim(ndimage) == 4
        data = encode_video(ndimage, rate=rate, **options) if several else encode_image(ndimage, **options)
        self.request.get_file().write(data)
        return data if self.request._uri_type == URI_BYTES else None

    def properties(self, index: int | None = None) -> ImageProperties:
        """Return shape and type of the picture, or of a frame or all of a clip."""
        if self._video is None:
            picture = self.read(index=index)
            return ImageProperties(shape=picture.shape, dtype=picture.dtype, n_images=1)
        frame = (self._video.height, self._video.width, 3)
        whole = index is None or index is ...
        shape = (self._length, *frame) if whole else frame
        return ImageProperties(shape=shape, dtype=np.dtype(np.uint8), n_images=self._length, is_batch=whole)

    def metadata(self, index: int | None = None, exclude_applied: bool = True) -> dict[str, Any]:
        """Return what is known beside the samples: of a clip the frames a second."""
        del index, exclude_applied
        return {} if self._video is None else {"fps": float(self._video.rate)}

    @property
    def _length(self) -> int:
        assert self._video is not None
        assert self._video.length is not None  # of a .vqc file it is known
        return self._video.length

    def close(self) -> None:
        """Let go of the file."""
        if self._video is not None:
            self._video.close()
        super().close()

    @staticmethod
    def _check_first(index: int | None) -> None:
        if index not in (None, 0, -1, ...):
            raise IndexError(f"a picture has the index 0, not {index}")


def register() -> None:
    """Let imageio read and write `.vqc` files without being told the plug-in, in this process from now on."""
    config.known_plugins[NAME] = config.PluginConfig(
        name=NAME, class_name="VqcPlugin", module_name=__name__, is_legacy=False
    )
    extension = config.FileExtension(name="vqcodec picture or clip", extension=".vqc", priority=[NAME])
    config.extension_list[:] = [known for known in config.extension_list if known.extension != ".vqc"] + [extension]
    config.known_extensions[".vqc"] = [extension]
