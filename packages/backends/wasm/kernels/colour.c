// Linear maps of each pixel's channels, clipped, and their gradient. See @regimen/ops' colour for the meaning.
#include "common.h"

INLINE int is_identity(const float *map, int channels) {
  for (int i = 0; i < channels; i++)
    for (int j = 0; j <= channels; j++)
      if (map[i * (channels + 1) + j] != (i == j ? 1.0f : 0.0f)) return 0;
  return 1;
}

INLINE float transformed(const float *pixel, const float *row, int channels, float low, float high) {
  float sum = 0;
  for (int j = 0; j < channels; j++) sum += (pixel[j] - low) * row[j];
  return sum + (row[channels] * (high - low) + low);
}

INLINE void map_image(const int channels, const float *from, const float *map, float *to, int pixels, float low, float high) {
  for (int p = 0; p < pixels; p++) {
    for (int i = 0; i < channels; i++) {
      const float value = transformed(from + p * channels, map + i * (channels + 1), channels, low, high);
      to[p * channels + i] = value < low ? low : value > high ? high : value;
    }
  }
}

// Units of both kernels: images.
EXPORT(colour)
void colour(int from, int to, const float *images, const float *maps, float *out, int pixels, int channels, float low, float high) {
  for (int b = from; b < to; b++) {
    const float *map = maps + b * channels * (channels + 1);
    const float *image = images + b * pixels * channels;
    float *mapped = out + b * pixels * channels;
    if (is_identity(map, channels)) copy(mapped, image, pixels * channels);
    else if (channels == 3) map_image(3, image, map, mapped, pixels, low, high);
    else map_image(channels, image, map, mapped, pixels, low, high);
  }
}

EXPORT(colour_gradient)
void colour_gradient(int from, int to, const float *dy, const float *images, const float *maps, float *out, int pixels,
                     int channels, float low, float high) {
  for (int b = from; b < to; b++) {
    const float *map = maps + b * channels * (channels + 1);
    const float *image = images + b * pixels * channels;
    const float *gradient = dy + b * pixels * channels;
    float *mapped = out + b * pixels * channels;
    if (is_identity(map, channels)) {
      copy(mapped, gradient, pixels * channels);
      continue;
    }
    zero(mapped, pixels * channels);
    for (int p = 0; p < pixels; p++) {
      for (int i = 0; i < channels; i++) {
        const float *row = map + i * (channels + 1);
        const float before = transformed(image + p * channels, row, channels, low, high);
        if (before < low || before > high) continue;
        for (int j = 0; j < channels; j++) mapped[p * channels + j] += gradient[p * channels + i] * row[j];
      }
    }
  }
}
