package io.github.lamb4j.emulator;

import java.util.List;

/** An operand as written. */
sealed interface Operand {

  /** A register, special register, variable, label or {@code _}. */
  record Name(String name, long offset, boolean negated) implements Operand {}

  /** A literal as written, without its sign. */
  record Literal(String digits, boolean negative) implements Operand {

    boolean isFloatingPoint() {
      return digits.matches("0[fFdD][0-9a-fA-F]+|\\d+\\.\\d*([eE]-?\\d+)?|\\d+[eE]-?\\d+");
    }

    /** The bits of this literal as a value of the type. */
    long bits(Type type) {
      if (!isFloatingPoint()) {
        long value = integer();
        if (type.floating) throw new IllegalArgumentException("integer literal for " + type);
        return value & type.mask;
      }
      boolean single = digits.startsWith("0f") || digits.startsWith("0F");
      boolean hex = single || digits.startsWith("0d") || digits.startsWith("0D");
      double value =
          single
              ? Float.intBitsToFloat(Integer.parseUnsignedInt(digits.substring(2), 16))
              : hex
                  ? Double.longBitsToDouble(Long.parseUnsignedLong(digits.substring(2), 16))
                  : Double.parseDouble(digits);
      if (type.bits == 32) {
        int bits =
            single
                ? Integer.parseUnsignedInt(digits.substring(2), 16)
                : Float.floatToRawIntBits((float) value);
        return (negative ? bits ^ Integer.MIN_VALUE : bits) & type.mask;
      }
      if (type.bits != 64) throw new IllegalArgumentException("floating-point literal for " + type);
      long bits = Double.doubleToRawLongBits(value);
      return negative ? bits ^ Long.MIN_VALUE : bits;
    }

    long integer() {
      String text = digits.endsWith("U") ? digits.substring(0, digits.length() - 1) : digits;
      long value =
          text.startsWith("0x") || text.startsWith("0X")
              ? Long.parseUnsignedLong(text.substring(2), 16)
              : text.startsWith("0b") || text.startsWith("0B")
                  ? Long.parseUnsignedLong(text.substring(2), 2)
                  : text.length() > 1 && text.startsWith("0")
                      ? Long.parseUnsignedLong(text.substring(1), 8)
                      : Long.parseUnsignedLong(text);
      return negative ? -value : value;
    }
  }

  /** {@code {a, b, ...}}. */
  record Vector(List<Operand> parts) implements Operand {}

  /** {@code a|b}. */
  record Pair(Operand first, Operand second) implements Operand {}

  /** {@code [base+offset]}; the base is a name or a literal. */
  record Address(Operand base, long offset) implements Operand {}
}
