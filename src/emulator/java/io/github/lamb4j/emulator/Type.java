package io.github.lamb4j.emulator;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** PTX types. A value occupies the low bits of a long; the bits above are zero. */
enum Type {
  PRED(1),
  B8(8),
  U8(8),
  S8(8),
  B16(16),
  U16(16),
  S16(16),
  F16(16),
  BF16(16),
  B32(32),
  U32(32),
  S32(32),
  F32(32),
  F16X2(32),
  BF16X2(32),
  B64(64),
  U64(64),
  S64(64),
  F64(64);

  static final List<Type> BITS = List.of(B16, B32, B64);
  static final List<Type> UNSIGNED = List.of(U16, U32, U64);
  static final List<Type> SIGNED = List.of(S16, S32, S64);
  static final List<Type> INTEGERS = List.of(U16, S16, U32, S32, U64, S64);

  private static final Map<String, Type> BY_NAME = new HashMap<>();

  static {
    for (Type type : values()) BY_NAME.put(type.toString(), type);
  }

  final int bits;
  final int bytes;
  final long mask;
  final boolean signed;
  final boolean floating;

  /** The shift, left and back right, that extends a value to 64 bits. */
  final int shift;

  Type(int bits) {
    this.bits = bits;
    this.bytes = Math.max(1, bits / 8);
    this.mask = bits == 64 ? -1 : (1L << bits) - 1;
    this.signed = name().startsWith("S");
    this.floating = name().contains("F");
    this.shift = 64 - bits;
  }

  /** The type with this name, or null. */
  static Type named(String name) {
    return BY_NAME.get(name);
  }

  /** Sign-extends or zero-extends a value, whatever the bits above it are. */
  long extend(long value) {
    return signed ? value << shift >> shift : value << shift >>> shift;
  }

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
