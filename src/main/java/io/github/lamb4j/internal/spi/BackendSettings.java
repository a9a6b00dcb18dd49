package io.github.lamb4j.internal.spi;

import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.sharding.Collective;
import io.github.lamb4j.sharding.HostCollective;
import java.util.Optional;

/**
 * The settings of a backend. Only {@code gradients} and {@code microBatches} affect results; {@code
 * threads} and {@code path} are for tuning, and a backend ignores those that do not apply to it.
 *
 * @param gradients clipping, unscaling and skipping
 * @param threads the number of CPU threads, at least 1
 * @param path how a CUDA step passes over memory
 * @param norms the parameters whose norms are reported; a step need not compute others
 * @param microBatches the number of gradients that are summed for each step, at least 1
 * @param collective connects the ranks among which the state is divided, if there are several
 */
public record BackendSettings(
    GradientOptions gradients,
    int threads,
    StepPath path,
    ReportedNorms norms,
    int microBatches,
    Optional<Collective> collective) {

  /** The settings of a single process whose steps use the gradients in memory as they are. */
  public BackendSettings(
      GradientOptions gradients, int threads, StepPath path, ReportedNorms norms) {
    this(gradients, threads, path, norms, 1, Optional.empty());
  }

  /** {@return the same settings with other gradient options} */
  public BackendSettings withGradients(GradientOptions other) {
    return new BackendSettings(other, threads, path, norms, microBatches, collective);
  }

  /** {@return whether each step uses the gradients in memory as they are, for whole parameters} */
  public boolean isPlain() {
    return microBatches == 1 && collective.isEmpty();
  }

  /**
   * {@return the collective, for a backend that exchanges host memory}
   *
   * @throws IllegalArgumentException if it exchanges device memory
   */
  public Optional<HostCollective> hostCollective() {
    return collective.map(
        given -> {
          if (given instanceof HostCollective host) {
            return host;
          }
          throw new IllegalArgumentException(
              "collective: %s exchanges device memory, but the parameters are in host memory; use MpiCollective or LocalCollective"
                  .formatted(given.getClass().getSimpleName()));
        });
  }
}
