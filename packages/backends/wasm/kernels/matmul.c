// Matrix products, transposed or not, by register tiles of 4 × 8 sums. tfjs' own has no int32.
#include "common.h"

// `rows` x 4·`vectors` elements of a product; b is packed as [inner][4 · vectors].
INLINE void product_tile(const int rows, const int vectors, const float *a, int a_row, int a_inner, const float *packed, int inner,
                         float *out, int columns, int valid) {
  f4 sum[4][2];
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = splat(0);
  for (int i = 0; i < inner; i++) {
    f4 b[2];
    UNROLL for (int v = 0; v < vectors; v++) b[v] = load(packed + 4 * v);
    UNROLL for (int r = 0; r < rows; r++) {
      const f4 value = splat_at(a + r * a_row);
      UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = add(sum[r][v], mul(value, b[v]));
    }
    a += a_inner;
    packed += 4 * vectors;
  }
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++) store_some(out + r * columns + 4 * v, sum[r][v], min(valid - 4 * v, 4));
}

// out[rows, columns] = a · b. a is [rows, inner], or [inner, rows] if transposed; b is [inner, columns] or [columns, inner].
// `scratch`: [inner · 8].
EXPORT(matmul_float)
void matmul_float(const float *a, const float *b, float *out, float *scratch, int rows, int inner, int columns, int transpose_a,
                  int transpose_b) {
  const int a_row = transpose_a ? 1 : inner, a_inner = transpose_a ? rows : 1;
  for (int c = 0; c < columns; c += 8) {
    const int two = columns - c > 4, tile = two ? 8 : 4, count = min(tile, columns - c);
    for (int i = 0; i < inner; i++) {
      for (int k = 0; k < tile; k++)
        scratch[i * tile + k] = k >= count ? 0 : transpose_b ? b[(c + k) * inner + i] : b[i * columns + c + k];
    }
#define TILE(height, vectors) \
  product_tile(height, vectors, a + r * a_row, a_row, a_inner, scratch, inner, out + r * columns + c, columns, count)
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      if (two) TILE(4, 2);
      else TILE(4, 1);
    }
    for (; r < rows; r++) {
      if (two) TILE(1, 2);
      else TILE(1, 1);
    }
#undef TILE
  }
}

// As above; sums wrap around as JavaScript's `| 0` does.
EXPORT(matmul_int)
void matmul_int(const unsigned *a, const unsigned *b, unsigned *out, int rows, int inner, int columns, int transpose_a,
                int transpose_b) {
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) {
      unsigned sum = 0;
      for (int i = 0; i < inner; i++)
        sum += a[transpose_a ? i * rows + r : r * inner + i] * b[transpose_b ? c * inner + i : i * columns + c];
      out[r * columns + c] = sum;
    }
  }
}
