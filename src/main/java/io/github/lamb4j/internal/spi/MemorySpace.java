package io.github.lamb4j.internal.spi;

import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;

/** Where the parameters and scalars of an optimizer are stored. */
public enum MemorySpace {
  /** On the Java heap or in direct buffers. */
  HOST("onHost"),
  /** In device memory. */
  DEVICE("onDevice");

  private final String factory;

  MemorySpace(String factory) {
    this.factory = factory;
  }

  /** The name of the factory methods that make what is stored here. */
  public String factory() {
    return factory;
  }

  /** Whether the parameter is stored here. */
  public boolean holds(Parameter parameter) {
    return this == DEVICE
        ? parameter instanceof DeviceParameter
        : parameter instanceof HostParameter;
  }

  /** Whether the scalar is stored here; a constant may be used anywhere. */
  public boolean holds(Scalar scalar) {
    return this == DEVICE
        ? !(scalar instanceof Scalar.OnHost)
        : !(scalar instanceof Scalar.OnDevice);
  }
}
