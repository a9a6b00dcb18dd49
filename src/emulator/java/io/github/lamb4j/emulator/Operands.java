package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.KernelBuilder.Place;
import io.github.lamb4j.emulator.KernelBuilder.Register;
import io.github.lamb4j.emulator.ParsedModule.Space;
import java.util.List;
import java.util.Set;

/** The operands of one instruction while it is bound: names become places. */
final class Operands {

  /** Special registers that stand still while a thread runs. */
  private static final Set<String> SPECIAL =
      Set.of(
          "%tid.x",
          "%tid.y",
          "%tid.z",
          "%ntid.x",
          "%ntid.y",
          "%ntid.z",
          "%ctaid.x",
          "%ctaid.y",
          "%ctaid.z",
          "%nctaid.x",
          "%nctaid.y",
          "%nctaid.z",
          "%laneid",
          "%warpid",
          "%nwarpid",
          "%smid",
          "%nsmid",
          "%gridid",
          "%lanemask_eq",
          "%lanemask_le",
          "%lanemask_lt",
          "%lanemask_ge",
          "%lanemask_gt",
          "%dynamic_smem_size",
          "%total_smem_size");

  /** A predicate as a source: its number, and -1 to flip it or 0. */
  record PredicateSource(int slot, int flip) {
    int read(Warp warp) {
      return warp.predicates[slot] ^ flip;
    }
  }

  final KernelBuilder builder;
  private final List<Operand> list;

  Operands(List<Operand> list, KernelBuilder builder) {
    this.list = list;
    this.builder = builder;
  }

  int size() {
    return list.size();
  }

  Operand get(int i) {
    if (i >= list.size()) throw new IllegalArgumentException("too few operands");
    return list.get(i);
  }

  void expect(int least, int most) {
    if (list.size() < least || list.size() > most) {
      throw new IllegalArgumentException("a wrong number of operands");
    }
  }

  void expect(int count) {
    expect(count, count);
  }

  boolean isVector(int i) {
    return get(i) instanceof Operand.Vector;
  }

  Operands vector(int i) {
    return new Operands(((Operand.Vector) get(i)).parts(), builder);
  }

  // --- Destinations ----------------------------------------------------------------------------

  int target(int i) {
    return targetRegister(i).slot();
  }

  Register targetRegister(int i) {
    return targetRegister(get(i), false);
  }

  int targetPredicate(int i) {
    return targetRegister(get(i), true).slot();
  }

  /** The predicates of {@code p|q}; the second is -1 if only one is there. */
  int[] targetPredicates(int i) {
    if (!(get(i) instanceof Operand.Pair pair)) return new int[] {targetPredicate(i), -1};
    return new int[] {
      targetRegister(pair.first(), true).slot(), targetRegister(pair.second(), true).slot()
    };
  }

  /** The register of {@code d} or {@code d|p}. */
  int targetBeforePredicate(int i) {
    Operand operand = get(i) instanceof Operand.Pair pair ? pair.first() : get(i);
    return targetRegister(operand, false).slot();
  }

  /** The predicate of {@code d|p}, or -1. */
  int targetBesideRegister(int i) {
    return get(i) instanceof Operand.Pair pair ? targetRegister(pair.second(), true).slot() : -1;
  }

  private Register targetRegister(Operand operand, boolean predicate) {
    String name = ((Operand.Name) operand).name();
    if (name.equals("_")) return builder.sink(predicate);
    Register register = builder.register(name);
    if (register == null || (register.type() == Type.PRED) != predicate) {
      throw new IllegalArgumentException(name + " is no register of the right kind");
    }
    return register;
  }

  // --- Sources ---------------------------------------------------------------------------------

  /** A register that holds the operand: its own, or one with the constant. */
  int source(int i, Type type) {
    return source(get(i), type);
  }

  private int source(Operand operand, Type type) {
    if (operand instanceof Operand.Literal literal) return builder.constant(literal.bits(type));
    if (!(operand instanceof Operand.Name name) || name.negated()) {
      throw new IllegalArgumentException("an operand of a kind that is not known here");
    }
    Register register = name.offset() == 0 ? builder.register(name.name()) : null;
    if (register != null && register.type() != Type.PRED) return register.slot();
    if (SPECIAL.contains(name.name())) return builder.special(name.name());
    if (name.name().equals("WARP_SZ")) return builder.constant(KernelBuilder.LANES);
    Place place = builder.variable(name.name());
    if (place != null) return builder.constant(place.address() + name.offset());
    throw new IllegalArgumentException(name.name() + " is not known");
  }

  PredicateSource predicate(int i) {
    if (get(i) instanceof Operand.Literal literal) {
      return new PredicateSource(builder.constantPredicate(literal.integer() != 0), 0);
    }
    Operand.Name name = (Operand.Name) get(i);
    Register register = builder.register(name.name());
    if (register == null || register.type() != Type.PRED) {
      throw new IllegalArgumentException(name.name() + " is no predicate");
    }
    return new PredicateSource(register.slot(), name.negated() ? -1 : 0);
  }

  /** The register with the base of an address; its offset is in the operand. */
  int addressBase(int i) {
    Operand base = ((Operand.Address) get(i)).base();
    return source(base, Type.B64);
  }

  long addressOffset(int i) {
    return ((Operand.Address) get(i)).offset();
  }

  /** The space of the variable that an address names, or null. */
  Space addressSpace(int i) {
    if (!(((Operand.Address) get(i)).base() instanceof Operand.Name name)) return null;
    Place place = builder.register(name.name()) == null ? builder.variable(name.name()) : null;
    return place == null ? null : place.space();
  }

  String name(int i) {
    return ((Operand.Name) get(i)).name();
  }
}
