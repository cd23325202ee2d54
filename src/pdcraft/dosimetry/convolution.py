r"""Convolution of a volume with a symmetric kernel by Fourier transforms.

A kernel with :math:`K_{-k} = K_k` on every axis has a real spectrum, the cosine transform of its
octant. The volume is transformed one axis after the other, so that rows of padding are never
touched, and the results are cropped on the way back in the same manner. Padding to
:math:`P \ge N + n` (even, a product of small primes; n the reach of the kernel) keeps the ends
apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft


def padded(shape: Sequence[int], octant: Sequence[int]) -> tuple[int, ...]:
    """Even lengths of the transforms for a volume and an octant.

    Examples
    --------
    >>> padded((128, 128, 100), (26, 26, 26))
    (160, 160, 128)
    """
    return tuple(
        _even_length(n + min(reach, n) - 1) for n, reach in zip(shape, octant, strict=True)
    )


def _even_length(least: int) -> int:
    length = least + least % 2
    while fft.next_fast_len(length, real=True) != length:
        length += 2
    return length


def spectrum(octant: NDArray, lengths: Sequence[int]) -> NDArray:
    """Spectrum of the kernel on the non-negative frequencies of every axis. Real."""
    half = [n // 2 + 1 for n in lengths]
    room = np.zeros(half, octant.dtype)
    part = tuple(slice(0, min(h, n)) for h, n in zip(half, octant.shape, strict=True))
    room[part] = octant[part]
    return fft.dctn(room, type=1, overwrite_x=True)  # pyright: ignore


def forward(volume: NDArray, lengths: Sequence[int]) -> NDArray:
    """Transform of a volume with zeros behind it; the last axis has half the frequencies."""
    found = fft.rfft(volume, n=lengths[2], axis=2)
    found = fft.fft(found, n=lengths[1], axis=1)
    return fft.fft(found, n=lengths[0], axis=0, overwrite_x=True)  # pyright: ignore


def times(transform: NDArray, kernel: NDArray) -> NDArray:
    """Product with the spectrum of a symmetric kernel, slab by slab."""
    product = np.empty_like(transform)
    n, m = transform.shape[:2]
    fold = np.minimum(np.arange(m), m - np.arange(m))
    for i in range(n):
        np.multiply(transform[i], kernel[min(i, n - i)][fold], out=product[i])
    return product


def backward(transform: NDArray, lengths: Sequence[int], shape: Sequence[int]) -> NDArray:
    """The volume of a transform, cropped. Spoils the transform."""
    found = fft.ifft(transform, axis=0, overwrite_x=True)[: shape[0]]  # pyright: ignore
    found = fft.ifft(found, axis=1, overwrite_x=True)[:, : shape[1]]  # pyright: ignore
    return fft.irfft(found, n=lengths[2], axis=2)[:, :, : shape[2]]  # pyright: ignore
