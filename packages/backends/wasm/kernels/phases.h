// How a convolution's input gradient is laid out. Input pixels with equal y mod sh and x mod sw (a phase) meet the same taps
// of the filter, at neighbouring pixels of dy: for each phase the gradient is a convolution of dy without stride, and no
// product with an inserted zero is made.
#pragma once
#include "common.h"

// dy with the zeros around it that some tap of some phase reads.
typedef struct {
  int above, before, rows, columns;
} Padded;

INLINE int zeros_before(int kernel, int stride, int dilation, int pad) {
  return max(0, divide_up((kernel - 1) * dilation - pad, stride));
}
INLINE int size_with_zeros(int before, int size, int out_size, int stride, int pad) {
  return before + max(out_size, (size - 1 + pad) / stride + 1);
}
INLINE Padded padded_gradient(int h, int w, int oh, int ow, int kh, int kw, int sh, int sw, int dh, int dw, int top, int left) {
  const int above = zeros_before(kh, sh, dh, top), before = zeros_before(kw, sw, dw, left);
  return (Padded){above, before, size_with_zeros(above, h, oh, sh, top), size_with_zeros(before, w, ow, sw, left)};
}

// Of one phase: `taps[i]` is an element of the filter (ky · kw + kx), and `offsets[i]` where in the padded dy, counted from
// the phase's first pixel, its values begin. Returns how many there are.
INLINE int phase_taps(Padded padded, int py, int px, int channels, int kh, int kw, int sh, int sw, int dh, int dw, int top,
                      int left, int *taps, int *offsets) {
  int count = 0;
  for (int ky = 0; ky < kh; ky++) {
    const int y = py + top - ky * dh;
    if (y % sh) continue;
    for (int kx = 0; kx < kw; kx++) {
      const int x = px + left - kx * dw;
      if (x % sw) continue;
      taps[count] = ky * kw + kx;
      offsets[count++] = ((padded.above + y / sh) * padded.columns + padded.before + x / sw) * channels;
    }
  }
  return count;
}
