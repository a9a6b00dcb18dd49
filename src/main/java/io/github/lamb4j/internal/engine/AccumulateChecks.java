package io.github.lamb4j.internal.engine;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.TensorArray;
import java.nio.FloatBuffer;

/** What {@link Lamb#accumulate} refuses. */
final class AccumulateChecks {

  private AccumulateChecks() {}

  static void requireFitting(Parameter parameter, TensorArray source) {
    String name = "parameter " + parameter.name();
    if (source == null) {
      throw new IllegalArgumentException(name + ": the gradients to be added are null");
    }
    if (parameter instanceof HostParameter host) {
      if (!(source instanceof HostArray array)) {
        throw new IllegalArgumentException(
            name + ": its gradients are on the host; add a HostArray");
      }
      if (array.count() != parameter.count()) {
        throw new IllegalArgumentException(
            "%s: %d gradients to be added to %d; give one for each"
                .formatted(name, array.count(), parameter.count()));
      }
      requireBinary32(name, host.gradients().type());
      requireApart(name, host.gradients(), array);
      if (host.gradients().isReadOnly()) {
        throw new IllegalArgumentException(
            name + ": its gradients are a read-only buffer; give a writable one");
      }
    } else if (parameter instanceof DeviceParameter device) {
      if (!(source instanceof DeviceArray array)) {
        throw new IllegalArgumentException(
            name + ": its gradients are on the device; add a DeviceArray");
      }
      if (array.address() == 0 && parameter.count() > 0) {
        throw new IllegalArgumentException(
            name + ": the gradients to be added are a null device pointer");
      }
      if (array.address() % array.type().bytes() != 0) {
        throw new IllegalArgumentException(
            "%s: the gradients to be added at 0x%x are not aligned to %d bytes, the size of one %s element"
                .formatted(name, array.address(), array.type().bytes(), array.type()));
      }
      requireBinary32(name, device.gradients().type());
      requireApart(name, device.gradients().address(), array, parameter.count());
    }
  }

  private static void requireBinary32(String name, DType type) {
    if (type != DType.F32) {
      throw new IllegalArgumentException(
          "%s: its gradients are %s, and sums are kept in F32 alone; give it F32 gradients"
              .formatted(name, type));
    }
  }

  private static void requireApart(String name, HostArray gradients, HostArray added) {
    if (added.type() != DType.F32) {
      return;
    }
    FloatBuffer to = gradients.floats();
    FloatBuffer from = added.floats();
    if (to.hasArray() && from.hasArray() && to.array() == from.array()) {
      requireApart(name, to.arrayOffset(), from.arrayOffset(), to.capacity(), from.capacity());
    }
  }

  private static void requireApart(String name, long gradients, DeviceArray added, long count) {
    requireApart(
        name, gradients, added.address(), count * DType.F32.bytes(), count * added.type().bytes());
  }

  private static void requireApart(
      String name, long to, long from, long toLength, long fromLength) {
    boolean same = to == from && toLength == fromLength; // a gradient doubled
    if (!same && from < to + toLength && to < from + fromLength) {
      throw new IllegalArgumentException(
          name + ": the gradients to be added overlap its own; give them memory of their own");
    }
  }
}
