package io.github.lamb4j.internal.spi;

import io.github.lamb4j.model.ParameterGroup;
import java.util.List;

/** Opens the backends of one optimizer: a first one, and another whenever its groups change. */
public interface BackendFactory {

  /** Where the parameters of these backends are stored. */
  MemorySpace memory();

  /**
   * Opens a backend: moments all zero, masters equal to the weights. If it fails, everything it
   * allocated has been released.
   *
   * @param groups whose parameters are stored in {@link #memory()}, without duplicates or overlaps
   */
  Backend open(List<ParameterGroup> groups, BackendSettings settings);
}
