// The two gradients of a 2D convolution, by register tiles of 4 × 8 sums.
#include "common.h"
#include "phases.h"

// Adds to `filters` x 4·`vectors` elements of the filter's gradient the sum over a block of images and rows. `filters`
// neighbours of x (in memory) meet 4·`vectors` output channels, which lie pixel by pixel in `dy`. Constants at each call, so
// that all loops unroll.
INLINE void filter_tile(const int filters, const int vectors, const float *x, const float *dy, float *dw, int images, int rows,
                        int columns, int x_image, int x_row, int x_step, int out_channels, int valid) {
  f4 sum[4][2];
  UNROLL for (int k = 0; k < filters; k++)
    UNROLL for (int v = 0; v < vectors; v++) sum[k][v] = splat(0);
  for (int n = 0; n < images; n++) {
    for (int r = 0; r < rows; r++) {
      const float *from = x + n * x_image + r * x_row;
      for (int c = 0; c < columns; c++) {
        f4 g[2];
        UNROLL for (int v = 0; v < vectors; v++) g[v] = load(dy + 4 * v);
        UNROLL for (int k = 0; k < filters; k++) {
          f4 value = splat_at(from + k);
          UNROLL for (int v = 0; v < vectors; v++) sum[k][v] = add(sum[k][v], mul(value, g[v]));
        }
        from += x_step;
        dy += 4 * vectors;
      }
    }
  }
  UNROLL for (int k = 0; k < filters; k++) {
    UNROLL for (int v = 0; v < vectors; v++) {
      float *out = dw + k * out_channels + 4 * v;
      const int count = valid - 4 * v;
      store_some(out, add(load_some(out, count), sum[k][v]), count);
    }
  }
}

// Output channels that a tile takes, from `co` on; those beyond the last are zeros.
INLINE int tile_width(int co, int out_channels) { return min(8, round_up(out_channels - co, 4)); }

// dw[ky, kx, ci, co] = Σ_b,oy,ox x[b, oy·sh + ky·dh − top, ox·sw + kx·dw − left, ci] · dy[b, oy, ox, co]
//
// Units: `batch_parts` parts of the batch times `channel_parts` parts of the output channels. Each part of the batch has its
// own sum in `sums` [batch_parts, kh, kw, ci, co].
//
// Works through blocks of `block_images` images or `block_rows` output rows (one of them is 1 or all), so that a block
// stays in the cache while all filter elements pass over it. `scratch` holds one block of x with its padding and one of dy,
// as [tile of channels][pixel][4 or 8 channels]:
//   block_images · (((block_rows − 1) · sh + (kh − 1) · dh + 1) · ((ow − 1) · sw + (kw − 1) · dw + 1) · in_channels
//   + block_rows · ow · round_up(out_channels, 4)) elements.
EXPORT(conv2d_filter_gradient)
void conv2d_filter_gradient(int from, int to, float *scratch, const float *x, const float *dy, float *sums, int batch,
                            int batch_parts, int channel_parts, int h, int w, int in_channels, int oh, int ow, int out_channels,
                            int kh, int kw, int sh, int sw, int dh, int dilation_w, int top, int left, int block_images,
                            int block_rows) {
  const int width = (ow - 1) * sw + (kw - 1) * dilation_w + 1;
  const int x_row = width * in_channels;
  // Neighbouring columns of the filter lie beside each other in x too, unless it is dilated: one run of kw · ci elements.
  const int runs = dilation_w == 1 ? 1 : kw;
  const int length = dilation_w == 1 ? kw * in_channels : in_channels;
  const int tiles = divide_up(out_channels, 8);
  for (int unit = from; unit < to; unit++) {
    const int part = unit / channel_parts, channel_part = unit % channel_parts;
    const int first = 8 * part_start(channel_part, channel_parts, tiles);
    const int last = min(8 * part_start(channel_part + 1, channel_parts, tiles), out_channels);
    const int end = part_start(part + 1, batch_parts, batch);
    float *dw = sums + part * kh * kw * in_channels * out_channels;
    for (int k = 0; k < kh * kw * in_channels; k++) zero(dw + k * out_channels + first, last - first);
    for (int b = part_start(part, batch_parts, batch); b < end; b += block_images) {
      const int images = min(block_images, end - b);
      for (int oy = 0; oy < oh; oy += block_rows) {
        const int rows = min(block_rows, oh - oy), pixels = rows * ow;
        const int x_rows = (rows - 1) * sh + (kh - 1) * dh + 1;
        const int x_image = x_rows * x_row;
        float *panels = scratch + images * x_image;
        for (int n = 0; n < images; n++) {
          copy_padded(scratch + n * x_image, x + (b + n) * h * w * in_channels, h, w, in_channels, oy * sh - top, x_rows, -left,
                      width);
          const float *gradient = dy + ((b + n) * oh + oy) * ow * out_channels;
          for (int co = first; co < last; co += 8) {
            const int tile = tile_width(co, out_channels);
            float *panel = panels + images * pixels * (co - first) + n * pixels * tile;
            for (int p = 0; p < pixels; p++)
              for (int i = 0; i < tile; i += 4)
                store(panel + p * tile + i, load_some(gradient + p * out_channels + co + i, out_channels - co - i));
          }
        }
        for (int co = first; co < last; co += 8) {
          const int two = tile_width(co, out_channels) == 8;
          const float *panel = panels + images * pixels * (co - first);
          for (int ky = 0; ky < kh; ky++) {
            for (int run = 0; run < runs; run++) {
              const float *source = scratch + ky * dh * x_row + run * dilation_w * in_channels;
              float *out = dw + (ky * kw + run) * in_channels * out_channels + co;
#define TILE(filters, vectors)                                                                                      \
  filter_tile(filters, vectors, source + k, panel, out + k * out_channels, images, rows, ow, x_image, sh * x_row,   \
              sw * in_channels, out_channels, out_channels - co)
              IN_TILES(k, length, two);
#undef TILE
            }
          }
        }
      }
    }
  }
}

