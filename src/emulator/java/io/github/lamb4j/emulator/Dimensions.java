package io.github.lamb4j.emulator;

/**
 * The extent of a grid in blocks, or of a block in threads. Elements are numbered with x fastest,
 * as CUDA numbers them.
 */
public record Dimensions(int x, int y, int z) {

  /** A one-dimensional extent. */
  public static Dimensions of(int x) {
    return new Dimensions(x, 1, 1);
  }

  /** The number of elements. */
  long count() {
    return (long) x * y * z;
  }

  /** Whether no extent exceeds its maximum and none is empty. */
  boolean fit(int mostX, int mostY, int mostZ) {
    return x > 0 && y > 0 && z > 0 && x <= mostX && y <= mostY && z <= mostZ;
  }

  int xOf(int index) {
    return index % x;
  }

  int yOf(int index) {
    return index / x % y;
  }

  int zOf(int index) {
    return index / x / y;
  }

  /** The position of an element for messages: its index if there is only one dimension. */
  String name(int index) {
    if (y == 1 && z == 1) return "" + index;
    return "(%d, %d, %d)".formatted(xOf(index), yOf(index), zOf(index));
  }
}
