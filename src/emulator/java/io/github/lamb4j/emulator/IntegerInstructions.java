package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.Instructions.Binary;
import io.github.lamb4j.emulator.Instructions.Ternary;
import io.github.lamb4j.emulator.Instructions.Unary;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Integer arithmetic, logic and bit fields. Operands arrive extended to 64 bits. */
final class IntegerInstructions {

  private static final List<Type> WORDS = List.of(Type.B32, Type.B64);
  private static final List<Type> FULL = List.of(Type.U32, Type.S32, Type.U64, Type.S64);
  private static final List<Type> WIDENED = List.of(Type.U16, Type.S16, Type.U32, Type.S32);

  private final Map<String, Function<Operands, Operation>> table;

  private IntegerInstructions(Map<String, Function<Operands, Operation>> table) {
    this.table = table;
  }

  static void addTo(Map<String, Function<Operands, Operation>> table) {
    IntegerInstructions add = new IntegerInstructions(table);
    add.arithmetic();
    add.logic();
    add.bitFields();
    add.dotProducts();
    add.carries();
  }

  private void arithmetic() {
    binary("add", Type.INTEGERS, (a, b) -> a + b);
    binary("sub", Type.INTEGERS, (a, b) -> a - b);
    binary("add.sat", List.of(Type.S32), (a, b) -> clamp(a + b));
    binary("sub.sat", List.of(Type.S32), (a, b) -> clamp(a - b));
    binary("mul.lo", Type.INTEGERS, (a, b) -> a * b);
    ternary("mad.lo", Type.INTEGERS, (a, b, c) -> a * b + c);
    binary("min", Type.SIGNED, Math::min);
    binary("max", Type.SIGNED, Math::max);
    binary("min", Type.UNSIGNED, (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b);
    binary("max", Type.UNSIGNED, (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b);
    binary("div", Type.SIGNED, (a, b) -> a / b);
    binary("rem", Type.SIGNED, (a, b) -> a % b);
    binary("div", Type.UNSIGNED, Long::divideUnsigned);
    binary("rem", Type.UNSIGNED, Long::remainderUnsigned);
    unary("abs", Type.SIGNED, Math::abs);
    unary("neg", Type.SIGNED, a -> -a);
    for (Type type : Type.INTEGERS) {
      Binary high = high(type);
      binary("mul.hi", List.of(type), high);
      ternary("mad.hi", List.of(type), (a, b, c) -> high.apply(a, b) + c);
      boolean signed = type.signed;
      ternary(
          "sad",
          List.of(type),
          (a, b, c) -> c + ((signed ? a < b : Long.compareUnsigned(a, b) < 0) ? b - a : a - b));
    }
    for (Type type : List.of(Type.U32, Type.S32)) {
      Binary product = (a, b) -> low24(type, a) * low24(type, b);
      binary("mul24.lo", List.of(type), product);
      binary("mul24.hi", List.of(type), (a, b) -> product.apply(a, b) >> 16);
      ternary("mad24.lo", List.of(type), (a, b, c) -> product.apply(a, b) + c);
      ternary("mad24.hi", List.of(type), (a, b, c) -> (product.apply(a, b) >> 16) + c);
    }
    for (Type type : WIDENED) {
      Type wide = Type.named((type.signed ? "s" : "u") + 2 * type.bits);
      table.put("mul.wide." + type, Instructions.binary(wide, type, type, (a, b) -> a * b));
      table.put(
          "mad.wide." + type, Instructions.ternary(wide, type, type, wide, (a, b, c) -> a * b + c));
    }
  }

  private static long low24(Type type, long value) {
    return type.signed ? value << 40 >> 40 : value & 0xffffff;
  }

  private static long clamp(long sum) {
    return Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, sum));
  }

  private static Binary high(Type type) {
    if (type.bits < 64) return (a, b) -> a * b >> type.bits;
    if (type.signed) return Math::multiplyHigh;
    return (a, b) -> Math.multiplyHigh(a, b) + (a >> 63 & b) + (b >> 63 & a);
  }

  private void logic() {
    binary("and", Type.BITS, (a, b) -> a & b);
    binary("or", Type.BITS, (a, b) -> a | b);
    binary("xor", Type.BITS, (a, b) -> a ^ b);
    unary("not", Type.BITS, a -> ~a);
    unary("cnot", Type.BITS, a -> a == 0 ? 1 : 0);
    for (Type type : List.of(Type.B16, Type.B32, Type.B64)) shift("shl", type, (a, n) -> a << n);
    for (Type type : Type.BITS) shift("shr", type, (a, n) -> a >>> n);
    for (Type type : Type.UNSIGNED) shift("shr", type, (a, n) -> a >>> n);
    for (Type type : Type.SIGNED) {
      Binary right = (a, n) -> a >> Math.min(n, 63);
      table.put("shr." + type, Instructions.binary(type, type, Type.U32, right));
    }
    funnel("shf.l.wrap", (a, b, n) -> joined(a, b) << (n & 31) >>> 32);
    funnel("shf.l.clamp", (a, b, n) -> n >= 32 ? a : joined(a, b) << n >>> 32);
    funnel("shf.r.wrap", (a, b, n) -> joined(a, b) >>> (n & 31));
    funnel("shf.r.clamp", (a, b, n) -> joined(a, b) >>> Math.min(n, 32));
    table.put("lop3.b32", IntegerInstructions::lop3);
    ternary("prmt", List.of(Type.B32), IntegerInstructions::permute);
  }

