package io.github.lamb4j.internal.safetensors;

/** The element types of the format, with the format's names. */
public enum Dtype {
  BOOL(8),
  F4(4),
  F6_E2M3(6),
  F6_E3M2(6),
  U8(8),
  I8(8),
  F8_E5M2(8),
  F8_E4M3(8),
  F8_E8M0(8),
  F8_E4M3FNUZ(8),
  F8_E5M2FNUZ(8),
  I16(16),
  U16(16),
  F16(16),
  BF16(16),
  I32(32),
  U32(32),
  F32(32),
  C64(64),
  F64(64),
  I64(64),
  U64(64);

  private final int bits;

  Dtype(int bits) {
    this.bits = bits;
  }

  /** Whether elements are real or complex numbers, as opposed to integers and booleans. */
  public boolean isFloat() {
    return name().startsWith("F") || this == BF16 || this == C64;
  }

  /** The size of one element in bits; below 8, several elements share a byte. */
  public int bits() {
    return bits;
  }
}
