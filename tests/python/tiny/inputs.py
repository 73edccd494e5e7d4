"""Images, sounds and videos that tiny models are given, drawn from seeds."""

from __future__ import annotations

import io

RATE = 16_000


def picture(seed: int, size: tuple[int, int] = (20, 30), mode: str = "RGB"):
    """Draw noise: an image of some height and width."""
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype="uint8")
    return Image.fromarray(pixels).convert(mode)


def pictures() -> list:
    """Draw images of which some are of one size."""
    return [picture(1), picture(2, (40, 24)), picture(3), picture(4, (30, 20)), picture(5, (40, 24))]


def scene(seed: int, size: tuple[int, int]):
    """Draw boxes of some colours on white: an image of some height and width."""
    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(seed)
    pixels = np.full((*size, 3), 255, dtype="uint8")
    for _ in range(8):
        top, left = draw.integers(0, size[0]), draw.integers(0, size[1])
        high, wide = draw.integers(8, 25, 2)
        pixels[top : top + high, left : left + wide] = draw.integers(0, 256, 3)
    return Image.fromarray(pixels)


def encoded(image, form: str = "PNG") -> bytes:
    """Return an image as the bytes of a file."""
    stream = io.BytesIO()
    image.save(stream, form)
    return stream.getvalue()


def damaged() -> bytes:
    """Return an image file that ends too early."""
    return encoded(picture(6))[:-200]


def tone(seconds=0.2, pitch=220.0, rate=RATE, seed=None):
    """Return samples of a tone, with noise of a seed."""
    import numpy as np

    samples = 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
    if seed is not None:
        samples = samples + 0.1 * np.random.default_rng(seed).standard_normal(len(samples))
    return samples.astype("float32")


def sound(seconds=0.2, pitch=220.0, rate=RATE, seed=None):
    """Return a tone with its rate, as pipelines read sounds."""
    return {"array": tone(seconds, pitch, rate, seed), "sampling_rate": rate}


def wav(seconds=0.2, pitch=220.0, rate=RATE, seed=None):
    """Return a tone as the bytes of a WAV file."""
    from scipy.io import wavfile

    stream = io.BytesIO()
    wavfile.write(stream, rate, tone(seconds, pitch, rate, seed))
    return stream.getvalue()


def frames(count=12, seed=1, size=(24, 32)):
    """Return the frames of a video as an array."""
    import numpy as np

    return np.random.default_rng(seed).integers(0, 256, (count, *size, 3), dtype="uint8")


def video(path, count=12, seed=1, size=(24, 32), codec="mpeg4", pixels="yuv420p"):
    """Write a video to a file; the codec ffv1 with the pixels bgr0 keeps every colour as it is."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=8)
        stream.width, stream.height, stream.pix_fmt = size[1], size[0], pixels
        for frame in frames(count, seed, size):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def moving(count=5, seed=1, size=(24, 32)):
    """Return a video as the bytes of an animated GIF of few colours, and its frames."""
    import numpy as np
    from PIL import Image

    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [255, 255, 255]], dtype="uint8")
    pixels = colours[np.random.default_rng(seed).integers(0, 4, (count, *size))]
    first, *others = (Image.fromarray(frame) for frame in pixels)
    stream = io.BytesIO()
    first.save(stream, "GIF", save_all=True, append_images=others, duration=100)
    return stream.getvalue(), pixels