// `pixels` neighbours in a row of one phase x 4·`vectors` input channels.
INLINE void input_tile(const int pixels, const int vectors, const float *dy, const int *offsets, int taps, const float *filter,
                       float *dx, int out_channels, int dx_step, int valid) {
  f4 sum[4][2];
  UNROLL for (int p = 0; p < pixels; p++)
    UNROLL for (int v = 0; v < vectors; v++) sum[p][v] = splat(0);
  for (int t = 0; t < taps; t++) {
    const float *gradient = dy + offsets[t];
    for (int co = 0; co < out_channels; co++) {
      f4 weight[2];
      UNROLL for (int v = 0; v < vectors; v++) weight[v] = load(filter + 4 * v);
      UNROLL for (int p = 0; p < pixels; p++) {
        f4 value = splat_at(gradient + p * out_channels + co);
        UNROLL for (int v = 0; v < vectors; v++) sum[p][v] = add(sum[p][v], mul(value, weight[v]));
      }
      filter += 4 * vectors;
    }
  }
  store_tile(pixels, vectors, sum, dx, dx_step, valid);
}

// Units: tiles of eight input channels. The filter as [phase][ci tile][tap][co][4 or 8 ci]: kh · kw · co · round_up(ci, 4)
// elements, since every tap belongs to one phase. `scratch`: 2 · kh · kw elements.
EXPORT(conv2d_input_pack)
void conv2d_input_pack(int from, int to, float *scratch, const float *filter, float *packed, int h, int w, int in_channels, int oh,
                       int ow, int out_channels, int kh, int kw, int sh, int sw, int dh, int dilation_w, int top, int left) {
  const Padded padded = padded_gradient(h, w, oh, ow, kh, kw, sh, sw, dh, dilation_w, top, left);
  int *taps = (int *)scratch, *offsets = taps + kh * kw;
  for (int py = 0; py < sh; py++) {
    for (int px = 0; px < sw; px++) {
      const int count = phase_taps(padded, py, px, out_channels, kh, kw, sh, sw, dh, dilation_w, top, left, taps, offsets);
      for (int ci = 8 * from; ci < min(8 * to, in_channels); ci += 8) {
        const int tile = min(8, round_up(in_channels - ci, 4));
        float *pack = packed + count * out_channels * ci;
        for (int t = 0; t < count; t++) {
          const float *source = filter + (taps[t] * in_channels + ci) * out_channels;
          for (int co = 0; co < out_channels; co++)
            for (int i = 0; i < tile; i++) *pack++ = ci + i < in_channels ? source[i * out_channels + co] : 0;
        }
      }
      packed += count * out_channels * round_up(in_channels, 4);
    }
  }
}

// Elements of scratch that conv2d_input_gradient needs.
EXPORT(conv2d_input_scratch)
int conv2d_input_scratch(int h, int w, int in_channels, int oh, int ow, int out_channels, int kh, int kw, int sh, int sw, int dh,
                         int dilation_w, int top, int left) {
  (void)in_channels;
  const Padded padded = padded_gradient(h, w, oh, ow, kh, kw, sh, sw, dh, dilation_w, top, left);
  return padded.rows * padded.columns * out_channels + 2 * kh * kw;
}

// Units: images. dx[b, y, x, ci] = Σ_ky,kx,co dy[b, (y + top − ky·dh) / sh, (x + left − kx·dw) / sw, co] ·
// filter[ky, kx, ci, co], where the divisions leave no rest.
EXPORT(conv2d_input_gradient)
void conv2d_input_gradient(int from, int to, float *scratch, const float *dy, const float *packed, float *dx, int h, int w,
                           int in_channels, int oh, int ow, int out_channels, int kh, int kw, int sh, int sw, int dh,
                           int dilation_w, int top, int left) {
  const Padded padded = padded_gradient(h, w, oh, ow, kh, kw, sh, sw, dh, dilation_w, top, left);
  const int copies = padded.rows != oh || padded.columns != ow;
  int *taps = (int *)(scratch + padded.rows * padded.columns * out_channels), *offsets = taps + kh * kw;
  for (int b = from; b < to; b++) {
    const float *gradient = dy + b * oh * ow * out_channels;
    if (copies) {
      copy_padded(scratch, gradient, oh, ow, out_channels, -padded.above, padded.rows, -padded.before, padded.columns);
      gradient = scratch;
    }
    const float *phase = packed;
    for (int py = 0; py < sh; py++) {
      for (int px = 0; px < sw; px++) {
        const int phase_rows = divide_up(h - py, sh), phase_columns = divide_up(w - px, sw);
        const int count = phase_taps(padded, py, px, out_channels, kh, kw, sh, sw, dh, dilation_w, top, left, taps, offsets);
        for (int ci = 0; ci < in_channels; ci += 8) {
          const float *weights = phase + count * out_channels * ci;
          const int two = in_channels - ci > 4;
          for (int r = 0; r < phase_rows; r++) {
            const float *source = gradient + r * padded.columns * out_channels;
            float *out = dx + ((b * h + py + r * sh) * w + px) * in_channels + ci;
#define TILE(pixels, vectors)                                                                                        \
  input_tile(pixels, vectors, source + c * out_channels, offsets, count, weights, out + c * sw * in_channels, out_channels, \
             sw * in_channels, in_channels - ci)
            IN_TILES(c, phase_columns, two);
#undef TILE
          }
        }
        phase += count * out_channels * round_up(in_channels, 4);
      }
    }
  }
}