  /** A shift whose result is zero for counts past the width. */
  private void shift(String name, Type type, Binary f) {
    Binary bounded = (a, n) -> n >= type.bits ? 0 : f.apply(a, n);
    table.put(name + "." + type, Instructions.binary(type, type, Type.U32, bounded));
  }

  private void funnel(String name, Ternary f) {
    table.put(name + ".b32", Instructions.ternary(Type.B32, Type.B32, Type.B32, Type.U32, f));
  }

  private static long joined(long low, long high) {
    return high << 32 | low;
  }

  private static Operation lop3(Operands operands) {
    operands.expect(5);
    int to = operands.target(0);
    int a = operands.source(1, Type.B32);
    int b = operands.source(2, Type.B32);
    int c = operands.source(3, Type.B32);
    long truth = ((Operand.Literal) operands.get(4)).integer();
    if (truth < 0 || truth > 255)
      throw new IllegalArgumentException("lookup table %d: not in [0, 255]".formatted(truth));
    return (warp, lanes) ->
        MemoryInstructions.forLanes(
            lanes,
            l -> {
              long result = 0;
              for (int i = 0; i < 8; i++) {
                if ((truth >>> i & 1) == 0) continue;
                long x = (i & 4) != 0 ? warp.registers[a + l] : ~warp.registers[a + l];
                long y = (i & 2) != 0 ? warp.registers[b + l] : ~warp.registers[b + l];
                long z = (i & 1) != 0 ? warp.registers[c + l] : ~warp.registers[c + l];
                result |= x & y & z;
              }
              warp.registers[to + l] = result & Type.B32.mask;
            });
  }

  private static long permute(long a, long b, long selection) {
    long bytes = joined(a, b);
    long result = 0;
    for (int i = 0; i < 4; i++) {
      int selector = (int) (selection >>> 4 * i) & 15;
      long value = bytes >>> 8 * (selector & 7) & 0xff;
      if (selector >= 8) value = value >= 0x80 ? 0xff : 0;
      result |= value << 8 * i;
    }
    return result;
  }

  private void bitFields() {
    count("popc", (a, bits) -> Long.bitCount(a));
    count("clz", (a, bits) -> Long.numberOfLeadingZeros(a) - (64 - bits));
    for (Type type : FULL) {
      Unary highest = a -> 63 - Long.numberOfLeadingZeros(type.signed && a < 0 ? ~a : a);
      table.put("bfind." + type, Instructions.unary(Type.U32, type, highest));
      Unary shift = a -> highest.apply(a) < 0 ? -1 : type.bits - 1 - highest.apply(a);
      table.put("bfind.shiftamt." + type, Instructions.unary(Type.U32, type, shift));
      Ternary extract = (a, from, length) -> extract(type, a, (int) from & 255, (int) length & 255);
      table.put("bfe." + type, Instructions.ternary(type, type, Type.U32, Type.U32, extract));
    }
    for (Type type : WORDS) {
      unary("brev", List.of(type), a -> Long.reverse(a) >>> 64 - type.bits);
      table.put("bfi." + type, operands -> insert(type, operands));
    }
  }

  /** {@code dp4a}: adds the products of four pairs of bytes. */
  private void dotProducts() {
    for (Type a : List.of(Type.U32, Type.S32)) {
      for (Type b : List.of(Type.U32, Type.S32)) {
        Type sum = a.signed || b.signed ? Type.S32 : Type.U32;
        Ternary product =
            (x, y, c) -> {
              long total = c;
              for (int i = 0; i < 4; i++) total += byteOf(x, i, a) * byteOf(y, i, b);
              return total;
            };
        table.put("dp4a.%s.%s".formatted(a, b), Instructions.ternary(sum, a, b, sum, product));
      }
    }
  }

  private static long byteOf(long value, int i, Type type) {
    long unsigned = value >>> 8 * i & 0xff;
    return type.signed ? (byte) unsigned : unsigned;
  }

  private void count(String name, Binary f) {
    for (Type type : WORDS) {
      Unary counted = a -> f.apply(a, type.bits);
      table.put(name + "." + type, Instructions.unary(Type.U32, type, counted));
    }
  }

