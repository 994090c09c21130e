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

EXPORT(warp)
void warp(const float *images, const float *maps, float *out, int batch, int h, int w, int channels, int interpolation, int fill,
          float value) {
  for (int b = 0; b < batch; b++) {
    const float *map = maps + 8 * b;
    const float *image = images + b * h * w * channels;
    float *to = out + b * h * w * channels;
    if (is_identity(map)) {
      copy(to, image, h * w * channels);
      continue;
    }
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++, to += channels) {
        const Taps taps = taps_of(map, x, y, h, w, channels, interpolation, fill);
        for (int c = 0; c < channels; c++) {
          float sum = 0;
          for (int t = 0; t < taps.count; t++)
            sum += (taps.tap[t].at < 0 ? value : image[taps.tap[t].at + c]) * taps.tap[t].weight;
          to[c] = sum;
        }
      }
    }
  }
}

EXPORT(warp_gradient)
void warp_gradient(const float *dy, const float *maps, float *out, int batch, int h, int w, int channels, int interpolation,
                   int fill) {
  zero(out, batch * h * w * channels);
  for (int b = 0; b < batch; b++) {
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
