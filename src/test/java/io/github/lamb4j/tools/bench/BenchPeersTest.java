package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code scripts/bench-peers.py} without any peer installed, and with a PyTorch whose clock is
 * simulated. Skipped without Python.
 */
@Tag("slow")
class BenchPeersTest {

  private static final Path SCRIPT = Path.of("scripts", "bench-peers.py").toAbsolutePath();

  @TempDir Path folder;

  private Path shapes;
  private String err;
  private final Map<String, String> environment = new HashMap<>();

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
    int code = start(arguments).waitFor();
    err = Files.readString(folder.resolve("err.txt"));
    return code;
  }

  private Process start(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("python3", SCRIPT.toString()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectError(folder.resolve("err.txt").toFile());
    builder.redirectOutput(folder.resolve("out.txt").toFile());
    builder.environment().put("PYTHONPATH", folder.toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** Replaces PyTorch and timm by the simulation. */
  private void simulate() throws IOException {
    try (InputStream torch = getClass().getResourceAsStream("fake_torch.py")) {
      Files.write(folder.resolve("torch.py"), torch.readAllBytes());
    }
    Files.createDirectories(folder.resolve("timm"));
    Files.writeString(folder.resolve("timm/__init__.py"), "");
    Files.writeString(folder.resolve("timm/optim.py"), "from torch import TimmLamb as Lamb\n");
  }

  @Test
  void shouldSkipMissingPeersByNameAndWriteTheSameJson() throws IOException, InterruptedException {
    Path json = folder.resolve("peers.json");
    assertEquals(1, run(shapes, "--json", json), "nothing was timed");
    assertTrue(err.endsWith("bench-peers: every peer was skipped\n"), err);
    Map<String, String> fields = BenchReportTest.fields(Files.readString(json));
    assertEquals("bench-peers", fields.get("/program"));
    assertEquals("resnet", fields.get("/model/name"));
    assertEquals("25557032", fields.get("/model/parameters"));
    assertEquals("161", fields.get("/model/tensors"));
    List<String> names =
        List.of(
            "copy",
            "torch.optim.AdamW(fused)",
            "torch.optim.AdamW(fused), graph",
            "timm.optim.Lamb",
            "optax.lamb",
            "timm.optim.Lamb, torch.compile");
    for (int i = 0; i < names.size(); i++) {
      assertEquals(names.get(i), fields.get("/results/" + i + "/name"));
      String reason = fields.get("/results/" + i + "/skipped");
      assertTrue(reason.contains("not installed"), reason);
    }
    String table = Files.readString(folder.resolve("out.txt"));
    assertTrue(table.contains("timm.optim.Lamb                   skipped: PyTorch"), table);
  }

  /** On the host, a step of the simulated AdamW takes 5 ms, and one of timm's LAMB 20 ms. */
  @ParameterizedTest
  @CsvSource({"'', 1.0, 4.0", "--clip, 1.25, 4.0"})
  void shouldTimeTheDeviceWithoutTheHost(String clip, double adamW, double lamb)
      throws IOException, InterruptedException {
    simulate();
    Path json = folder.resolve("peers.json");
    List<Object> arguments = new ArrayList<>(List.of(shapes, "--json", json, "--peer-limit", 1));
    if (!clip.isEmpty()) {
      arguments.add(clip);
    }
    assertEquals(0, run(arguments.toArray()), err);
    Map<String, String> fields = BenchReportTest.fields(Files.readString(json));
    double[] millis = {0.5, adamW, adamW, lamb};
    for (int i = 0; i < millis.length; i++) {
      String name = fields.get("/results/" + i + "/name");
      String median = fields.get("/results/" + i + "/median_ms");
      assertEquals(millis[i], Double.parseDouble(median), 1e-6, name);
    }
    assertEquals("optax.lamb", fields.get("/results/4/name"));
    assertEquals(
        "not ready after 1 s; see --peer-limit", fields.get("/results/5/skipped"), "compiling");
  }

  @Test
  void shouldKeepTheResultsOfEarlierPeersWhenKilled() throws IOException, InterruptedException {
    simulate();
    environment.put("HANG", "");
    Path json = folder.resolve("peers.json");
    Process process = start(shapes, "--json", json);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!Files.readString(folder.resolve("err.txt")).contains("preparing timm")) {
      assertTrue(System.nanoTime() < deadline && process.isAlive());
      Thread.sleep(20);
    }
    process.destroyForcibly().waitFor();
    Map<String, String> fields = BenchReportTest.fields(Files.readString(json));
    assertEquals("torch.optim.AdamW(fused), graph", fields.get("/results/2/name"));
    assertEquals("1.0", fields.get("/results/2/median_ms").substring(0, 3));
    assertEquals("timm.optim.Lamb", fields.get("/not_yet_tried/0"));
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
