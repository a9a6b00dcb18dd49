package io.github.lamb4j.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.lamb4j.internal.safetensors.SafetensorsException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The expressions come from a file, which anyone may have written. */
class OldStepStateTest {

  private static Map<String, String> translate(String undecayed, List<String> names) {
    return OldStepState.translate(metadata(undecayed), tensors(names));
  }

  private static Map<String, String> metadata(String undecayed) {
    return Map.of("step", "1", "no_decay", undecayed, "no_adapt", "");
  }

  private static List<String> tensors(List<String> names) {
    return names.stream().map(name -> "exp_avg/" + name).toList();
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void shouldRefuseExpressionsThatBacktrackWithoutEnd() {
    String expression = ".*.*.*.*.*.*.*.*=";
    SafetensorsException e =
        assertThrows(
            SafetensorsException.class,
            () ->
                StateMetadata.read(
                    Path.of("state"),
                    metadata("bias\n" + expression),
                    tensors(List.of("a".repeat(300)))));
    assertEquals(
        "state: metadata expression \"%s\": takes too long to match; replace it with a simpler one"
            .formatted(expression),
        e.getMessage());
  }

  @Test
  void shouldNameExpressionsThatOverflowTheStack() {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> translate("(a|b)*c", List.of("ab".repeat(100_000))));
    assertEquals(
        "expression \"(a|b)*c\": overflows the stack; replace it with a simpler one",
        e.getMessage());
  }

  @Test
  void shouldMatchTheNamesOfALargeModel() {
    List<String> names =
        IntStream.range(0, 10_000)
            .mapToObj(i -> "model.encoder.layers." + i + ".attention.output.dense.kernel")
            .toList();
    String expressions = ".*(bias|gamma|beta)$\n.*[Ll]ayer_?[Nn]orm.*weight\n(^|.*\\.)norm\\d*\\.";
    Map<String, String> entries = translate(expressions, names);
    assertEquals("model", entries.get("group.0.name"));
    assertEquals(names.get(9_999), entries.get("group.0.parameter.9999"));
  }
}
