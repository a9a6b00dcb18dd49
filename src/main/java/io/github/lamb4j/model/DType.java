package io.github.lamb4j.model;

/** The storage type of array elements. */
public enum DType {
  /** float32: IEEE 754 binary32. */
  F32(4),
  /** float16: IEEE 754 binary16. */
  F16(2),
  /** bfloat16: the upper half of a float32. */
  BF16(2);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** {@return the size of one element in bytes} */
  public int bytes() {
    return bytes;
  }
}
