package io.github.lamb4j.internal.engine;

import io.github.lamb4j.internal.spi.MemorySpace;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.TensorArray;
import java.util.Optional;

/** Argument checks of {@code Lamb.move}. */
final class Moves {

  private Moves() {}

  /** Rejects a parameter that differs from the optimizer's in more than its addresses. */
  static void requireFitting(Parameter own, Parameter moved, MemorySpace memory) {
    String name = "parameter " + own.name();
    if (!memory.holds(moved)) {
      throw new IllegalArgumentException(
          "%s: in the wrong memory for this optimizer; use Parameter.%s"
              .formatted(name, memory.factory()));
    }
    if (own.count() != moved.count()) {
      throw new IllegalArgumentException(
          "%s: %d elements, but the optimizer has %d; to change the length, call removeParameters and addGroup"
              .formatted(name, moved.count(), own.count()));
    }
    requireType(name, "weights", type(own.weights()), type(moved.weights()));
    requireType(name, "gradients", type(own.gradients()), type(moved.gradients()));
    requireType(name, "model copy", type(own.modelCopy()), type(moved.modelCopy()));
  }

  private static String type(Optional<? extends TensorArray> array) {
    return array.map(Moves::type).orElse("absent");
  }

  private static String type(TensorArray array) {
    return array.type().toString();
  }

  private static void requireType(String name, String what, String own, String moved) {
    if (!own.equals(moved)) {
      throw new IllegalArgumentException(
          "%s: %s %s, but the optimizer was built with %s; keep the type, because only addresses may change"
              .formatted(name, what, moved, own));
    }
  }
}
