// Resampling by projective maps from output to input pixels, and its gradient. See @regimen/ops' warp for the meaning.
#include "common.h"

enum { BILINEAR = 0, NEAREST = 1 };
enum { REFLECT = 0, CONSTANT = 1 };

// An input pixel's place in its image, in elements; −1 outside. `weight` is its share of the output pixel.
typedef struct {
  int at;
  float weight;
} Tap;
typedef struct {
  int count;
  Tap tap[4];
} Taps;

INLINE int is_identity(const float *map) {
  return map[0] == 1 && map[1] == 0 && map[2] == 0 && map[3] == 0 && map[4] == 1 && map[5] == 0 && map[6] == 0 && map[7] == 0;
}

INLINE float fold(float at, int length, int fill) {
  if (fill == CONSTANT) return at;
  const float period = 2.0f * length;
  const float inside = at - __builtin_floorf(at / period) * period;
  const float mirrored = inside < length ? inside : period - 1 - inside;
  return mirrored < 0 ? 0 : mirrored > length - 1 ? length - 1 : mirrored;
}

INLINE Tap tap_at(float x, float y, float weight, int h, int w, int channels) {
  // Compared as floats: a coordinate may be too large for an int, or no number.
  const int inside = x >= 0 && x < w && y >= 0 && y < h;
  return (Tap){inside ? ((int)y * w + (int)x) * channels : -1, weight};
}

INLINE float half_away_from_zero(float x) { return x < 0 ? -__builtin_floorf(-x + 0.5f) : __builtin_floorf(x + 0.5f); }

INLINE Taps taps_of(const float *map, int ox, int oy, int h, int w, int channels, int interpolation, int fill) {
  const float divisor = map[6] * ox + map[7] * oy + 1;
  if (divisor == 0) return (Taps){1, {{-1, 1}}};
  const float x = fold((map[0] * ox + map[1] * oy + map[2]) / divisor, w, fill);
  const float y = fold((map[3] * ox + map[4] * oy + map[5]) / divisor, h, fill);
  if (interpolation == NEAREST)
    return (Taps){1, {tap_at(half_away_from_zero(x), half_away_from_zero(y), 1, h, w, channels)}};
  const float x0 = __builtin_floorf(x), y0 = __builtin_floorf(y);
  const float right = x - x0, down = y - y0;
  return (Taps){4,
                {tap_at(x0, y0, (1 - right) * (1 - down), h, w, channels), tap_at(x0 + 1, y0, right * (1 - down), h, w, channels),
                 tap_at(x0, y0 + 1, (1 - right) * down, h, w, channels), tap_at(x0 + 1, y0 + 1, right * down, h, w, channels)}};
}

// Four neighbouring output pixels at once: where each is read from, folded.
typedef struct {
  f4 x, y;
} Places;

INLINE f4 fold_all(f4 at, int length, int fill) {
  if (fill == CONSTANT) return at;
  const f4 period = splat(2.0f * length), last = splat((float)(length - 1));
  const f4 inside = sub(at, mul(wasm_f32x4_floor(wasm_f32x4_div(at, period)), period));
  const f4 mirrored =
      wasm_v128_bitselect(inside, sub(sub(period, splat(1)), inside), wasm_f32x4_lt(inside, splat((float)length)));
  const f4 above = wasm_v128_bitselect(splat(0), mirrored, wasm_f32x4_lt(mirrored, splat(0)));
  return wasm_v128_bitselect(last, above, wasm_f32x4_gt(above, last));
}

INLINE Places places_of(const float *map, int ox, int oy, int h, int w, int fill) {
  const f4 x = add(splat((float)ox), wasm_f32x4_make(0, 1, 2, 3));
  const f4 y = splat((float)oy);
#define ROW(k) add(mul(splat(map[k]), x), mul(splat(map[k + 1]), y))
  const f4 divisor = add(ROW(6), splat(1));
  return (Places){fold_all(wasm_f32x4_div(add(ROW(0), splat(map[2])), divisor), w, fill),
                  fold_all(wasm_f32x4_div(add(ROW(3), splat(map[5])), divisor), h, fill)};
#undef ROW
}

