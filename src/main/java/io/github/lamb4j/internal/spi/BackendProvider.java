package io.github.lamb4j.internal.spi;

import java.util.Map;
import java.util.Optional;

/**
 * A kind of backend, found by {@link java.util.ServiceLoader}. To add a backend, add a package with
 * its classes and name its provider in {@code META-INF/services} and in {@code module-info}.
 */
public interface BackendProvider {

  /** {@return the name by which the backend is chosen, for example {@code cuda}} */
  String name();

  /** {@return the priority; automatic choice takes the available provider with the highest} */
  int priority();

  /**
   * {@return why this machine cannot run the backend, with a remedy, in one line; empty if it can}
   */
  Optional<String> unavailableReason();

  /** {@return the hardware and software that would run a step, in one line, if available} */
  String description();

  /** {@return facts for a bug report by name, whether the backend is available or not} */
  Map<String, String> details();

  /** {@return a factory for one optimizer of host parameters} */
  BackendFactory forHostParameters();
}
