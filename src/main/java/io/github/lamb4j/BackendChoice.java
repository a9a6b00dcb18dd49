package io.github.lamb4j;

import io.github.lamb4j.internal.spi.BackendProvider;
import io.github.lamb4j.internal.spi.BackendProviders;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backend that runs the steps, and why it was chosen. For {@link Lamb#on}.
 *
 * @param backend the backend's name: {@code cpu} or {@code cuda}
 * @param reason why it was chosen, in one line
 */
public record BackendChoice(String backend, String reason) {

  private static final Logger LOG = LoggerFactory.getLogger(BackendChoice.class);

  /**
   * Validates the name.
   *
   * @param backend the backend's name
   * @param reason why it was chosen
   * @throws IllegalArgumentException if there is no backend of this name; the message lists the
   *     names
   */
  public BackendChoice {
    BackendProviders.named(backend);
  }

  /**
   * {@return CUDA if this machine has a usable driver and device, otherwise the CPU} A fallback to
   * the CPU is logged with its reason.
   */
  public static BackendChoice auto() {
    StringBuilder refusals = new StringBuilder();
    for (BackendProvider provider : BackendProviders.all()) {
      Optional<String> unavailable = provider.unavailableReason();
      if (unavailable.isEmpty()) {
        if (refusals.isEmpty()) {
          return new BackendChoice(provider.name(), provider.description());
        }
        LOG.info("optimizer steps run on the {}: {}", display(provider), refusals);
        return new BackendChoice(provider.name(), refusals.toString());
      }
      refusals
          .append(refusals.isEmpty() ? "" : "; ")
          .append("no %s: %s".formatted(display(provider), unavailable.get()));
    }
    throw new IllegalStateException("no backend is available: " + refusals);
  }

  /** {@return the CPU backend} */
  public static BackendChoice cpu() {
    return of("cpu");
  }

  /**
   * {@return the CUDA backend}
   *
   * @throws IllegalStateException if this machine has no usable driver or device; the message gives
   *     the reason
   */
  public static BackendChoice cuda() {
    return of("cuda");
  }

  /**
   * {@return the backend of the given name}
   *
   * @param backend {@code cpu} or {@code cuda}
   * @throws IllegalArgumentException if there is no backend of this name; the message lists the
   *     names
   * @throws IllegalStateException if this machine cannot run it; the message gives the reason
   */
  public static BackendChoice of(String backend) {
    BackendProvider provider = BackendProviders.named(backend);
    requireAvailable(provider);
    return new BackendChoice(backend, "requested; " + provider.description());
  }

  /** {@return the names of all backends, in the order in which {@link #auto} tries them} */
  public static List<String> backends() {
    return BackendProviders.all().stream().map(BackendProvider::name).toList();
  }

  /**
   * {@return why this machine cannot run a backend, in one line with the remedy; empty if it can}
   *
   * @param backend the backend's name
   * @throws IllegalArgumentException if there is no backend of this name; the message lists the
   *     names
   */
  public static Optional<String> unavailableReason(String backend) {
    return BackendProviders.named(backend).unavailableReason();
  }

  private static void requireAvailable(BackendProvider provider) {
    provider
        .unavailableReason()
        .ifPresent(
            reason -> {
              throw unavailable(display(provider), reason);
            });
  }

  static IllegalStateException unavailable(String backend, String reason) {
    return new IllegalStateException(
        "no %s: %s; use Lamb.onCpu() for the same bits on the CPU".formatted(backend, reason));
  }

  private static String display(BackendProvider provider) {
    return provider.name().toUpperCase(Locale.ROOT);
  }

  /** Returns the backend after checking that this machine can run it. */
  BackendProvider provider() {
    BackendProvider provider = BackendProviders.named(backend);
    requireAvailable(provider);
    return provider;
  }

  /**
   * {@return device, driver and kernels by name, for bug reports} If there is a GPU, this loads the
   * kernels into the first device's primary context to check that the driver accepts them.
   */
  public static Map<String, String> details() {
    Map<String, String> details = new LinkedHashMap<>();
    BackendProviders.all().forEach(provider -> details.putAll(provider.details()));
    return details;
  }
}
