package io.github.lamb4j.internal.spi;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** The backends on the class path or module path. */
public final class BackendProviders {

  private static final List<BackendProvider> ALL =
      ServiceLoader.load(BackendProvider.class, BackendProvider.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .sorted(Comparator.comparingInt(BackendProvider::priority).reversed())
          .toList();

  private BackendProviders() {}

  /** All of them, by descending priority. */
  public static List<BackendProvider> all() {
    return ALL;
  }

  /**
   * The one with this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that exist
   */
  public static BackendProvider named(String name) {
    return ALL.stream()
        .filter(provider -> provider.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "backend \"%s\": unknown; choose one of %s"
                        .formatted(
                            name,
                            ALL.stream()
                                .map(BackendProvider::name)
                                .sorted()
                                .collect(Collectors.joining(", ")))));
  }
}
