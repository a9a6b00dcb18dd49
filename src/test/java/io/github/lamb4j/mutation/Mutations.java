package io.github.lamb4j.mutation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/** Changes to the opcode and the guard of an instruction. */
final class Mutations {

  private static final Map<String, String> OPCODES =
      Map.ofEntries(
          Map.entry("add.", "sub."),
          Map.entry("sub.", "add."),
          Map.entry("mul.rn.", "add.rn."),
          Map.entry("mul.lo.", "add."),
          Map.entry("div.rn.", "mul.rn."),
          Map.entry("rem.", "div."),
          Map.entry("min.", "max."),
          Map.entry("max.", "min."),
          Map.entry("and.", "or."),
          Map.entry("or.", "and."),
          Map.entry("xor.", "or."),
          Map.entry("shl.b", "shr.u"),
          Map.entry("shr.u", "shl.b"),
          Map.entry("neg.f", "mov.f"),
          Map.entry("rcp.rn.", "sqrt.rn."),
          Map.entry("sqrt.rn.", "rcp.rn."),
          Map.entry("shfl.sync.down.", "shfl.sync.up."));

  /** The negation of each comparison, and the comparison that differs only for equal operands. */
  private static final Map<String, List<String>> COMPARISONS =
      Map.of(
          "lt", List.of("ge", "le"),
          "le", List.of("gt", "lt"),
          "gt", List.of("le", "ge"),
          "ge", List.of("lt", "gt"),
          "eq", List.of("ne"),
          "ne", List.of("eq"),
          "leu", List.of("gt", "ltu"));

  private static final List<String> ORDERED = List.of("acquire", "release", "acq_rel", "relaxed");

  private Mutations() {}

  static void offer(Instruction x, BiConsumer<Kind, Instruction> sink) {
    OPCODES.forEach(
        (from, to) -> {
          if (x.opcode().startsWith(from)) {
            sink.accept(Kind.OPCODE, x.withOpcode(to + x.opcode().substring(from.length())));
          }
        });
    if (x.opcode().contains(".inc.")) {
      sink.accept(Kind.OPCODE, x.withOpcode(x.opcode().replace(".inc.", ".add.")));
    }
    if (x.is("setp")) {
      String relation = x.opcode().split("\\.")[1];
      for (String other : COMPARISONS.getOrDefault(relation, List.of())) {
        sink.accept(Kind.COMPARISON, x.withOpcode(x.opcode().replace("." + relation, "." + other)));
      }
    }
    if (x.opcode().startsWith("cvt.rn.")) {
      sink.accept(Kind.ROUNDING, x.withOpcode(x.opcode().replace(".rn.", ".rz.")));
    }
    if (x.is("ld", "st") && x.opcode().matches(".*\\.[ub](64|32)")) {
      boolean wide = x.opcode().endsWith("64");
      String half = x.opcode().replaceAll("..$", wide ? "32" : "16");
      sink.accept(Kind.WIDTH, x.withOpcode(half));
    }
    offerGuards(x, sink);
    offerOrders(x, sink);
  }

  private static void offerGuards(Instruction x, BiConsumer<Kind, Instruction> sink) {
    if (!x.guard().isEmpty()) {
      boolean negated = x.guard().startsWith("@!");
      sink.accept(
          Kind.GUARD,
          x.withGuard(negated ? x.guard().replace("@!", "@") : x.guard().replace("@", "@!")));
      sink.accept(Kind.GUARD, x.withGuard(""));
    }
  }

  private static void offerOrders(Instruction x, BiConsumer<Kind, Instruction> sink) {
    String opcode = x.opcode();
    if (opcode.contains(".gpu.")) {
      sink.accept(Kind.SCOPE, x.withOpcode(opcode.replace(".gpu.", ".cta.")));
    }
    if (opcode.contains(".cg.")) {
      sink.accept(Kind.ORDER, x.withOpcode(opcode.replace(".cg.", ".")));
    }
    for (String order : ORDERED) {
      if (opcode.contains("." + order + ".")) {
        weaker(order)
            .forEach(less -> sink.accept(Kind.ORDER, x.withOpcode(opcode.replace(order, less))));
        if (x.is("ld", "st")) {
          sink.accept(Kind.ORDER, x.withOpcode(opcode.replace("." + order + ".gpu", "")));
        }
      }
    }
  }

  private static Stream<String> weaker(String order) {
    return switch (order) {
      case "acq_rel" -> Stream.of("acquire", "release", "relaxed");
      case "relaxed" -> Stream.empty();
      default -> Stream.of("relaxed");
    };
  }

  /** Whether the instruction can be removed without leaving a register undefined. */
  static boolean canBeDropped(Instruction x) {
    if (x.is("st", "bar", "bra", "atom", "red")) {
      return true;
    }
    // An instruction that reads its own destination can be removed: the register keeps its value.
    List<String> sources = new ArrayList<>();
    for (int i = x.firstSource(); i < x.operands().size(); i++) {
      sources.addAll(Instruction.registers(x.operands().get(i)));
    }
    return !x.operands().isEmpty() && sources.contains(x.operands().get(0));
  }
}
