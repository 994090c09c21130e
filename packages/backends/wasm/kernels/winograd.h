// Convolutions with 3 × 3 filters without stride, by the minimal filtering of Winograd (Lavin and Gray 2016, F(2 × 2, 3 × 3)):
// a tile of 4 × 4 inputs and one of 2 × 2 outputs meet in 16 products for each pair of channels instead of 36. Tiles are
// numbered through a call's images, row by row. Numbers of channels are multiples of 4.
#pragma once
#include "common.h"

// Transformed tiles are [16][tile][channels]. From one of the 16 to the next: a cache line more than the tiles take, or all 16
// would want the same place in the cache.
INLINE int plane_of(int block, int channels) { return block * channels + 16; }

// One dimension of the input's transform, Bᵀ d.
#define INPUT_TRANSFORM(out, d0, d1, d2, d3) \
  const f4 out##0 = sub(d0, d2), out##1 = add(d1, d2), out##2 = sub(d2, d1), out##3 = sub(d1, d3)

// All channels of the 4 × 4 pixels at `x`, in an image whose rows are `row` elements long.
INLINE void transform_input(const float *x, int row, int channels, float *out, int plane) {
  for (int c = 0; c < channels; c += 4) {
    f4 half[4][4];
    UNROLL for (int i = 0; i < 4; i++) {
      const float *column = x + i * channels + c;
      INPUT_TRANSFORM(d, load(column), load(column + row), load(column + 2 * row), load(column + 3 * row));
      half[0][i] = d0, half[1][i] = d1, half[2][i] = d2, half[3][i] = d3;
    }
    UNROLL for (int j = 0; j < 4; j++) {
      INPUT_TRANSFORM(v, half[j][0], half[j][1], half[j][2], half[j][3]);
      float *to = out + 4 * j * plane + c;
      store(to, v0), store(to + plane, v1), store(to + 2 * plane, v2), store(to + 3 * plane, v3);
    }
  }
}

// Images are 2 pixels larger than their tiles, in both directions.
INLINE int tiles_of(int size) { return divide_up(size, 2); }
INLINE int padded_of(int size) { return 2 * tiles_of(size) + 2; }
