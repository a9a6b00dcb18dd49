package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapesFileTest {

  @TempDir Path folder;

  private ModelShapes read(String text) throws IOException {
    Path file = folder.resolve("shapes.json");
    Files.writeString(file, text);
    return ShapesFile.read(file);
  }

  @Test
  void shouldReadWhatItWrites() throws IOException {
    ModelShapes model = Models.named("resnet-50").orElseThrow();
    Path file = folder.resolve("resnet.json");
    try (OutputStream out = Files.newOutputStream(file)) {
      ShapesFile.write(model, out);
    }
    assertEquals(model.tensors(), ShapesFile.read(file).tensors());
    assertEquals(model.tensors().size() + 2, Files.readAllLines(file).size());
  }

  @Test
  void shouldDecayAndAdaptByDefault() throws IOException {
    ModelShapes model =
        read("[{\"name\":\"a\",\"shape\":[2,3]},{\"decay\":false,\"shape\":[],\"name\":\"b\"}]");
    assertEquals("shapes.json", model.name());
    assertEquals(
        List.of(
            new TensorShape("a", List.of(2L, 3L), true, true),
            new TensorShape("b", List.of(), false, true)),
        model.tensors());
    assertEquals(7, model.parameters());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "''|is not a JSON array of tensors",
        "{}|is not a JSON array of tensors",
        "[]|has no tensors; give at least one",
        "[1]|tensor 1 is not an object",
        "[{\"shape\":[1]}]|tensor 1 has no name",
        "[{\"name\":\"a\"}]|tensor 1 has no shape",
        "[{\"name\":1}]|tensor 1 has a name that is not a string",
        "[{\"name\":\"\"}]|tensor 1 has an empty name",
        "[{\"name\":\"a\",\"shape\":[1]},{\"name\":\"a\"}]|tensor 2 has a duplicate name: \"a\"",
        "[{\"shape\":3}]|tensor 1 has a shape that is not an array of positive integers",
        "[{\"shape\":[0]}]|tensor 1 has a shape that is not an array",
        "[{\"shape\":[1.5]}]|tensor 1 has a shape that is not an array",
        "[{\"shape\":[99999999999999999999]}]|tensor 1 has a shape that is not an array",
        "[{\"decay\":1}]|tensor 1 has a decay that is not a boolean",
        "[{\"dtype\":1}]|tensor 1 has an unknown field \"dtype\"; use name, shape, decay and adapt",
        "[{\"name\":\"a\",\"shape\":[9999999999,9999999999]}]|has more than 1000000000000000 elements",
        "[{\"name\":\"a\",\"shape\":[1000000000000001]}]|has more than 1000000000000000 elements",
        "[{\"name\":\"a\",\"shape\":[1]}] 2|has trailing content after the array",
        "[{\"name\":|not valid JSON",
      })
  void shouldRejectOtherContents(String text, String message) {
    String given = assertThrows(IllegalArgumentException.class, () -> read(text)).getMessage();
    String start = folder.resolve("shapes.json") + ": " + message;
    assertEquals(start, given.substring(0, Math.min(given.length(), start.length())));
  }

  @Test
  void shouldRejectBinaryFiles() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> read("@\0\0\0\0\0\0\0{\"x\":1}"))
            .getMessage();
    assertEquals(folder.resolve("shapes.json") + ": not UTF-8 text", message);
  }
}
