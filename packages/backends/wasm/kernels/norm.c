// Batch normalisation in training, and relu's gradient.
#include "common.h"

// Rows whose sums are kept in single precision before they are added up in double: rounding then does not grow with the batch.
enum { BLOCK = 256 };

INLINE float inverse_deviation(float variance, float epsilon) { return 1.0f / __builtin_sqrtf(variance + epsilon); }

// 4·`vectors` neighbouring channels: sixteen fill a cache line. `VALUE` sums need two vectors each: of a and of b.
INLINE void sums(const int vectors, const float *x, const float *dy, const float *shift, int rows, int channels, double *first,
                 double *second) {
  f4 about[4];
  UNROLL for (int v = 0; v < vectors; v++) about[v] = load(shift + 4 * v);
  for (int i = 0; i < 4 * vectors; i++) first[i] = second[i] = 0;
  for (int from = 0; from < rows; from += BLOCK) {
    const int to = min(from + BLOCK, rows);
    f4 a[4], b[4];
    UNROLL for (int v = 0; v < vectors; v++) a[v] = b[v] = splat(0);
    for (int r = from; r < to; r++) {
      UNROLL for (int v = 0; v < vectors; v++) {
        const f4 centred = sub(load(x + r * channels + 4 * v), about[v]);
        // Forward: Σ (x − shift) and Σ (x − shift)². Backward: Σ dy and Σ dy (x − mean).
        const f4 other = dy ? load(dy + r * channels + 4 * v) : centred;
        a[v] = add(a[v], other);
        b[v] = add(b[v], mul(centred, other));
      }
    }
    UNROLL for (int v = 0; v < vectors; v++) {
      float lane[8];
      store(lane, a[v]);
      store(lane + 4, b[v]);
      for (int i = 0; i < 4; i++) {
        first[4 * v + i] += lane[i];
        second[4 * v + i] += lane[4 + i];
      }
    }
  }
}

// One channel: what is left of a number of channels that is no multiple of 4.
INLINE void sums_of_one(const float *x, const float *dy, float shift, int rows, int channels, double *first, double *second) {
  *first = *second = 0;
  for (int r = 0; r < rows; r++) {
    const double centred = x[r * channels] - shift;
    const double other = dy ? dy[r * channels] : centred;
    *first += other;
    *second += centred * other;
  }
}

INLINE void any_sums(int vectors, const float *x, const float *dy, const float *shift, int rows, int channels, double *first,
                     double *second) {
  if (vectors == 4) sums(4, x, dy, shift, rows, channels, first, second);
  else if (vectors == 1) sums(1, x, dy, shift, rows, channels, first, second);
  else sums_of_one(x, dy, *shift, rows, channels, first, second);
}

INLINE int vectors_at(int c, int channels) { return channels - c >= 16 ? 4 : channels - c >= 4 ? 1 : 0; }

// y = (x − mean) / √(variance + epsilon) · gamma + beta over rows [rows, channels], with the rows' own biased statistics.
// The sums are of differences from the first row, so that a large mean does not drown the variance. `factors`: [channels].
EXPORT(batch_norm)
void batch_norm(const float *x, const float *gamma, const float *beta, float *y, float *mean, float *variance, float *factors,
                int rows, int channels, float epsilon) {
  for (int c = 0; c < channels;) {
    const int vectors = vectors_at(c, channels), count = vectors ? 4 * vectors : 1;
    double first[16], second[16];
    any_sums(vectors, x + c, 0, x + c, rows, channels, first, second);
    for (int i = 0; i < count; i++) {
      const double about = first[i] / rows;
      const double spread = second[i] / rows - about * about;
      mean[c + i] = (float)(x[c + i] + about);
      variance[c + i] = spread > 0 ? (float)spread : spread == spread ? 0 : (float)spread;
      factors[c + i] = inverse_deviation(variance[c + i], epsilon) * gamma[c + i];
    }
    c += count;
  }
  for (int r = 0; r < rows; r++) {
    const float *from = x + r * channels;
    float *to = y + r * channels;
    int c = 0;
    for (; c + 4 <= channels; c += 4)
      store(to + c, add(mul(sub(load(from + c), load(mean + c)), load(factors + c)), load(beta + c)));
    for (; c < channels; c++) to[c] = (from[c] - mean[c]) * factors[c] + beta[c];
  }
}

// dx = gamma / σ · (dy − mean(dy) − (x − mean) / σ² · mean(dy (x − mean))); `factors`: [3 · channels].
EXPORT(batch_norm_gradient)
void batch_norm_gradient(const float *dy, const float *x, const float *gamma, const float *mean, const float *variance, float *dx,
                         float *dgamma, float *dbeta, float *factors, int rows, int channels, float epsilon) {
  float *of_dy = factors, *of_x = factors + channels, *constant = factors + 2 * channels;
  for (int c = 0; c < channels;) {
    const int vectors = vectors_at(c, channels), count = vectors ? 4 * vectors : 1;
    double first[16], second[16];
    any_sums(vectors, x + c, dy + c, mean + c, rows, channels, first, second);
    for (int i = 0; i < count; i++) {
      const float inverse = inverse_deviation(variance[c + i], epsilon);
      dbeta[c + i] = (float)first[i];
      dgamma[c + i] = (float)(second[i] * inverse);
      of_dy[c + i] = gamma[c + i] * inverse;
      of_x[c + i] = (float)(-second[i] / rows * inverse * inverse * of_dy[c + i]);
      constant[c + i] = (float)(-first[i] / rows * of_dy[c + i]);
    }
    c += count;
  }
  for (int r = 0; r < rows; r++) {
    const float *gradient = dy + r * channels, *from = x + r * channels;
    float *to = dx + r * channels;
    int c = 0;
    for (; c + 4 <= channels; c += 4) {
      const f4 centred = sub(load(from + c), load(mean + c));
      store(to + c, add(add(mul(load(gradient + c), load(of_dy + c)), mul(centred, load(of_x + c))), load(constant + c)));
    }
    for (; c < channels; c++) to[c] = gradient[c] * of_dy[c] + (from[c] - mean[c]) * of_x[c] + constant[c];
  }
}

EXPORT(relu_gradient)
void relu_gradient(const float *dy, const float *y, float *dx, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) store(dx + i, wasm_v128_and(load(dy + i), wasm_f32x4_gt(load(y + i), splat(0))));
  for (; i < count; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}
