package io.github.lamb4j.tools.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SweepJsonTest {

  private static final SweepCell STRANGE =
      new SweepCell(
          "lamb",
          4096,
          0.1 * Math.sqrt(2),
          Long.MIN_VALUE,
          true,
          12,
          3,
          0.1 + 0.2,
          Double.MIN_VALUE,
          1,
          List.of(1e300, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 3.0),
          List.of(
              new SweepCell.TrustCurve("a\"b\\c\u00e9", List.of(1L, 50L), List.of(0.5, Double.NaN)),
              new SweepCell.TrustCurve("empty", List.of(), List.of())));

  private static final SweepResult RESULT =
      new SweepResult(
          "small",
          "cuda",
          3,
          List.of(256, 4096),
          List.of("lamb", "sgd"),
          List.of(0.001, 1.0),
          List.of(1L, 2L),
          List.of(STRANGE, TinySweep.cell("sgd", 256, 1, 2, 0.5, 0.25)),
          List.of(TinySweep.diverged("sgd", 256, 1, 2)));

  @TempDir Path folder;

  @Test
  void shouldReadWhatItWrote() throws IOException {
    Path file = folder.resolve("x.json");
    Files.writeString(file, TinySweep.json(RESULT));
    assertEquals(RESULT, SweepJson.read(file));
  }

  @Test
  void shouldKeepEveryCellOnALine() throws IOException {
    String line = SweepJson.line(STRANGE);
    assertEquals(1, line.lines().count());
    assertTrue(
        line.contains("\"train_loss\":[1.0E300,\"NaN\",\"Infinity\",\"-Infinity\",3.0]"), line);
    assertEquals(STRANGE, SweepJson.cell(JsonObject.parse(line)));
  }

  @Test
  void shouldNotCloseTheStream() throws IOException {
    ByteArrayOutputStream bytes =
        new ByteArrayOutputStream() {
          @Override
          public void close() {
            throw new AssertionError("closed");
          }
        };
    SweepJson.write(RESULT, bytes);
    assertTrue(bytes.toString(StandardCharsets.UTF_8).endsWith("}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "{", "{}", "{} {}", "\u0080", "{\"preset\": 1}", "{\"preset\": null}"})
  void shouldRefuseWhatIsNotTheResultOfASweep(String content) throws IOException {
    Path file = folder.resolve("x.json");
    Files.writeString(file, content, StandardCharsets.ISO_8859_1);
    Exception refusal = assertThrows(IllegalArgumentException.class, () -> SweepJson.read(file));
    assertTrue(
        refusal.getMessage().startsWith(file + ": not the results of a sweep: "),
        refusal.getMessage());
    assertTrue(
        refusal.getMessage().endsWith("; use a file that lamb train --sweep --json wrote"),
        refusal.getMessage());
  }

  @Test
  void shouldNameAMissingField() throws IOException {
    Path file = folder.resolve("x.json");
    for (String field : List.of("epochs", "batch_sizes", "held_out_accuracy", "trust_ratios")) {
      Files.writeString(file, TinySweep.json(RESULT).replace('"' + field + '"', "\"other\""));
      Exception refusal = assertThrows(IllegalArgumentException.class, () -> SweepJson.read(file));
      assertTrue(
          refusal.getMessage().contains("the field " + field + " is missing"),
          refusal.getMessage());
    }
  }
}
