// The filter gradient of a 3 × 3 convolution: of each tile 4 × 4 inputs and 2 × 2 output gradients, F(3 × 3, 2 × 2).
#include "winograd.h"

// One dimension of the gradient's transform: of two numbers four.
#define GRADIENT_TRANSFORM(out, g0, g1)                                                                            \
  const f4 out##0 = g0, out##1 = mul(splat(0.5f), add(g0, g1)), out##2 = mul(splat(0.5f), sub(g0, g1)), \
           out##3 = wasm_f32x4_neg(g1)

// `width` of the channels of the 2 × 2 gradients at `dy`; those beyond the image are 0.
INLINE void transform_gradient(const float *dy, int row, int channels, float *out, int plane, int width, int rows, int columns) {
  for (int c = 0; c < width; c += 4) {
    f4 half[4][2];
    UNROLL for (int i = 0; i < 2; i++) {
      const float *column = dy + i * channels + c;
      const f4 upper = i < columns ? load(column) : splat(0);
      const f4 lower = i < columns && rows > 1 ? load(column + row) : splat(0);
      GRADIENT_TRANSFORM(g, upper, lower);
      half[0][i] = g0, half[1][i] = g1, half[2][i] = g2, half[3][i] = g3;
    }
    UNROLL for (int j = 0; j < 4; j++) {
      GRADIENT_TRANSFORM(v, half[j][0], half[j][1]);
      float *to = out + 4 * j * plane + c;
      store(to, v0), store(to + plane, v1), store(to + 2 * plane, v2), store(to + 3 * plane, v3);
    }
  }
}

// Adds to four input × 4·`vectors` output channels the sums over `tiles` tiles.
INLINE void product_tile(const int vectors, const float *x, int in_channels, const float *dy, int width, float *sums,
                         int out_channels, int tiles) {
  f4 sum[4][2];
  UNROLL for (int i = 0; i < 4; i++)
    UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = load(sums + i * out_channels + 4 * v);
  for (int t = 0; t < tiles; t++, x += in_channels, dy += width) {
    f4 g[2];
    UNROLL for (int v = 0; v < vectors; v++) g[v] = load(dy + 4 * v);
    UNROLL for (int i = 0; i < 4; i++) {
      const f4 value = splat_at(x + i);
      UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = add(sum[i][v], mul(value, g[v]));
    }
  }
  UNROLL for (int i = 0; i < 4; i++)
    UNROLL for (int v = 0; v < vectors; v++) store(sums + i * out_channels + 4 * v, sum[i][v]);
}

// Elements of scratch that winograd_filter_gradient needs.
EXPORT(winograd_filter_scratch)
int winograd_filter_scratch(int in_channels, int oh, int ow, int out_channels, int block) {
  return padded_of(oh) * padded_of(ow) * in_channels + 16 * (plane_of(block, in_channels) + plane_of(block, out_channels));
}

// Units: `batch_parts` parts of the batch times `channel_parts` parts of the output channels. Each part of the batch has its
// own sum, still transformed, in `sums` [batch_parts, 16, ci, co].
EXPORT(winograd_filter_gradient)
void winograd_filter_gradient(int from, int to, float *scratch, const float *x, const float *dy, float *sums, int batch,
                              int batch_parts, int channel_parts, int h, int w, int in_channels, int oh, int ow, int out_channels,
                              int top, int left, int block) {
  const int tile_columns = tiles_of(ow), tiles = tiles_of(oh) * tile_columns;
  const int columns = padded_of(ow), row = columns * in_channels, pairs = in_channels * out_channels;
  float *of_x = scratch + padded_of(oh) * row, *of_dy = of_x + 16 * plane_of(block, in_channels);
  for (int unit = from; unit < to; unit++) {
    const int part = unit / channel_parts, channel_part = unit % channel_parts;
    const int first = 8 * part_start(channel_part, channel_parts, divide_up(out_channels, 8));
    const int last = min(8 * part_start(channel_part + 1, channel_parts, divide_up(out_channels, 8)), out_channels);
    const int width = last - first;
    const int plane_x = plane_of(block, in_channels), plane_dy = plane_of(block, width);
    float *sum = sums + part * 16 * pairs + first;
    for (int i = 0; i < 16 * in_channels; i++) zero(sum + i * out_channels, width);
    // Tiles wait until a block is full, from whichever images.
    int count = 0;
    const int end = part_start(part + 1, batch_parts, batch);
    for (int b = part_start(part, batch_parts, batch); b < end; b++) {
      copy_padded(scratch, x + b * h * w * in_channels, h, w, in_channels, -top, padded_of(oh), -left, columns);
      const float *gradient = dy + b * oh * ow * out_channels + first;
      for (int tile = 0; tile < tiles; tile++) {
        const int ty = tile / tile_columns, tx = tile % tile_columns;
        transform_input(scratch + 2 * (ty * columns + tx) * in_channels, row, in_channels, of_x + count * in_channels,
                        plane_x);
        transform_gradient(gradient + 2 * (ty * ow + tx) * out_channels, ow * out_channels, out_channels, of_dy + count * width,
                           plane_dy, width, oh - 2 * ty, ow - 2 * tx);
        if (++count < block && !(b == end - 1 && tile == tiles - 1)) continue;
        for (int element = 0; element < 16; element++) {
          const float *source = of_x + element * plane_x, *gradients = of_dy + element * plane_dy;
          float *out = sum + element * pairs;
          for (int co = 0; co < width; co += 8) {
            for (int ci = 0; ci < in_channels; ci += 4) {
#define TILE(vectors) \
  product_tile(vectors, source + ci, in_channels, gradients + co, width, out + ci * out_channels + co, out_channels, count)
              if (width - co > 4) TILE(2);
              else TILE(1);
#undef TILE
            }
          }
        }
        count = 0;
      }
    }
  }
}

// One dimension of the filter's transform: of four numbers three.
#define FILTER_TRANSFORM(out, m0, m1, m2, m3) \
  const f4 out##0 = add(add(m0, m1), m2), out##1 = sub(m1, m2), out##2 = add(add(m1, m2), m3)

// Units: blocks of `block` pairs of channels. dw[3, 3, ci, co] of the parts' sums.
EXPORT(winograd_filter_unpack)
void winograd_filter_unpack(int from, int to, const float *sums, float *dw, int pairs, int parts, int block) {
  for (int at = from * block; at < min(to * block, pairs); at += 4) {
    f4 half[3][4];
    UNROLL for (int i = 0; i < 4; i++) {
      f4 m[4];
      UNROLL for (int j = 0; j < 4; j++) {
        const float *element = sums + (4 * j + i) * pairs + at;
        m[j] = load(element);
        for (int part = 1; part < parts; part++) m[j] = add(m[j], load(element + part * 16 * pairs));
      }
      FILTER_TRANSFORM(s, m[0], m[1], m[2], m[3]);
      half[0][i] = s0, half[1][i] = s1, half[2][i] = s2;
    }
    UNROLL for (int j = 0; j < 3; j++) {
      FILTER_TRANSFORM(o, half[j][0], half[j][1], half[j][2], half[j][3]);
      float *out = dw + 3 * j * pairs + at;
      store(out, o0), store(out + pairs, o1), store(out + 2 * pairs, o2);
    }
  }
}
