"""What ffmpeg may open: one file, and only of the kinds that hold their own frames or sound.

A playlist (HLS, DASH, ffconcat, SDP and so on) names other files, and ffmpeg would read these: private ones, too.
"""

from __future__ import annotations

import re

_CONTAINERS = (
    "3dostr aiff asf av1 avi caf dhav dv flv gxf ifv iff ivf kux live_flv matroska mov mpeg mpegts mpegtsraw mtv mxf "
    "nsv nut nuv ogg pmp pva rm ty vivo w64 wav webm wtv xmv"
)
_FRAMES = (
    "apng apv avs2 avs3 cavsvideo dirac dnxhd evc flic gif h261 h263 h264 hevc ipu jpegxl_anim m4v mjpeg mjpeg_2000 "
    "mpegvideo mpjpeg obu smjpeg vc1 vc1test vvc webp_anim yuv4mpegpipe"
)
_SOUND = (
    "aa aac ac3 ac4 act adx aea alp amr amrnb amrwb ape apc aptx aptx_hd argo_asf au avr bit bonk codec2 daud dfpwm "
    "dsf dss dts dtshd eac3 flac g722 g723_1 g726 g726le g728 g729 gsm hca hcom iamf ilbc ircam lc3 loas lrc mca mlp "
    "mp3 mpc mpc8 nistsphere oma osq paf pvf qcp qoa rka rso sbc sds sdx shn sln sol sox spdif tak truehd tta voc vqf "
    "wsaud wsd wv xa xwma"
)
_GAMES = (
    "4xm anm bethsoftvid bfi bink c93 cdxl cine dsicin dxa ea film_cpk hnm idcin ipmovie jv mm mv roq rpl smk wc3movie"
)

OPTIONS = (
    *("-protocol_whitelist", "fd"),
    *("-format_whitelist", ",".join(f"{_CONTAINERS} {_FRAMES} {_SOUND} {_GAMES}".split())),
    *("-i", "fd:"),
)
"""Options for a file that is the standard input of ffmpeg. Nested names of any kind cannot be opened."""

_HEAD_BYTES = 4096
_PLAYLISTS = {
    "an HLS playlist": rb"\s*#EXTM3U",
    "a list of files for ffmpeg": rb"\s*ffconcat\s",
    "a DASH manifest": rb"\s*<.*<MPD\b|\s*<MPD\b",
    "a Smooth Streaming manifest": rb"\s*<.*<SmoothStreamingMedia\b|\s*<SmoothStreamingMedia\b",
    "a playlist": rb"\s*(\[playlist\]|\[Reference\]|<\?xml.*<(playlist|smil)\b|<(asx|smil)\b|rtsp://|RTSPtext)",
    "a session description (SDP)": rb"v=0\r?\n",
    "an IMF package": rb"\s*<.*<(\w+:)?(CompositionPlaylist|AssetMap)\b",
}


def playlist_in(path: str) -> str | None:
    """Return what kind of playlist a file is, for messages; None if its first bytes are not those of a playlist."""
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf")
    for kind, pattern in _PLAYLISTS.items():
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            return kind
    return None
