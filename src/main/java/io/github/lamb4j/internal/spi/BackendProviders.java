package io.github.lamb4j.internal.spi;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** The backend providers on the class path or module path. */
public final class BackendProviders {

  private static final List<BackendProvider> ALL =
      ServiceLoader.load(BackendProvider.class, BackendProvider.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .sorted(Comparator.comparingInt(BackendProvider::priority).reversed())
          .toList();

  private BackendProviders() {}

  /** {@return all providers, by descending priority} */
  public static List<BackendProvider> all() {
    return ALL;
  }

  /**
   * {@return the provider of the given name}
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
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
