package io.github.lamb4j.tools.cli;

import io.github.lamb4j.config.Preset;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The values of {@code --preset}: the presets' names in lower case, with hyphens. */
final class PresetOption implements ITypeConverter<Preset>, Iterable<String> {

  private static final List<String> NAMES =
      Arrays.stream(Preset.values()).map(PresetOption::nameOf).toList();

  /** The name of a preset. */
  static String nameOf(Preset preset) {
    return preset.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The preset of a name, if it is one. */
  static Optional<Preset> named(String text) {
    int index = NAMES.indexOf(text.toLowerCase(Locale.ROOT));
    return index < 0 ? Optional.empty() : Optional.of(Preset.values()[index]);
  }

  @Override
  public Preset convert(String text) {
    return named(text)
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "expected one of " + NAMES + " (case-insensitive) but was '" + text + "'"));
  }

  @Override
  public Iterator<String> iterator() {
    return NAMES.iterator();
  }
}
