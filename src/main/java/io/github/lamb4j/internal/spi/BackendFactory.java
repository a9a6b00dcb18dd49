package io.github.lamb4j.internal.spi;

import io.github.lamb4j.model.ParameterGroup;
import java.util.List;

/** Opens the backends of one optimizer: one at first, and another whenever its groups change. */
public interface BackendFactory {

  /** {@return the memory in which the backends expect parameters and scalars} */
  MemorySpace memory();

  /**
   * {@return a new backend with zero moments, and masters equal to the weights} If opening fails,
   * everything that was allocated is released.
   *
   * @param groups groups of parameters in {@link #memory()}, with unique names and without overlaps
   * @param settings gradient handling and tuning
   */
  Backend open(List<ParameterGroup> groups, BackendSettings settings);
}
