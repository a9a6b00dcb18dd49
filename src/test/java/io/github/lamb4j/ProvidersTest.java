package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.internal.spi.BackendProvider;
import io.github.lamb4j.internal.spi.BackendProviders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The class path and the module path must find the same backends. */
class ProvidersTest {

  private static final String SERVICE = BackendProvider.class.getName();

  private static List<String> onTheClassPath() throws IOException {
    return Files.readAllLines(Path.of("src/main/resources/META-INF/services", SERVICE)).stream()
        .map(line -> line.replaceFirst("#.*", "").trim())
        .filter(line -> !line.isEmpty())
        .toList();
  }

  private static List<String> onTheModulePath() throws IOException {
    String descriptor = Files.readString(Path.of("src/main/module/module-info.java"));
    List<String> clauses =
        Pattern.compile("provides\\s+" + Pattern.quote(SERVICE) + "\\s+with\\s+([^;]*);")
            .matcher(descriptor)
            .results()
            .map((MatchResult clause) -> clause.group(1))
            .toList();
    assertEquals(1, clauses.size(), "provides clauses");
    return List.of(clauses.get(0).trim().split("\\s*,\\s*"));
  }

  @Test
  void shouldDeclareSameProvidersInSameOrderForClassPathAndModulePath() throws IOException {
    assertFalse(onTheClassPath().isEmpty());
    assertEquals(onTheClassPath(), onTheModulePath());
  }

  @Test
  void shouldFindDeclaredProviders() throws IOException {
    assertEquals(
        Set.copyOf(onTheClassPath()),
        BackendProviders.all().stream()
            .map(provider -> provider.getClass().getName())
            .collect(Collectors.toSet()));
  }

  @Test
  void shouldUseServiceDeclaredInModule() throws IOException {
    String descriptor = Files.readString(Path.of("src/main/module/module-info.java"));
    assertTrue(descriptor.contains("uses " + SERVICE + ";"));
  }
}
