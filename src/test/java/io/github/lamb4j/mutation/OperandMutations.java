package io.github.lamb4j.mutation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Changes to the operands of an instruction. */
final class OperandMutations {

  private static final Pattern INTEGER = Pattern.compile("-?\\d+");
  private static final Pattern FLOAT = Pattern.compile("0f[0-9A-Fa-f]{8}");
  private static final Pattern DOUBLE = Pattern.compile("0d[0-9A-Fa-f]{16}");
  private static final Pattern ADDRESS = Pattern.compile("\\[([^+\\]]+)(?:\\+(-?\\d+))?]");

  private OperandMutations() {}

  /**
   * Offers all changes.
   *
   * @param nearby the registers of the surrounding instructions, most of which are live
   */
  static void offer(
      Instruction x, List<String> nearby, Random random, BiConsumer<Kind, Instruction> sink) {
    if (x.is("bra", "ret", "bar")) {
      return; // the number of a barrier is only a name
    }
    for (int i = 0; i < x.operands().size(); i++) {
      String operand = x.operands().get(i);
      if (i >= x.firstSource()) {
        offerImmediates(x, i, sink);
        for (String register : Instruction.registers(operand)) {
          String other = another(register, nearby, random);
          if (other != null) {
            sink.accept(Kind.REGISTER, x.withOperand(i, operand.replace(register, other)));
          }
        }
      }
      if (operand.startsWith("{")) {
        offerVectorSwap(x, i, sink);
      }
      if (x.is("ld", "st", "atom") && operand.startsWith("[")) {
        offerOffsets(x, i, sink);
      }
    }
    offerSwaps(x, sink);
  }

  private static void offerImmediates(
      Instruction x, int index, BiConsumer<Kind, Instruction> sink) {
    String operand = x.operands().get(index);
    if (INTEGER.matcher(operand).matches()) {
      long value = Long.parseLong(operand);
      sink.accept(Kind.IMMEDIATE, x.withOperand(index, "" + (value + 1)));
      sink.accept(Kind.IMMEDIATE, x.withOperand(index, "" + (value - 1)));
    } else if (FLOAT.matcher(operand).matches()) {
      float value = Float.intBitsToFloat(Integer.parseUnsignedInt(operand.substring(2), 16));
      String more = "0f%08X".formatted(Float.floatToRawIntBits(value + 1));
      sink.accept(Kind.IMMEDIATE, x.withOperand(index, more));
    } else if (DOUBLE.matcher(operand).matches()) {
      double value = Double.longBitsToDouble(Long.parseUnsignedLong(operand.substring(2), 16));
      // Adding 1 to a large value has no effect: take the next double instead.
      double sum = value + 1 == value ? Math.nextUp(value) : value + 1;
      String more = "0d%016X".formatted(Double.doubleToRawLongBits(sum));
      sink.accept(Kind.IMMEDIATE, x.withOperand(index, more));
    }
  }

  private static String another(String register, List<String> nearby, Random random) {
    String type = Instruction.type(register);
    List<String> others =
        nearby.stream()
            .filter(other -> !other.equals(register) && Instruction.type(other).equals(type))
            .toList();
    return others.isEmpty() ? null : others.get(random.nextInt(others.size()));
  }

  private static void offerVectorSwap(
      Instruction x, int index, BiConsumer<Kind, Instruction> sink) {
    String operand = x.operands().get(index);
    List<String> registers =
        new ArrayList<>(List.of(operand.substring(1, operand.length() - 1).split(",\\s*")));
    Collections.swap(registers, 0, 1);
    sink.accept(Kind.SWAP, x.withOperand(index, "{" + String.join(", ", registers) + "}"));
  }

  private static void offerOffsets(Instruction x, int index, BiConsumer<Kind, Instruction> sink) {
    Matcher address = ADDRESS.matcher(x.operands().get(index));
    if (!address.matches()) {
      return;
    }
    int offset = address.group(2) == null ? 0 : Integer.parseInt(address.group(2));
    for (int shift : new int[] {bytes(x.opcode()), -bytes(x.opcode())}) {
      if (x.is("ld") && x.opcode().contains(".param") && offset + shift < 0) {
        continue;
      }
      String shifted = "[%s+%d]".formatted(address.group(1), offset + shift);
      sink.accept(Kind.OFFSET, x.withOperand(index, shifted));
    }
  }

  /** The number of bytes the instruction moves. */
  private static int bytes(String opcode) {
    int bits = Integer.parseInt(opcode.replaceAll(".*\\D", ""));
    return bits / 8 * (opcode.contains(".v4.") ? 4 : opcode.contains(".v2.") ? 2 : 1);
  }

  private static void offerSwaps(Instruction x, BiConsumer<Kind, Instruction> sink) {
    if (x.is("sub", "div", "rem", "shl", "shr", "selp", "bfi")
        || x.is("setp") && !x.opcode().matches("setp\\.(eq|ne)\\..*")) {
      sink.accept(Kind.SWAP, x.withSwapped(1, 2));
    }
    if (x.is("fma")) {
      sink.accept(Kind.SWAP, x.withSwapped(1, 3));
      sink.accept(Kind.SWAP, x.withSwapped(2, 3));
    }
  }
}
