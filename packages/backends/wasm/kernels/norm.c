// Batch normalisation in training: sums over parts of the rows, each part's by itself; from them each channel's factors;
// then the rows.
#include "common.h"

// Rows whose sums are kept in single precision before they are added up in double: rounding then does not grow with the batch.
enum { BLOCK = 256 };

INLINE float inverse_deviation(float variance, float epsilon) { return 1.0f / __builtin_sqrtf(variance + epsilon); }

// Adds to `first` and `second` the sums over some rows of 4·`vectors` neighbouring channels: sixteen fill a cache line.
INLINE void add_sums(const int vectors, const float *x, const float *dy, const float *shift, int rows, int channels, double *first,
                     double *second) {
  f4 about[4], a[4], b[4];
  UNROLL for (int v = 0; v < vectors; v++) {
    about[v] = load(shift + 4 * v);
    a[v] = b[v] = splat(0);
  }
  for (int r = 0; r < rows; r++) {
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

// One channel: what is left of a number of channels that is no multiple of 4.
INLINE void add_sums_of_one(const float *x, const float *dy, float shift, int rows, int channels, double *first, double *second) {
  for (int r = 0; r < rows; r++) {
    const double centred = x[r * channels] - shift;
    const double other = dy ? dy[r * channels] : centred;
    *first += other;
    *second += centred * other;
  }
}

// Units: parts of the rows. sums[part, 2, channels]: of x − shift and its square, or (with dy) of dy and dy (x − shift).
EXPORT(batch_norm_sums)
void batch_norm_sums(int from, int to, const float *x, const float *dy, const float *shift, double *sums, int rows, int channels,
                     int parts) {
  for (int part = from; part < to; part++) {
    double *first = sums + 2 * part * channels, *second = first + channels;
    for (int c = 0; c < 2 * channels; c++) first[c] = 0;
    const int end = part_start(part + 1, parts, rows);
    for (int r = part_start(part, parts, rows); r < end; r += BLOCK) {
      const int count = min(BLOCK, end - r);
      const float *block = x + r * channels, *gradient = dy ? dy + r * channels : 0;
      int c = 0;
      if (dy) {
        for (; c + 16 <= channels; c += 16) add_sums(4, block + c, gradient + c, shift + c, count, channels, first + c, second + c);
        for (; c + 4 <= channels; c += 4) add_sums(1, block + c, gradient + c, shift + c, count, channels, first + c, second + c);
      } else {
        for (; c + 16 <= channels; c += 16) add_sums(4, block + c, 0, shift + c, count, channels, first + c, second + c);
        for (; c + 4 <= channels; c += 4) add_sums(1, block + c, 0, shift + c, count, channels, first + c, second + c);
      }
      for (; c < channels; c++)
        add_sums_of_one(block + c, dy ? gradient + c : 0, shift[c], count, channels, first + c, second + c);
    }
  }
}

INLINE double sum_of(const double *sums, int c, int channels, int parts) {
  double sum = 0;
  for (int part = 0; part < parts; part++) sum += sums[2 * part * channels + c];
  return sum;
}

// From the sums about the first row x (so that a large mean does not drown the variance): mean, biased variance, and what
// each channel is multiplied by.
EXPORT(batch_norm_statistics)
void batch_norm_statistics(const double *sums, const float *x, const float *gamma, float *mean, float *variance, float *factors,
                           int rows, int channels, int parts, float epsilon) {
  for (int c = 0; c < channels; c++) {
    const double about = sum_of(sums, c, channels, parts) / rows;
    const double spread = sum_of(sums + channels, c, channels, parts) / rows - about * about;
    mean[c] = (float)(x[c] + about);
    variance[c] = spread > 0 ? (float)spread : spread == spread ? 0 : (float)spread;
    factors[c] = inverse_deviation(variance[c], epsilon) * gamma[c];
  }
}

// What each channel is multiplied by where the statistics are given, as in inference; `gamma` may be null.
EXPORT(batch_norm_factors)
void batch_norm_factors(const float *variance, const float *gamma, float *factors, int channels, float epsilon) {
  for (int c = 0; c < channels; c++) factors[c] = inverse_deviation(variance[c], epsilon) * (gamma ? gamma[c] : 1);
}

// Units: rows. y = (x − mean) · factors + beta.
EXPORT(batch_norm)
void batch_norm(int from, int to, const float *x, const float *mean, const float *factors, const float *beta, float *y,
                int channels) {
  for (int r = from; r < to; r++) {
    const float *source = x + r * channels;
    float *out = y + r * channels;
    int c = 0;
    for (; c + 4 <= channels; c += 4)
      store(out + c, add(mul(sub(load(source + c), load(mean + c)), load(factors + c)), load(beta + c)));
    for (; c < channels; c++) out[c] = (source[c] - mean[c]) * factors[c] + beta[c];
  }
}

// dx = gamma / σ · (dy − mean(dy) − (x − mean) / σ² · mean(dy (x − mean))) = dy · factors[0] + (x − mean) · factors[1] +
// factors[2], where `factors` is [3, channels].
EXPORT(batch_norm_gradient_factors)
void batch_norm_gradient_factors(const double *sums, const float *gamma, const float *variance, float *dgamma, float *dbeta,
                                 float *factors, int rows, int channels, int parts, float epsilon) {
  for (int c = 0; c < channels; c++) {
    const double first = sum_of(sums, c, channels, parts), second = sum_of(sums + channels, c, channels, parts);
    const float inverse = inverse_deviation(variance[c], epsilon);
    const float of_dy = gamma[c] * inverse;
    dbeta[c] = (float)first;
    dgamma[c] = (float)(second * inverse);
    factors[c] = of_dy;
    factors[channels + c] = (float)(-second / rows * inverse * inverse * of_dy);
    factors[2 * channels + c] = (float)(-first / rows * of_dy);
  }
}

// Units: rows.
EXPORT(batch_norm_gradient)
void batch_norm_gradient(int from, int to, const float *dy, const float *x, const float *mean, const float *factors, float *dx,
                         int channels) {
  const float *of_dy = factors, *of_x = factors + channels, *constant = factors + 2 * channels;
  for (int r = from; r < to; r++) {
    const float *gradient = dy + r * channels, *source = x + r * channels;
    float *out = dx + r * channels;
    int c = 0;
    for (; c + 4 <= channels; c += 4) {
      const f4 centred = sub(load(source + c), load(mean + c));
      store(out + c, add(add(mul(load(gradient + c), load(of_dy + c)), mul(centred, load(of_x + c))), load(constant + c)));
    }
    for (; c < channels; c++) out[c] = gradient[c] * of_dy[c] + (source[c] - mean[c]) * of_x[c] + constant[c];
  }
}