// Four pixels whose taps all lie within the image: no questions asked. Returns whether that is so.
INLINE int warp_inside(const float *image, const float *map, float *to, int ox, int oy, int h, int w, int channels, int fill) {
  const Places at = places_of(map, ox, oy, h, w, fill);
  const f4 x0 = wasm_f32x4_floor(at.x), y0 = wasm_f32x4_floor(at.y);
  // A division by 0 gives infinity or no number: neither is inside.
  const v128_t inside = wasm_v128_and(
      wasm_v128_and(wasm_f32x4_ge(x0, splat(0)), wasm_f32x4_lt(x0, splat((float)(w - 1)))),
      wasm_v128_and(wasm_f32x4_ge(y0, splat(0)), wasm_f32x4_lt(y0, splat((float)(h - 1)))));
  if (!wasm_i32x4_all_true(inside)) return 0;
  const f4 right = sub(at.x, x0), down = sub(at.y, y0), left = sub(splat(1), right), up = sub(splat(1), down);
  float weights[4][4];
  store(weights[0], mul(left, up)), store(weights[1], mul(right, up));
  store(weights[2], mul(left, down)), store(weights[3], mul(right, down));
  int places[4];
  wasm_v128_store(places, wasm_i32x4_trunc_sat_f32x4(add(mul(y0, splat((float)w)), x0)));
  for (int p = 0; p < 4; p++) {
    const float *from = image + places[p] * channels;
    for (int c = 0; c < channels; c++, from++)
      *to++ = from[0] * weights[0][p] + from[channels] * weights[1][p] + from[w * channels] * weights[2][p] +
              from[(w + 1) * channels] * weights[3][p];
  }
  return 1;
}

// Units of both kernels: images.
EXPORT(warp)
void warp(int from, int to, const float *images, const float *maps, float *out, int h, int w, int channels, int interpolation,
          int fill, float value) {
  for (int b = from; b < to; b++) {
    const float *map = maps + 8 * b;
    const float *image = images + b * h * w * channels;
    float *pixel = out + b * h * w * channels;
    if (is_identity(map)) {
      copy(pixel, image, h * w * channels);
      continue;
    }
    // Places are counted in single precision.
    const int fours = interpolation == BILINEAR && h * w < 1 << 24 ? w / 4 * 4 : 0;
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w;) {
        if (x < fours && warp_inside(image, map, pixel, x, y, h, w, channels, fill)) {
          x += 4;
          pixel += 4 * channels;
          continue;
        }
        for (int end = x < fours ? x + 4 : w; x < end; x++, pixel += channels) {
          const Taps taps = taps_of(map, x, y, h, w, channels, interpolation, fill);
          for (int c = 0; c < channels; c++) {
            float sum = 0;
            for (int t = 0; t < taps.count; t++)
              sum += (taps.tap[t].at < 0 ? value : image[taps.tap[t].at + c]) * taps.tap[t].weight;
            pixel[c] = sum;
          }
        }
      }
    }
  }
}

EXPORT(warp_gradient)
void warp_gradient(int from, int to, const float *dy, const float *maps, float *out, int h, int w, int channels,
                   int interpolation, int fill) {
  zero(out + from * h * w * channels, (to - from) * h * w * channels);
  for (int b = from; b < to; b++) {
    const float *map = maps + 8 * b;
    const float *gradient = dy + b * h * w * channels;
    float *image = out + b * h * w * channels;
    if (is_identity(map)) {
      copy(image, gradient, h * w * channels);
      continue;
    }
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++, gradient += channels) {
        const Taps taps = taps_of(map, x, y, h, w, channels, interpolation, fill);
        for (int t = 0; t < taps.count; t++) {
          if (taps.tap[t].at < 0) continue;
          for (int c = 0; c < channels; c++) image[taps.tap[t].at + c] += gradient[c] * taps.tap[t].weight;
        }
      }
    }
  }
}
