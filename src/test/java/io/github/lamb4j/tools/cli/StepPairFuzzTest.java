package io.github.lamb4j.tools.cli;

import static io.github.lamb4j.tools.cli.Checkpoint.shape;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pair of weights and state is resumed or refused, whatever became of one of its files, in one
 * file or in several.
 */
@Tag("slow")
class StepPairFuzzTest {

  private static final int RUNS = 150;

  private static final List<String> OPTIONS =
      List.of(
          "--override-state",
          "--beta1=0.5",
          "--lans",
          "--preset=keras",
          "--no-decay=b",
          "--no-adapt=w",
          "--frozen=w",
          "--freeze-missing",
          "--nonfinite=fail",
          "--weight-decay=0",
          "--max-grad-norm=none");

  @TempDir Path folder;
  private final Random random = new Random(20_261_125);

  private Path grads;

  @Test
  @Timeout(180)
  void shouldResumeOrRefuseWhateverBecameOfThePair() throws IOException {
    grads = new Checkpoint().f32("w", shape(2), 1, 2).f32("b", 3).write(folder.resolve("g"));
    Path model = Files.createDirectory(folder.resolve("model"));
    new Checkpoint().f32("w", shape(2), 1, 2).write(model.resolve("1"));
    new Checkpoint().f32("b", 3).raw("n", "I8", shape(2), new byte[2]).write(model.resolve("2"));
    Path index = model.resolve("model.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\": {\"w\": \"1\", \"b\": \"2\", \"n\": \"2\"}}");
    Path single = new Checkpoint().f32("w", shape(2), 1, 2).f32("b", 3).write(folder.resolve("p"));
    Map<Integer, Integer> codes = new TreeMap<>();
    for (int i = 0; i < RUNS; i++) {
      boolean indexed = i % 3 == 0;
      Path out = folder.resolve("out" + i);
      step(indexed ? index : single, null, out);
      damage(out);
      String suffix = indexed ? ".safetensors.index.json" : ".safetensors";
      Map<String, String> before = CommandRun.contents(folder);
      List<String> options = new ArrayList<>();
      for (int n = random.nextInt(3); n > 0; n--) {
        options.add(OPTIONS.get(random.nextInt(OPTIONS.size())));
      }
      CommandRun run =
          CommandRun.of(
              arguments(
                  out.resolve("params" + suffix), out.resolve("state" + suffix), out, options));
      assertTrue(run.err().lines().count() <= 1, run.err());
      if (run.exitCode() == 2) {
        run.assertRefusal();
      }
      if (run.exitCode() != 0) {
        assertEquals(before, CommandRun.contents(folder), run.err());
      }
      codes.merge(run.exitCode(), 1, Integer::sum);
    }
    assertTrue(codes.get(0) > RUNS / 10 && codes.get(2) > RUNS / 10, "exit codes: " + codes);
  }

  private void step(Path params, Path state, Path out) {
    CommandRun.done(arguments(params, state, out, List.of()));
  }

  private Object[] arguments(Path params, Path state, Path out, List<String> options) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--backend=cpu", "--lr=0.1"));
    arguments.addAll(List.of("--params", params, "--grads", grads, "--out", out));
    if (state != null) {
      arguments.addAll(List.of("--state", state));
    }
    arguments.addAll(options);
    return arguments.toArray();
  }

  /** Changes bytes of one file, cuts it, removes it, or leaves all as they are. */
  private void damage(Path out) throws IOException {
    List<Path> files;
    try (var list = Files.list(out)) {
      files = list.sorted().toList();
    }
    Path file = files.get(random.nextInt(files.size()));
    byte[] bytes = Files.readAllBytes(file);
    switch (random.nextInt(5)) {
      case 0 -> {
        for (int n = random.nextInt(3); n >= 0; n--) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        Files.write(file, bytes);
      }
      case 1 -> Files.write(file, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
      case 2 -> Files.delete(file);
      case 3 -> Files.write(file, Files.readAllBytes(files.get(random.nextInt(files.size()))));
      default -> {}
    }
  }
}
