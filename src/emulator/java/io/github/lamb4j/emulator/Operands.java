package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.KernelBuilder.Place;
import io.github.lamb4j.emulator.KernelBuilder.Register;
import io.github.lamb4j.emulator.ParsedModule.Space;
import java.util.List;
import java.util.Set;

/** The operands of an instruction during binding: resolves names to slots. */
final class Operands {

  /** Special registers that are constant for a thread. */
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

  /** A source predicate: its number, and -1 if it is negated, else 0. */
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
      throw new IllegalArgumentException("wrong number of operands");
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

  /** The predicates of {@code p|q}; the second is -1 if absent. */
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
    Register register = builder.names().register(name);
    if (register == null || (register.type() == Type.PRED) != predicate) {
      throw new IllegalArgumentException(name + " is not a register of the required type");
    }
    return register;
  }

  // --- Sources ---------------------------------------------------------------------------------

  /** The register of the operand, or a constant register for a literal. */
  int source(int i, Type type) {
    return source(get(i), type);
  }

  private int source(Operand operand, Type type) {
    if (operand instanceof Operand.Literal literal) return builder.constant(literal.bits(type));
    if (!(operand instanceof Operand.Name name) || name.negated()) {
      throw new IllegalArgumentException("unsupported kind of operand");
    }
    Register register = name.offset() == 0 ? builder.names().register(name.name()) : null;
    if (register != null && register.type() != Type.PRED) return register.slot();
    if (SPECIAL.contains(name.name())) return builder.special(name.name());
    if (name.name().equals("WARP_SZ")) return builder.constant(KernelBuilder.LANES);
    Place place = builder.names().variable(name.name());
    if (place != null) return builder.constant(place.address() + name.offset());
    throw new IllegalArgumentException("unknown name " + name.name());
  }

  PredicateSource predicate(int i) {
    if (get(i) instanceof Operand.Literal literal) {
      return new PredicateSource(builder.constantPredicate(literal.integer() != 0), 0);
    }
    Operand.Name name = (Operand.Name) get(i);
    Register register = builder.names().register(name.name());
    if (register == null || register.type() != Type.PRED) {
      throw new IllegalArgumentException(name.name() + " is not a predicate");
    }
    return new PredicateSource(register.slot(), name.negated() ? -1 : 0);
  }

  /** The register with the base of an address, without the offset. */
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
    Place place =
        builder.names().register(name.name()) == null
            ? builder.names().variable(name.name())
            : null;
    return place == null ? null : place.space();
  }

  String name(int i) {
    return ((Operand.Name) get(i)).name();
  }
}
