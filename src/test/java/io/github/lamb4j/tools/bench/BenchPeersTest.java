package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code scripts/bench-peers.py} without any peer installed. Skipped without Python. */
@Tag("slow")
class BenchPeersTest {

  private static final Path SCRIPT = Path.of("scripts", "bench-peers.py").toAbsolutePath();

  @TempDir Path folder;

  private Path shapes;
  private String err;

  @BeforeEach
  void prepare() throws IOException, InterruptedException {
    assumeTrue(hasPython());
    // Hides the peers that this machine may have.
    for (String module : new String[] {"torch", "jax"}) {
      Files.writeString(folder.resolve(module + ".py"), "raise ImportError('hidden')\n");
    }
    shapes = folder.resolve("resnet.json");
    try (OutputStream out = Files.newOutputStream(shapes)) {
      ShapesFile.write(Models.named("resnet-50").orElseThrow(), out);
    }
  }

  private boolean hasPython() throws InterruptedException {
    try {
      String enough = "import sys; sys.exit(sys.version_info < (3, 10))";
      return new ProcessBuilder("python3", "-c", enough).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private int run(Object... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("python3", SCRIPT.toString()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Path errors = folder.resolve("err.txt");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.redirectOutput(folder.resolve("out.txt").toFile());
    builder.environment().put("PYTHONPATH", folder.toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    int code = builder.start().waitFor();
    err = Files.readString(errors);
    return code;
  }

  @Test
  void shouldSkipMissingPeersByNameAndWriteTheSameJson() throws IOException, InterruptedException {
    Path json = folder.resolve("peers.json");
    assertEquals(0, run(shapes, "--json", json), err);
    Map<String, String> fields = BenchReportTest.fields(Files.readString(json));
    assertEquals("bench-peers", fields.get("/program"));
    assertEquals("resnet", fields.get("/model/name"));
    assertEquals("25557032", fields.get("/model/parameters"));
    assertEquals("161", fields.get("/model/tensors"));
    List<String> names =
        List.of(
            "copy",
            "torch.optim.AdamW(fused)",
            "timm.optim.Lamb",
            "timm.optim.Lamb, torch.compile",
            "optax.lamb");
    for (int i = 0; i < names.size(); i++) {
      assertEquals(names.get(i), fields.get("/results/" + i + "/name"));
      String reason = fields.get("/results/" + i + "/skipped");
      assertTrue(reason.contains("not installed"), reason);
    }
    String table = Files.readString(folder.resolve("out.txt"));
    assertTrue(table.contains("timm.optim.Lamb                   skipped: PyTorch"), table);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--repeat 0|--repeat: 0: use 1 to 100000",
        "--only sgd|--only: invalid choice: 'sgd'",
        "--json /no/such/folder/x.json|/no/such/folder/x.json: its directory does not exist",
        "--frobnicate|unrecognized arguments: --frobnicate",
      })
  void shouldRejectBadOptions(String options, String message)
      throws IOException, InterruptedException {
    List<Object> arguments = new ArrayList<>(List.of(shapes));
    arguments.addAll(List.of(options.split(" ")));
    assertRefused(message, arguments.toArray());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "{|not JSON",
        "[{\"name\": \"a\", \"shape\": [0]}]|tensor 1 needs a name and a shape of positive integers",
        "[{\"name\": \"a\", \"shape\": []}, {\"name\": \"a\", \"shape\": []}]|duplicate tensor name",
      })
  void shouldRejectBadShapes(String text, String message) throws IOException, InterruptedException {
    Path file = folder.resolve("bad.json");
    Files.writeString(file, text);
    assertRefused(file + ": " + message, file);
  }

  @Test
  void shouldRequireShapes() throws IOException, InterruptedException {
    assertRefused("the following arguments are required: SHAPES.json");
  }

  private void assertRefused(String message, Object... arguments)
      throws IOException, InterruptedException {
    assertEquals(2, run(arguments), err);
    assertEquals(1, err.lines().count(), err);
    assertTrue(err.startsWith("bench-peers: ") && err.contains(message), err);
    assertFalse(Files.readString(folder.resolve("out.txt")).contains("skipped"));
  }
}
