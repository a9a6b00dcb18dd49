package io.github.lamb4j.internal.spi;

import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;

/** The memory that holds the parameters and scalars of an optimizer. */
public enum MemorySpace {
  /** The Java heap and direct buffers. */
  HOST("onHost"),
  /** Device memory. */
  DEVICE("onDevice");

  private final String factory;

  MemorySpace(String factory) {
    this.factory = factory;
  }

  /** {@return the name of the factory methods for parameters and scalars in this memory} */
  public String factory() {
    return factory;
  }

  /** {@return whether the parameter is in this memory} */
  public boolean holds(Parameter parameter) {
    return this == DEVICE
        ? parameter instanceof DeviceParameter
        : parameter instanceof HostParameter;
  }

  /** {@return whether the scalar can be used with this memory; a constant always can} */
  public boolean holds(Scalar scalar) {
    return this == DEVICE
        ? !(scalar instanceof Scalar.OnHost)
        : !(scalar instanceof Scalar.OnDevice);
  }
}