  /** Bits past the end of the value are its sign if signed, else zero. */
  private static long extract(Type type, long a, int from, int length) {
    if (length == 0) return 0;
    int last = Math.min(from + length - 1, type.bits - 1);
    long sign = type.signed ? a >>> last & 1 : 0;
    long result = 0;
    for (int i = 0; i < type.bits; i++) {
      boolean inside = i < length && from + i < type.bits;
      result |= (inside ? a >>> from + i & 1 : sign) << i;
    }
    return result;
  }

  private static Operation insert(Type type, Operands operands) {
    operands.expect(5);
    int to = operands.target(0);
    int a = operands.source(1, type);
    int b = operands.source(2, type);
    int c = operands.source(3, Type.U32);
    int d = operands.source(4, Type.U32);
    return (warp, lanes) ->
        MemoryInstructions.forLanes(
            lanes,
            l -> {
              int from = (int) warp.registers[c + l] & 255;
              int length = (int) warp.registers[d + l] & 255;
              long result = warp.registers[b + l];
              for (int i = 0; i < length && from + i < type.bits; i++) {
                long bit = warp.registers[a + l] >>> i & 1;
                result = result & ~(1L << from + i) | bit << from + i;
              }
              warp.registers[to + l] = result & type.mask;
            });
  }

  /** {@code add.cc} and similar: with a carry-out, a carry-in, or both. */
  private void carries() {
    for (Type type : FULL) {
      table.put("add.cc." + type, operands -> carrying(type, operands, false, false, true));
      table.put("addc." + type, operands -> carrying(type, operands, false, true, false));
      table.put("addc.cc." + type, operands -> carrying(type, operands, false, true, true));
      table.put("sub.cc." + type, operands -> carrying(type, operands, true, false, true));
      table.put("subc." + type, operands -> carrying(type, operands, true, true, false));
      table.put("subc.cc." + type, operands -> carrying(type, operands, true, true, true));
      Binary low = (a, b) -> a * b;
      multiplyAndCarry("lo", type, low);
      multiplyAndCarry("hi", type, high(type));
    }
  }

  private void multiplyAndCarry(String half, Type type, Binary product) {
    String name = half + "." + type;
    String carrying = half + ".cc." + type;
    table.put("mad." + carrying, operands -> carrying(type, operands, product, false, true));
    table.put("madc." + name, operands -> carrying(type, operands, product, true, false));
    table.put("madc." + carrying, operands -> carrying(type, operands, product, true, true));
  }

  /** {@code madc} and {@code mad.cc}: adds half of a product and a third operand. */
  private static Operation carrying(
      Type type, Operands operands, Binary product, boolean in, boolean out) {
    operands.expect(4);
    int to = operands.target(0);
    int first = operands.source(1, type);
    int second = operands.source(2, type);
    int third = operands.source(3, type);
    return (warp, lanes) ->
        MemoryInstructions.forLanes(
            lanes,
            l -> {
              long[] r = warp.registers;
              long a = product.apply(type.extend(r[first + l]), type.extend(r[second + l]));
              add(warp, l, type, to, a & type.mask, r[third + l] & type.mask, false, in, out);
            });
  }

  private static Operation carrying(
      Type type, Operands operands, boolean subtract, boolean in, boolean out) {
    operands.expect(3);
    int to = operands.target(0);
    int first = operands.source(1, type);
    int second = operands.source(2, type);
    return (warp, lanes) ->
        MemoryInstructions.forLanes(
            lanes,
            l -> {
              long a = warp.registers[first + l] & type.mask;
              long b = warp.registers[second + l] & type.mask;
              add(warp, l, type, to, a, b, subtract, in, out);
            });
  }

  private static void add(
      Warp warp,
      int l,
      Type type,
      int to,
      long a,
      long b,
      boolean subtract,
      boolean in,
      boolean out) {
    long carried = in ? warp.carry >>> l & 1 : 0;
    long result = (subtract ? a - b - carried : a + b + carried) & type.mask;
    if (out) {
      int compared = Long.compareUnsigned(result, a);
      boolean carry =
          subtract
              ? compared > 0 || compared == 0 && carried == 1
              : compared < 0 || compared == 0 && carried == 1;
      if (carry) warp.carry |= 1 << l;
      else warp.carry &= ~(1 << l);
    }
    warp.registers[to + l] = result;
  }

  private void unary(String name, List<Type> types, Unary f) {
    for (Type type : types) table.put(name + "." + type, Instructions.unary(type, type, f));
  }

  private void binary(String name, List<Type> types, Binary f) {
    for (Type type : types) table.put(name + "." + type, Instructions.binary(type, type, type, f));
  }

  private void ternary(String name, List<Type> types, Ternary f) {
    for (Type type : types) {
      table.put(name + "." + type, Instructions.ternary(type, type, type, type, f));
    }
  }
}
