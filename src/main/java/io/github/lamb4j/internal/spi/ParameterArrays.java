package io.github.lamb4j.internal.spi;

import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.TensorArray;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The arrays of a parameter by their role, as named in error messages. */
public final class ParameterArrays {

  private ParameterArrays() {}

  /** {@return the arrays of a host parameter by role} */
  public static Map<String, HostArray> of(HostParameter p) {
    return byRole(p.weights(), p.gradients(), p.modelCopy());
  }

  /** {@return the arrays of a device parameter by role} */
  public static Map<String, DeviceArray> of(DeviceParameter p) {
    return byRole(p.weights(), p.gradients(), p.modelCopy());
  }

  private static <A extends TensorArray> Map<String, A> byRole(
      A weights, A gradients, Optional<A> modelCopy) {
    Map<String, A> arrays = new LinkedHashMap<>();
    arrays.put("weights", weights);
    arrays.put("gradients", gradients);
    modelCopy.ifPresent(copy -> arrays.put("model copy", copy));
    return arrays;
  }
}
