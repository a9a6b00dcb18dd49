package io.github.lamb4j.tools.cli;

import static io.github.lamb4j.tools.cli.Checkpoint.shape;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.safetensors.TensorFiles;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.model.Parameter;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code lamb step} on a model in several files. */
class StepIndexTest {

  private static final String INDEX = "model.safetensors.index.json";

  @TempDir Path folder;
  private final Random random = new Random(3);
  private Path whole;
  private Path parts;
  private final List<Path> grads = new ArrayList<>();
  private Path gradsInParts;

  @BeforeEach
  void makeFiles() throws IOException {
    Checkpoint a = first(1).metadata("format", "pt");
    Checkpoint b = second(1);
    parts = Files.createDirectory(folder.resolve("model"));
    a.write(parts.resolve("model-00001-of-00002.safetensors"));
    b.write(parts.resolve("model-00002-of-00002.safetensors"));
    writeIndex(parts.resolve(INDEX), List.of(names(a, 1), names(b, 2)));
    whole = merged(a, b).raw("ids", "I64", shape(2), new byte[16]).write(folder.resolve("whole"));
    gradsInParts = Files.createDirectory(folder.resolve("grads"));
    for (int i = 0; i < 3; i++) {
      Checkpoint one = first(0.3);
      Checkpoint other = second(0.3).without("ids");
      if (i == 0) {
        one.write(gradsInParts.resolve("g-b"));
        other.write(gradsInParts.resolve("g-a"));
        Map<String, String> map = new TreeMap<>();
        one.values().keySet().forEach(name -> map.put(name, "g-b"));
        other.values().keySet().forEach(name -> map.put(name, "g-a"));
        writeIndex(gradsInParts.resolve(INDEX), List.of(map));
      }
      grads.add(merged(one, other).write(folder.resolve("g" + i)));
    }
  }

  private Checkpoint first(double scale) {
    return new Checkpoint()
        .f32("embedding", shape(30, 9), Checkpoint.gaussian(random, 270, scale))
        .f32("bias", Checkpoint.gaussian(random, 9, scale));
  }

  private Checkpoint second(double scale) {
    return new Checkpoint()
        .f32("head", shape(9, 2), Checkpoint.gaussian(random, 18, scale))
        .half("norm", "BF16", shape(2), (short) 0x3F80, (short) 0x3F00)
        .raw("ids", "I64", shape(2), new byte[16]);
  }

  private static Checkpoint merged(Checkpoint... parts) {
    Checkpoint merged = new Checkpoint();
    for (Checkpoint part : parts) {
      part.copyTo(merged);
    }
    return merged;
  }

  private static Map<String, String> names(Checkpoint part, int number) {
    Map<String, String> names = new TreeMap<>();
    part.names().forEach(n -> names.put(n, "model-0000%d-of-00002.safetensors".formatted(number)));
    return names;
  }

