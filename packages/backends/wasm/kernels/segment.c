// Sums of rows by segment: what every gradient of a gather is.
#include "common.h"

// `rows` rows of `inner` elements; ids outside [0, segments) are passed over. In the order of the rows, so reproducible.
EXPORT(segment_sum_float)
void segment_sum_float(const float *x, const int *ids, float *out, int rows, int inner, int segments) {
  zero(out, segments * inner);
  for (int r = 0; r < rows; r++) {
    if (ids[r] < 0 || ids[r] >= segments) continue;
    float *to = out + ids[r] * inner;
    const float *from = x + r * inner;
    int i = 0;
    for (; i + 4 <= inner; i += 4) store(to + i, add(load(to + i), load(from + i)));
    for (; i < inner; i++) to[i] += from[i];
  }
}

EXPORT(segment_sum_int)
void segment_sum_int(const unsigned *x, const int *ids, unsigned *out, int rows, int inner, int segments) {
  for (int i = 0; i < segments * inner; i++) out[i] = 0;
  for (int r = 0; r < rows; r++) {
    if (ids[r] < 0 || ids[r] >= segments) continue;
    for (int i = 0; i < inner; i++) out[ids[r] * inner + i] += x[r * inner + i];
  }
}
