package io.github.lamb4j.internal.spi;

import java.util.Map;
import java.util.Optional;

/**
 * A kind of backend. Implementations are found by {@link java.util.ServiceLoader}: adding one takes
 * a package with the backend and its name in {@code META-INF/services} (and in {@code
 * module-info}).
 */
public interface BackendProvider {

  /** The name by which it is chosen, for example {@code cuda}. */
  String name();

  /** Automatic choice takes the available provider with the highest priority. */
  int priority();

  /** Why this machine cannot run it, with the remedy, in one line; empty if it can. */
  Optional<String> unavailableReason();

  /** The hardware and software that would run a step, in one line; only if it is available. */
  String description();

  /** Facts for a bug report, by name; available or not. */
  Map<String, String> details();

  /** A factory of backends for host parameters, for one optimizer. */
  BackendFactory forHostParameters();
}
