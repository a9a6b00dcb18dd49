package io.github.lamb4j;

import io.github.lamb4j.internal.spi.BackendProvider;
import io.github.lamb4j.internal.spi.BackendProviders;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which backend runs the steps, and why. Made by the static methods; {@link Lamb#on} takes it.
 *
 * @param backend the backend's name: {@code cpu} or {@code cuda}
 * @param reason why it was chosen, in one line for a log or a user
 */
public record BackendChoice(String backend, String reason) {

  private static final Logger LOG = LoggerFactory.getLogger(BackendChoice.class);

  /**
   * Checks the name.
   *
   * @throws IllegalArgumentException if there is no such backend
   */
  public BackendChoice {
    BackendProviders.named(backend);
  }

  /**
   * CUDA if this machine has a usable driver and device, otherwise the CPU. If that is not the
   * preferred backend, the reason is logged.
   */
  public static BackendChoice auto() {
    StringBuilder refusals = new StringBuilder();
    for (BackendProvider provider : BackendProviders.all()) {
      Optional<String> unavailable = provider.unavailableReason();
      if (unavailable.isEmpty()) {
        if (refusals.isEmpty()) {
          return new BackendChoice(provider.name(), provider.description());
        }
        LOG.info("steps run on the {}: {}", display(provider), refusals);
        return new BackendChoice(provider.name(), refusals.toString());
      }
      refusals
          .append(refusals.isEmpty() ? "" : "; ")
          .append("no %s: %s".formatted(display(provider), unavailable.get()));
    }
    throw new IllegalStateException("no backend is available: " + refusals);
  }

  /** The CPU. */
  public static BackendChoice cpu() {
    return of("cpu");
  }

  /**
   * CUDA.
   *
   * @throws IllegalStateException if this machine has no usable driver or device; the message says
   *     why
   */
  public static BackendChoice cuda() {
    return of("cuda");
  }

  /**
   * The backend with this name.
   *
   * @throws IllegalArgumentException if there is none
   * @throws IllegalStateException if this machine cannot run it; the message says why
   */
  public static BackendChoice of(String backend) {
    BackendProvider provider = BackendProviders.named(backend);
    requireAvailable(provider);
    return new BackendChoice(backend, "requested; " + provider.description());
  }

  private static void requireAvailable(BackendProvider provider) {
    provider
        .unavailableReason()
        .ifPresent(
            reason -> {
              throw new IllegalStateException(
                  "no %s: %s; the CPU gives the same numbers: use Lamb.onCpu()"
                      .formatted(display(provider), reason));
            });
  }

  private static String display(BackendProvider provider) {
    return provider.name().toUpperCase(Locale.ROOT);
  }

  /** The backend, after checking that this machine can run it. */
  BackendProvider provider() {
    BackendProvider provider = BackendProviders.named(backend);
    requireAvailable(provider);
    return provider;
  }

  /**
   * Device, driver and kernels, by name, for a bug report. If there is a GPU, this loads the
   * kernels into the first device's primary context to find out whether they load.
   */
  public static Map<String, String> details() {
    Map<String, String> details = new LinkedHashMap<>();
    BackendProviders.all().forEach(provider -> details.putAll(provider.details()));
    return details;
  }
}
