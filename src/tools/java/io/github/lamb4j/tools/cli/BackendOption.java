package io.github.lamb4j.tools.cli;

import io.github.lamb4j.BackendChoice;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * The value of {@code --backend}.
 *
 * @param name a backend's name, or {@code auto}
 */
record BackendOption(String name) {

  static final String AUTO = "auto";

  /** Converts names in any case, and lists them. */
  static final class Converter implements ITypeConverter<BackendOption>, Iterable<String> {

    private static List<String> names() {
      List<String> names = new ArrayList<>(List.of(AUTO));
      names.addAll(BackendChoice.backends());
      return names;
    }

    @Override
    public BackendOption convert(String text) {
      String name = text.toLowerCase(Locale.ROOT);
      if (!names().contains(name)) {
        throw new TypeConversionException(
            "expected one of " + names() + " (case-insensitive) but was '" + text + "'");
      }
      return new BackendOption(name);
    }

    @Override
    public Iterator<String> iterator() {
      return names().iterator();
    }
  }

  /**
   * Selects the backend on this machine.
   *
   * @throws IllegalStateException if the requested backend is not available
   */
  BackendChoice choice() {
    return choice("use --backend cpu for the same bits on the CPU");
  }

  /**
   * As {@link #choice()}.
   *
   * @param remedy ends the message of the exception
   */
  BackendChoice choice(String remedy) {
    if (isAuto()) {
      return BackendChoice.auto();
    }
    BackendChoice.unavailableReason(name)
        .ifPresent(
            reason -> {
              throw new IllegalStateException(
                  "no %s: %s; %s".formatted(name.toUpperCase(Locale.ROOT), reason, remedy));
            });
    return BackendChoice.of(name);
  }

  boolean isAuto() {
    return name.equals(AUTO);
  }
}
