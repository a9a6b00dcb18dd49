package io.github.lamb4j.internal.engine;

import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.TensorArray;
import java.nio.FloatBuffer;

/** Argument checks of {@code Lamb.accumulate}. */
final class AccumulateChecks {

  private AccumulateChecks() {}

  static void requireFitting(Parameter parameter, TensorArray source) {
    String name = "parameter " + parameter.name();
    if (source == null) {
      throw new IllegalArgumentException(name + ": the source is null; pass the gradients to add");
    }
    if (parameter instanceof HostParameter host) {
      if (!(source instanceof HostArray array)) {
        throw new IllegalArgumentException(
            name
                + ": the source is in device memory, the gradients are on the host; pass a HostArray");
      }
      if (array.count() != parameter.count()) {
        throw new IllegalArgumentException(
            "%s: the source has %d elements, the gradients have %d; the lengths must match"
                .formatted(name, array.count(), parameter.count()));
      }
      requireFloat32(name, host.gradients().type());
      requireApart(name, host.gradients(), array);
      if (host.gradients().isReadOnly()) {
        throw new IllegalArgumentException(
            name + ": its gradients are in a read-only buffer; build with a writable one");
      }
    } else if (parameter instanceof DeviceParameter device) {
      if (!(source instanceof DeviceArray array)) {
        throw new IllegalArgumentException(
            name
                + ": the source is on the host, the gradients are in device memory; pass a DeviceArray");
      }
      if (array.address() == 0 && parameter.count() > 0) {
        throw new IllegalArgumentException(name + ": the source is a null device pointer");
      }
      if (array.address() % array.type().bytes() != 0) {
        throw new IllegalArgumentException(
            "%s: the source at 0x%x must be aligned to %d bytes, the size of one %s element"
                .formatted(name, array.address(), array.type().bytes(), array.type()));
      }
      requireFloat32(name, device.gradients().type());
      requireApart(name, device.gradients().address(), array, parameter.count());
    }
  }

  private static void requireFloat32(String name, DType type) {
    if (type != DType.F32) {
      throw new IllegalArgumentException(
          "%s: its gradients are %s, but accumulate(...) needs F32 gradients; build with them"
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
    boolean same = to == from && toLength == fromLength; // doubles the gradients: well-defined
    if (!same && from < to + toLength && to < from + fromLength) {
      throw new IllegalArgumentException(
          name + ": the source overlaps its gradients; allocate them separately");
    }
  }
}
