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
  store_tile(rows, vectors, sum, out, columns, valid);
}

// Units: tiles of eight columns. b ([inner, columns], or [columns, inner] if transposed) as [tile][inner][4 or 8 columns]:
// inner · round_up(columns, 4) elements.
EXPORT(matmul_pack)
void matmul_pack(int from, int to, const float *b, float *packed, int inner, int columns, int transpose_b) {
  for (int c = 8 * from; c < min(8 * to, columns); c += 8) {
    const int tile = min(8, round_up(columns - c, 4));
    float *pack = packed + inner * c;
    for (int i = 0; i < inner; i++, pack += tile) {
      if (transpose_b)
        for (int k = 0; k < tile; k++) pack[k] = c + k < columns ? b[(c + k) * inner + i] : 0;
      else
        for (int k = 0; k < tile; k += 4) store(pack + k, load_some(b + i * columns + c + k, columns - c - k));
    }
  }
}

// Units: four rows each. out[rows, columns] = a · b, with b packed. a is [rows, inner], or [inner, rows] if transposed.
EXPORT(matmul_float)
void matmul_float(int from, int to, const float *a, const float *packed, float *out, int rows, int inner, int columns,
                  int transpose_a) {
  const int a_row = transpose_a ? 1 : inner, a_inner = transpose_a ? rows : 1;
  for (int c = 0; c < columns; c += 8) {
    const int two = columns - c > 4;
#define TILE(height, vectors) \
  product_tile(height, vectors, a + r * a_row, a_row, a_inner, packed + inner * c, inner, out + r * columns + c, columns, columns - c)
    int r = 4 * from;
    for (; r + 4 <= min(4 * to, rows); r += 4) {
      if (two) TILE(4, 2);
      else TILE(4, 1);
    }
    for (; r < min(4 * to, rows); r++) {
      if (two) TILE(1, 2);
      else TILE(1, 1);
    }
#undef TILE
  }
}

// out[rows, columns] = a · b, neither packed; sums wrap around as JavaScript's `| 0` does.
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
