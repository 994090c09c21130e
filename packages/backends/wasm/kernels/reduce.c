// Sums and means over leading axes: what the gradient of every bias is. tfjs transposes first.
#include "common.h"

// Rows whose sums are kept in single precision before they are added up in double: rounding then does not grow with the batch.
enum { BLOCK = 256 };

// 4·`vectors` neighbouring columns.
INLINE void columns_of(const int vectors, const float *x, float *out, int rows, int columns, double divisor) {
  double total[16];
  for (int i = 0; i < 4 * vectors; i++) total[i] = 0;
  for (int from = 0; from < rows; from += BLOCK) {
    f4 sum[4];
    UNROLL for (int v = 0; v < vectors; v++) sum[v] = splat(0);
    for (int r = from; r < min(from + BLOCK, rows); r++)
      UNROLL for (int v = 0; v < vectors; v++) sum[v] = add(sum[v], load(x + r * columns + 4 * v));
    UNROLL for (int v = 0; v < vectors; v++) {
      float lanes[4];
      store(lanes, sum[v]);
      for (int i = 0; i < 4; i++) total[4 * v + i] += lanes[i];
    }
  }
  for (int i = 0; i < 4 * vectors; i++) out[i] = (float)(total[i] / divisor);
}

EXPORT(column_sums)
void column_sums(const float *x, float *out, int rows, int columns, int divisor) {
  int c = 0;
  for (; c + 16 <= columns; c += 16) columns_of(4, x + c, out + c, rows, columns, divisor);
  for (; c + 4 <= columns; c += 4) columns_of(1, x + c, out + c, rows, columns, divisor);
  for (; c < columns; c++) {
    double total = 0;
    for (int r = 0; r < rows; r++) total += x[r * columns + c];
    out[c] = (float)(total / divisor);
  }
}
