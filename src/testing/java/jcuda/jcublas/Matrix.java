package jcuda.jcublas;

import io.github.lamb4j.emulator.DriverApi;
import io.github.lamb4j.emulator.jcuda.HostMemory;
import java.nio.ByteBuffer;

/**
 * A float32 matrix in column-major order, or a vector as a matrix of one row, copied from device
 * memory. The memory between its columns is neither read nor written.
 */
final class Matrix {

  private final int rows;
  private final int columns;
  private final long address;
  private final long stride;
  private final float[] values;

  /**
   * @param stride the elements from one column to the next
   */
  Matrix(long address, int rows, int columns, long stride) {
    this.address = address;
    this.rows = rows;
    this.columns = columns;
    this.stride = stride;
    this.values = new float[Math.multiplyExact(rows, columns)];
  }

  /** The elements of a vector, as BLAS addresses them: a negative increment counts from the end. */
  static Matrix vector(long address, int count, int increment) {
    long first = increment < 0 ? address - 4L * (count - 1) * increment : address;
    return new Matrix(first, 1, count, increment);
  }

  Matrix read(DriverApi gpu) {
    ByteBuffer column = HostMemory.direct(4L * rows);
    for (int j = 0; j < columns && rows > 0; j++) {
      gpu.read(column.clear(), address(j));
      column.clear().asFloatBuffer().get(values, j * rows, rows);
    }
    return this;
  }

  void write(DriverApi gpu) {
    ByteBuffer column = HostMemory.direct(4L * rows);
    for (int j = 0; j < columns && rows > 0; j++) {
      column.clear().asFloatBuffer().put(values, j * rows, rows);
      gpu.write(address(j), column.clear());
    }
  }

  private long address(int column) {
    return address + 4 * stride * column;
  }

  /** Column by column. */
  float[] values() {
    return values;
  }

  /** Row by row: element (i, l) is at i * columns + l. */
  float[] byRows() {
    float[] result = new float[values.length];
    for (int j = 0; j < columns; j++) {
      for (int i = 0; i < rows; i++) {
        result[i * columns + j] = values[j * rows + i];
      }
    }
    return result;
  }
}
