// A 3 × 3 convolution with bias and a clamp, and its input gradient, which is one too: of dy, with the filter turned around.
#include "winograd.h"

// Elements of a transformed filter.
EXPORT(winograd_packed_size)
int winograd_packed_size(int in_channels, int out_channels) { return 16 * in_channels * out_channels; }

// Units: tiles of eight output channels. The filter as [16][tile][in][4 or 8 out]. `turned`: filter is [3, 3, out, in], and
// turned around.
EXPORT(winograd_pack)
void winograd_pack(int from, int to, const float *filter, float *packed, int in_channels, int out_channels, int turned) {
  const f4 half = splat(0.5f);
  const int plane = in_channels * out_channels;
  for (int co = 8 * from; co < min(8 * to, out_channels); co += 4) {
    const int tile = co / 8 * 8, width = min(8, out_channels - tile);
    for (int ci = 0; ci < in_channels; ci++) {
      f4 g[3][3], rows[4][3];
      UNROLL for (int tap = 0; tap < 9; tap++) {
        if (turned) {
          const float *from_tap = filter + ((8 - tap) * out_channels + co) * in_channels + ci;
          g[tap / 3][tap % 3] = wasm_f32x4_make(from_tap[0], from_tap[in_channels], from_tap[2 * in_channels], from_tap[3 * in_channels]);
        } else {
          g[tap / 3][tap % 3] = load(filter + (tap * in_channels + ci) * out_channels + co);
        }
      }
      UNROLL for (int i = 0; i < 3; i++) {
        const f4 ends = add(g[0][i], g[2][i]);
        rows[0][i] = g[0][i], rows[1][i] = mul(half, add(ends, g[1][i])), rows[2][i] = mul(half, sub(ends, g[1][i]));
        rows[3][i] = g[2][i];
      }
      float *out = packed + tile * in_channels + ci * width + co - tile;
      UNROLL for (int j = 0; j < 4; j++, out += 4 * plane) {
        const f4 ends = add(rows[j][0], rows[j][2]);
        store(out, rows[j][0]);
        store(out + plane, mul(half, add(ends, rows[j][1])));
        store(out + 2 * plane, mul(half, sub(ends, rows[j][1])));
        store(out + 3 * plane, rows[j][2]);
      }
    }
  }
}

// Sums over input channels for four tiles and 4·`vectors` output channels.
INLINE void product_tile(const int vectors, const float *tiles, int in_channels, const float *weights, float *out, int out_channels) {
  f4 sum[4][2];
  UNROLL for (int t = 0; t < 4; t++)
    UNROLL for (int v = 0; v < vectors; v++) sum[t][v] = splat(0);
  for (int i = 0; i < in_channels; i++) {
    f4 weight[2];
    UNROLL for (int v = 0; v < vectors; v++) weight[v] = load(weights + 4 * v);
    UNROLL for (int t = 0; t < 4; t++) {
      const f4 value = splat_at(tiles + t * in_channels + i);
      UNROLL for (int v = 0; v < vectors; v++) sum[t][v] = add(sum[t][v], mul(value, weight[v]));
    }
    weights += 4 * vectors;
  }
  UNROLL for (int t = 0; t < 4; t++)
    UNROLL for (int v = 0; v < vectors; v++) store(out + t * out_channels + 4 * v, sum[t][v]);
}

// One dimension of the output's transform, Aᵀ m.
#define OUTPUT_TRANSFORM(out, m0, m1, m2, m3) const f4 out##0 = add(add(m0, m1), m2), out##1 = sub(sub(m1, m2), m3)

// The 2 × 2 outputs of a tile, of which `rows` and `columns` are in the image.
INLINE void transform_output(const float *products, int plane, const float *bias, f4 low, f4 high, float *y, int y_row, int channels,
                             int rows, int columns) {
  for (int c = 0; c < channels; c += 4) {
    f4 half[2][4];
    UNROLL for (int i = 0; i < 4; i++) {
      const float *m = products + i * plane + c;
      OUTPUT_TRANSFORM(s, load(m), load(m + 4 * plane), load(m + 8 * plane), load(m + 12 * plane));
      half[0][i] = s0, half[1][i] = s1;
    }
    const f4 offset = bias ? load(bias + c) : splat(0);
    UNROLL for (int j = 0; j < 2; j++) {
      OUTPUT_TRANSFORM(o, half[j][0], half[j][1], half[j][2], half[j][3]);
      float *out = y + j * y_row + c;
      if (j >= rows) break;
      store(out, clamp(add(o0, offset), low, high));
      if (columns > 1) store(out + channels, clamp(add(o1, offset), low, high));
    }
  }
}

// Elements of scratch that winograd_forward needs: an image with zeros around it, and a block of tiles before and after.
EXPORT(winograd_scratch)
int winograd_scratch(int in_channels, int oh, int ow, int out_channels, int block) {
  return padded_of(oh) * padded_of(ow) * in_channels + 16 * (plane_of(block, in_channels) + plane_of(block, out_channels));
}

// Units: images. y[b, oy, ox, co] = clamp(bias[co] + Σ_ky,kx,ci x[b, oy + ky − top, ox + kx − left, ci] · filter[ky, kx, ci, co])
// in blocks of `block` tiles, a multiple of 4. `bias` may be null.
EXPORT(winograd_forward)
void winograd_forward(int from, int to, float *scratch, const float *x, const float *packed, const float *bias, float *y, float low,
                      float high, int h, int w, int in_channels, int oh, int ow, int out_channels, int top, int left, int block) {
  const int tile_columns = tiles_of(ow), tiles = tiles_of(oh) * tile_columns;
  const int columns = padded_of(ow), row = columns * in_channels;
  float *before = scratch + padded_of(oh) * row, *after = before + 16 * plane_of(block, in_channels);
  const int plane_before = plane_of(block, in_channels), plane_after = plane_of(block, out_channels);
  for (int b = from; b < to; b++) {
    copy_padded(scratch, x + b * h * w * in_channels, h, w, in_channels, -top, padded_of(oh), -left, columns);
    float *image = y + b * oh * ow * out_channels;
    for (int first = 0; first < tiles; first += block) {
      const int count = min(block, tiles - first), fours = round_up(count, 4);
      for (int t = 0; t < count; t++) {
        const int ty = (first + t) / tile_columns, tx = (first + t) % tile_columns;
        transform_input(scratch + 2 * (ty * columns + tx) * in_channels, row, in_channels, before + t * in_channels, plane_before);
      }
      for (int element = 0; element < 16; element++) {
        float *source = before + element * plane_before, *target = after + element * plane_after;
        // What fills the last four is nobody's, but must be numbers: others take long.
        zero(source + count * in_channels, (fours - count) * in_channels);
        const float *weights = packed + element * in_channels * out_channels;
        for (int co = 0; co < out_channels; co += 8, weights += 8 * in_channels) {
          for (int t = 0; t < fours; t += 4) {
            if (out_channels - co > 4)
              product_tile(2, source + t * in_channels, in_channels, weights, target + t * out_channels + co, out_channels);
            else product_tile(1, source + t * in_channels, in_channels, weights, target + t * out_channels + co, out_channels);
          }
        }
      }
      for (int t = 0; t < count; t++) {
        const int oy = (first + t) / tile_columns * 2, ox = (first + t) % tile_columns * 2;
        transform_output(after + t * out_channels, plane_after, bias, splat(low), splat(high), image + (oy * ow + ox) * out_channels,
                         ow * out_channels, out_channels, oh - oy, ow - ox);
      }
    }
  }
}