  private static void writeIndex(Path index, List<Map<String, String>> maps) throws IOException {
    String entries =
        maps.stream()
            .flatMap(map -> map.entrySet().stream())
            .map(entry -> "\"%s\": \"%s\"".formatted(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining(", "));
    Files.writeString(
        index, "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {" + entries + "}}");
  }

  private Object[] arguments(Path params, Path state, Path out, int from, int to, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", params, "--out", out));
    if (state != null) {
      arguments.addAll(List.of("--state", state));
    }
    for (int i = from; i < to; i++) {
      arguments.addAll(List.of("--grads", grads.get(i)));
    }
    arguments.addAll(List.of("--lr=0.01", "--max-grad-norm=0.5"));
    arguments.addAll(Arrays.asList(more));
    return arguments.toArray();
  }

  private static Map<String, float[]> values(Path path) throws IOException {
    Map<String, float[]> values = new TreeMap<>();
    try (TensorFiles files = TensorFiles.open(path)) {
      for (TensorInfo tensor : files.tensors()) {
        if (tensor.dtype().isFloat()) {
          float[] own = new float[(int) tensor.elementCount()];
          files.read(tensor, 0, FloatBuffer.wrap(own));
          values.put(tensor.name(), own);
        }
      }
    }
    return values;
  }

  private static void assertSame(Path expected, Path actual) throws IOException {
    Map<String, float[]> before = values(expected);
    Map<String, float[]> now = values(actual);
    assertEquals(before.keySet(), now.keySet());
    before.forEach((name, own) -> assertArrayEquals(own, now.get(name), name));
  }

  @Test
  void shouldGiveTheNumbersOfOneFileInTheFilesOfTheModel() throws IOException {
    Path one = folder.resolve("one");
    Path several = folder.resolve("several");
    CommandRun.done(arguments(whole, null, one, 0, 3));
    CommandRun.done(arguments(parts.resolve(INDEX), null, several, 0, 3));
    for (String kind : List.of("params", "state")) {
      assertSame(
          one.resolve(kind + ".safetensors"), several.resolve(kind + ".safetensors.index.json"));
    }
    assertEquals(
        Set.of(
            "params-00001-of-00002.safetensors",
            "params-00002-of-00002.safetensors",
            "params.safetensors.index.json",
            "state-00001-of-00002.safetensors",
            "state-00002-of-00002.safetensors",
            "state.safetensors.index.json",
            "trust.json"),
        names(several));
    Path first = several.resolve("params-00001-of-00002.safetensors");
    assertEquals(Set.of("embedding", "bias"), Checkpoint.values(first).keySet());
    assertEquals("pt", Checkpoint.metadata(first).get("format"));
    assertEquals(
        Set.of("exp_avg/head", "exp_avg_sq/head", "exp_avg/norm", "exp_avg_sq/norm", "master/norm"),
        Checkpoint.values(several.resolve("state-00002-of-00002.safetensors")).keySet());
  }

  private static Set<String> names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  @Test
  void shouldResumeInPlaceToTheSameBytes() throws IOException {
    Path once = folder.resolve("once");
    Path steps = folder.resolve("steps");
    CommandRun.done(arguments(parts.resolve(INDEX), null, once, 0, 3));
    CommandRun.done(arguments(parts.resolve(INDEX), null, steps, 0, 1));
    for (int i = 1; i < 3; i++) {
      Path params = steps.resolve("params.safetensors.index.json");
      Path state = steps.resolve("state.safetensors.index.json");
      CommandRun.done(arguments(params, state, steps, i, i + 1));
    }
    assertEquals(names(once), names(steps));
    for (String name : names(once)) {
      assertEquals(-1, Files.mismatch(once.resolve(name), steps.resolve(name)), name);
    }
  }

  @Test
  void shouldTakeGradientsInSeveralFiles() throws IOException {
    Path one = folder.resolve("one");
    CommandRun.done(arguments(whole, null, one, 0, 1));
    Path several = folder.resolve("several");
    grads.set(0, gradsInParts.resolve(INDEX));
    CommandRun.done(arguments(whole, null, several, 0, 1));
    for (String name : names(one)) {
      assertEquals(-1, Files.mismatch(one.resolve(name), several.resolve(name)), name);
    }
  }

  @Test
  void shouldWriteNoFileForFrozenTensors() throws IOException {
    Path out = folder.resolve("out");
    CommandRun.done(firstPartOnly(out));
    assertEquals(6, names(out).size());
    Path params = out.resolve("params.safetensors.index.json");
    CommandRun.done(arguments(params, out.resolve("state.safetensors.index.json"), out, 0, 1));
  }

  @Test
  void shouldLoadTheStateIntoAProgram() throws IOException {
    Path out = folder.resolve("out");
    CommandRun.done(firstPartOnly(out));
    try (Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(0.5)
            .group(
                "model",
                Hyperparameters.lamb(0.01),
                Parameter.onHost("embedding", new float[270], new float[270]),
                Parameter.onHost("bias", new float[9], new float[9]))
            .build()) {
      lamb.load(out.resolve("state.safetensors.index.json"));
      assertEquals(1, lamb.stepCount());
    }
  }

  /** One step that freezes the second file. */
  private Object[] firstPartOnly(Path out) throws IOException {
    Path only = folder.resolve("only");
    first(1).write(only);
    grads.set(0, only);
    return arguments(parts.resolve(INDEX), null, out, 0, 1, "--freeze-missing");
  }

  @Test
  void shouldRefuseFilesOfDifferentSteps() throws IOException {
    Path one = folder.resolve("one");
    Path two = folder.resolve("two");
    CommandRun.done(arguments(parts.resolve(INDEX), null, one, 0, 1));
    CommandRun.done(arguments(parts.resolve(INDEX), null, two, 0, 2));
    String name = "state-00002-of-00002.safetensors";
    Files.write(one.resolve(name), Files.readAllBytes(two.resolve(name)));
    Path index = one.resolve("state.safetensors.index.json");
    CommandRun.refused(
        folder,
        index + ": its files differ in metadata \"",
        arguments(one.resolve("params.safetensors.index.json"), index, one, 1, 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '\'',
      value = {
        "00002-of-00002;00003-of-00002;file \"model-00003-of-00002.safetensors\" is missing",
        "\"head\";\"tail\";tensor \"head\" is in \"model-00002-of-00002.safetensors\", but the index does not",
        "\"bias\": \"model-00001;\"bias\": \"model-00002;tensor \"bias\" is in \"model-00001-of-00002",
        "\"bias\": \";\"bias\": \"../model/;is not a file name in the folder of the index; correct it",
        "\"bias\": \"model;\"bias\": \"/etc/model;is not a file name in the folder of the index",
        "\"weight_map\": {;\"weight_map\": {\"more\": \"model-00001-of-00002.safetensors\", ;tensor \"more\" is not in",
        "\"weight_map\": {;\"weight_map\": {\"bias\": \"x\", ;tensor \"bias\" occurs twice",
        "weight_map;weights;\"weight_map\" is missing or empty; is this an index?",
        "}};}} {};something follows its JSON object",
        "}};};not valid JSON: ",
        "\"bias\": \"model-00001-of-00002.safetensors\";\"bias\": 1;the file of tensor \"bias\" is not a string",
      })
  void shouldRefuseABrokenIndexByName(String what, String replacement, String said)
      throws IOException {
    Path index = parts.resolve(INDEX);
    String text = Files.readString(index);
    assertEquals(true, text.contains(what), text);
    Files.writeString(index, text.replace(what, replacement));
    CommandRun.refused(folder, INDEX, arguments(index, null, folder.resolve("out"), 0, 1));
    CommandRun.refused(folder, said, arguments(index, null, folder.resolve("out"), 0, 1));
  }

  @Test
  void shouldRefuseATensorInTwoFiles() throws IOException {
    Path extra = parts.resolve("model-00002-of-00002.safetensors");
    merged(second(1)).f32("bias", new float[9]).write(extra);
    CommandRun.refused(
        folder,
        "tensor \"bias\" is in \"model-00002-of-00002.safetensors\", but the index says that it is in"
            + " \"model-00001-of-00002.safetensors\"; make them agree",
        arguments(parts.resolve(INDEX), null, folder.resolve("out"), 0, 1));
  }
}
